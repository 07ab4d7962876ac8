import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { builtEntry } from "../child.ts";
import { runCommand } from "./command.ts";
import { whyNotStartable } from "./find-program.ts";

const folder = mkdtempSync(join(tmpdir(), "joulecast-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const plain = join(folder, "plain.txt");
writeFileSync(plain, "no program");
chmodSync(plain, 0o644);

const node = (script: string) => [process.execPath, "-e", script];

describe("runCommand", () => {
  it.each([0, 1, 42, 255])("passes exit code %i through", async (code) => {
    const result = await runCommand(node(`process.exit(${code})`));
    expect(result).toMatchObject({ exitCode: code });
    expect(result.endS).toBeGreaterThan(result.startS);
    expect(result.signal).toBeUndefined();
  });

  it.each<[NodeJS.Signals, number]>([
    ["SIGTERM", 143],
    ["SIGKILL", 137],
    ["SIGINT", 130],
  ])("gives 128 + n for %s", async (signal, exitCode) => {
    expect(await runCommand(node(`process.kill(process.pid, "${signal}")`))).toMatchObject({ exitCode, signal });
  });

  it("tells not found from not executable", async () => {
    const absent = await runCommand(["no-such-program-anywhere"]);
    expect(absent).toMatchObject({ exitCode: 127, problem: { code: "not-found" } });
    expect(await runCommand([plain])).toMatchObject({ exitCode: 126, problem: { code: "not-executable" } });
    expect(await runCommand([folder])).toMatchObject({ exitCode: 126 });
    expect(await runCommand([process.execPath, "a\0b"])).toMatchObject({ exitCode: 126 });
  });

  it("refuses a missing folder and an empty command", async () => {
    await expect(runCommand(node(""), { cwd: join(folder, "none") })).rejects.toMatchObject({ code: "no-folder" });
    await expect(runCommand([])).rejects.toMatchObject({ code: "empty-command" });
  });

  it("gives folder and environment, and keeps ours", async () => {
    const script = `process.exit(process.cwd().endsWith(process.env.WANTED) && process.env.PATH ? 0 : 1)`;
    const wanted = folder.slice(folder.lastIndexOf("/") + 1);
    expect(await runCommand(node(script), { cwd: folder, env: { WANTED: wanted } })).toMatchObject({ exitCode: 0 });
  });

  it("says the process id", async () => {
    let pid = 0;
    await runCommand(node(""), { onSpawn: (given) => (pid = given) });
    expect(pid).toBeGreaterThan(0);
  });
});

describe("whyNotStartable", () => {
  it("knows before anything is run", () => {
    expect(whyNotStartable("no-such-program-anywhere")).toMatchObject({ exitCode: 127 });
    expect(whyNotStartable("./plain.txt", { cwd: folder })).toMatchObject({ exitCode: 126 });
    expect(whyNotStartable("plain.txt", { path: folder })).toMatchObject({ exitCode: 126 });
    expect(whyNotStartable(folder)).toMatchObject({ exitCode: 126 });
    expect(whyNotStartable(process.execPath)).toBeUndefined();
    expect(whyNotStartable("sh")).toBeUndefined();
  });
});

/** A program of its own that runs another one through runCommand and exits with its code. */
function runner(argv: readonly string[], options: object = {}) {
  const entry = pathToFileURL(builtEntry("run/command.js")).href;
  const script = `import { runCommand } from ${JSON.stringify(entry)};
    const result = await runCommand(${JSON.stringify(argv)}, ${JSON.stringify(options)});
    if (result.interrupted) process.stderr.write("interrupted by " + result.interrupted + "\\n");
    process.exit(result.exitCode);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (bytes) => (said.stdout += bytes));
  child.stderr.on("data", (bytes) => (said.stderr += bytes));
  return { child, said, ended: once(child, "close") as Promise<[number]> };
}

describe("a program under runCommand", () => {
  const echo = node(
    `process.stdin.on("data", (b) => process.stdout.write(b)); process.stdin.on("end", () => console.error("bye"))`,
  );

  it("has our stdin, stdout and stderr", async () => {
    const { child, said, ended } = runner(echo);
    const bytes = "line\n".repeat(20_000);
    child.stdin.end(bytes);
    expect((await ended)[0]).toBe(0);
    expect(said).toEqual({ stdout: bytes, stderr: "bye\n" });
  });

  it("leaves stdout to us with --json", async () => {
    const { child, said, ended } = runner(echo, { stdio: "stdout-to-stderr" });
    child.stdin.end("hello\n");
    await ended;
    expect(said.stdout).toBe("");
    expect(said.stderr.split("\n").toSorted()).toEqual(["", "bye", "hello"]);
  });

  it.each<NodeJS.Signals>(["SIGINT", "SIGTERM", "SIGHUP"])(
    "gets %s, may answer it, and its code comes back",
    async (signal) => {
      const polite = node(
        `process.on("${signal}", () => process.exit(7)); console.log("up"); setInterval(() => {}, 1000)`,
      );
      const { child, said, ended } = runner(polite, { forwardKeys: true });
      await once(child.stdout, "data");
      child.kill(signal);
      expect((await ended)[0]).toBe(7);
      expect(said.stderr).toBe(`interrupted by ${signal}\n`);
    },
  );

  it("that does not answer a signal ends by it", async () => {
    const { child, ended } = runner(node(`console.log("up"); setInterval(() => {}, 1000)`), { forwardKeys: true });
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    expect((await ended)[0]).toBe(143);
  });
});
