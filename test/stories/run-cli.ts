// Runs the real program, as built into dist/, the way a user does: a child process, its streams and its exit code.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Ajv } from "ajv";
import { afterAll, expect } from "vitest";

/** The built program. */
export const MAIN = resolve(import.meta.dirname, "../../dist/cli/main.js");

const SCHEMAS = resolve(import.meta.dirname, "../../data/schemas");

export interface CliRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param folder where the program runs. Default: this process's folder */
export function runCli(args: readonly string[], folder?: string): CliRun {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: "utf8",
    timeout: 50_000,
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, NO_COLOR: "1" },
    ...(folder !== undefined && { cwd: folder }),
  });
  return { status, stdout, stderr };
}

/** The JSON contract's object. */
export function runJson(args: readonly string[]): { readonly run: CliRun; readonly json: Record<string, never> } {
  const run = runCli([...args, "--json"]);
  return { run, json: JSON.parse(run.stdout) };
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: parsed JSON, checked by the schema of the package
export type Json = any;

/** A JSON run's result, checked against the package's schema. @param status the exit code it must end with */
export function resultOf(args: readonly string[], status = 0): Json {
  const run = runCli(args);
  expect(run.status, run.stderr).toBe(status);
  const json = JSON.parse(run.stdout);
  const [, name] = String(json.schema).split("/");
  const schema = readFileSync(join(SCHEMAS, `${name}.json`), "utf8");
  const validate = new Ajv({ allowUnionTypes: true }).compile(JSON.parse(schema));
  expect(validate(json) ? [] : validate.errors).toEqual([]);
  return json.result;
}

/** A fresh folder, removed after the last test of the file that asks for it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "joulecast-test-"));
  folders.push(folder);
  return folder;
}
