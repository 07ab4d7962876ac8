// The one-file Python client against the real mark server, in a real Python: what it sends, and that it never breaks its program.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { startMarkServer } from "../../src/node/marks/server.ts";
import { temporaryFolder } from "./run-cli.ts";

const CLIENT = resolve(import.meta.dirname, "../../examples/python");
const python = ["python3", "python"].find((name) => spawnSync(name, ["-c", "pass"]).status === 0);
const PRELUDE = "from joulecast_client import Joulecast\n";

async function runPython(program: string, env: Readonly<Record<string, string | undefined>>) {
  const clean = { ...process.env, JOULECAST_SOCKET: undefined, JOULECAST_URL: undefined, PYTHONDONTWRITEBYTECODE: "1" };
  const child = spawn(python!, ["-c", PRELUDE + program], { env: { ...clean, PYTHONPATH: CLIENT, ...env } });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { status: child.exitCode, stdout, stderr };
}

/** Marks that a program sets, as "name value". */
async function marksOf(program: string, over: "socket" | "http" = "socket") {
  const marks: string[] = [];
  const server = await startMarkServer({
    onMark: (mark) => {
      marks.push("value" in mark ? `${mark.name} ${mark.value}` : mark.name);
    },
    folder: temporaryFolder(),
  });
  const env = over === "http" ? { JOULECAST_URL: server.url } : server.env;
  const run = await runPython(program, env);
  await server.close();
  return { ...run, marks };
}

const LOOP = `
with Joulecast() as marks:
    for epoch in marks.epochs(2):
        with marks.window("validation"):
            pass
    marks.mark("done")
print("trained")
`;
const SAID = [
  ...["epoch 1", "window-open validation", "window-close validation"],
  ...["epoch 2", "window-open validation", "window-close validation", "done"],
];

describe.skipIf(python === undefined)("joulecast_client.py, skipped where there is no Python", () => {
  it.each(["socket", "http"] as const)("sends epochs and windows over %s", async (over) => {
    expect(await marksOf(LOOP, over)).toEqual({ status: 0, stdout: "trained\n", stderr: "", marks: SAID });
  });
  it("does nothing where nobody measures", async () => {
    expect(await runPython(LOOP, {})).toEqual({ status: 0, stdout: "trained\n", stderr: "" });
  });
  it.each([
    ["a socket that is not there", { JOULECAST_SOCKET: "/nowhere/marks" }],
    ["a port where nobody listens", { JOULECAST_URL: "http://127.0.0.1:9" }],
    ["no address at all", { JOULECAST_URL: "certainly not" }],
  ])("goes on with %s, and says so once", async (_, env) => {
    const { status, stdout, stderr } = await runPython(LOOP, env);
    expect({ status, stdout }).toEqual({ status: 0, stdout: "trained\n" });
    expect(stderr.trim().split("\n")).toEqual([expect.stringMatching(/^joulecast_client: no more marks: /)]);
  });
  it("goes on when the measurement ends before the program", async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const { status, stdout } = await runPython(LOOP, { JOULECAST_URL: `http://127.0.0.1:${port}` });
    server.close();
    expect({ status, stdout }).toEqual({ status: 0, stdout: "trained\n" });
  });
  it("takes values of other libraries, and leaves out what is no number", async () => {
    const program = `
class Scalar:
    def item(self): return 1.5
marks = Joulecast()
print(marks.mark("loss", Scalar()), marks.mark("loss", float("nan")), marks.mark("text", "a b"), marks.mark("on", True))
marks.close()
`;
    const run = await marksOf(program);
    expect(run.marks).toEqual(["loss 1.5", "text a b", "on True"]);
    expect(run.stdout).toBe("True False True True\n");
    expect(run.stderr).toContain("mark 'loss' was left out");
  });
  it("waits for the accelerator before every mark, ends windows on errors, and hides no error of the program", async () => {
    const program = `
calls = []
marks = Joulecast(before=lambda: calls.append(1))
try:
    with marks.window("w"):
        raise KeyError("mine")
except KeyError as error:
    print(error, len(calls))
marks.close()
`;
    const run = await marksOf(program);
    expect(run.stdout).toBe("'mine' 2\n");
    expect(run.marks).toEqual(["window-open w", "window-close w"]);
  });
  it.skipIf(process.platform === "win32")("may be used after a fork and from threads", async () => {
    const program = `
import os, threading
marks = Joulecast()
marks.mark("parent")
child = os.fork()
if child == 0:
    marks.mark("child"); marks.close(); os._exit(0)
os.waitpid(child, 0)
threads = [threading.Thread(target=marks.mark, args=("thread", i)) for i in range(20)]
[t.start() for t in threads]; [t.join() for t in threads]
marks.close()
`;
    const { marks, status } = await marksOf(program);
    expect(status).toBe(0);
    expect(marks.toSorted()).toEqual(
      ["child", "parent", ...Array.from({ length: 20 }, (_, i) => `thread ${i}`)].toSorted(),
    );
  });
});
