// Runs the real program, as built into dist/, the way a user does: a child process, its streams and its exit code.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll } from "vitest";

/** The built program. */
export const MAIN = resolve(import.meta.dirname, "../../dist/cli/main.js");

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

/** A fresh folder, removed after the last test of the file that asks for it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "joulecast-test-"));
  folders.push(folder);
  return folder;
}
