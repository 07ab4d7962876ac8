// Processes that are timed: workers that answer one line per question, and whole commands from start to end.
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";

/** A process that stays and answers; the next answer is { error } when it dies. */
export class Worker {
  #child;
  #lines;

  constructor([program, ...args]) {
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#child.stdin.on("error", () => {}); // a dead worker shows as a missing answer
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async ask(request) {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    return done ? { error: "the process ended without an answer" } : JSON.parse(value);
  }

  end() {
    this.#child.stdin.end();
  }
}

/** Runs a worker for one question: its answer, with `wallSeconds` from the start of the process to its end. */
export function askOnce([program, ...args], request) {
  const start = performance.now();
  const { stdout } = spawnSync(program, args, {
    input: `${JSON.stringify(request)}\n`,
    encoding: "utf8",
    stdio: ["pipe", "pipe", "inherit"],
  });
  const wallSeconds = (performance.now() - start) / 1000;
  return stdout === "" ? { error: "the process ended without an answer" } : { ...JSON.parse(stdout), wallSeconds };
}

/** Runs a command whose output is thrown away. @returns seconds from its start to its end */
export function timeCommand([program, ...args]) {
  const start = performance.now();
  const { status } = spawnSync(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}`);
  return (performance.now() - start) / 1000;
}

/** Most memory that a Node command holds. */
export function peakOfCommand([program, ...args]) {
  const preload = new URL("./peak-memory.mjs", import.meta.url).href;
  const { stderr } = spawnSync(program, ["--import", preload, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
  });
  return Number(/^peakBytes (\d+)$/m.exec(stderr)[1]);
}
