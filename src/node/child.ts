// Our own child processes (sampler, model runner): started from the built files, spoken to over Node's message channel.
// Not the programs under test: those are run/command.ts.
import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { InputError } from "../units/input-error.ts";

/** An answer that ends whatever was asked: an InputError, or a bug with its stack. */
export interface FailedAnswer {
  readonly kind: "failed";
  readonly code?: string;
  readonly message: string;
  readonly hint?: string;
  readonly stack?: string;
}

/** Most of the child's stderr that is kept to explain its end, characters. */
const KEPT_STDERR = 4000;

/**
 * File of a built entry, whether this runs from src (tests) or from dist: Node 20 cannot run .ts files.
 * @param entry below node/, with ".js": "sampler/process.js"
 */
export function builtEntry(entry: string): string {
  const path = fileURLToPath(new URL(`../../dist/node/${entry}`, import.meta.url));
  if (!existsSync(path)) throw new Error(`${path} is not built: run \`npm run build\` first`);
  return path;
}

/** Turns any error into an answer that crosses the channel. */
export function failedAnswer(error: unknown): FailedAnswer {
  if (error instanceof InputError)
    return { kind: "failed", code: error.code, message: error.message, hint: error.hint };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { kind: "failed", message, ...(stack !== undefined && { stack }) };
}

/** What `failedAnswer` told, as an error again. */
export function errorFrom(answer: FailedAnswer): Error {
  if (answer.code !== undefined) return new InputError(answer.code, answer.message, answer.hint);
  const error = new Error(answer.message);
  if (answer.stack !== undefined) error.stack = answer.stack;
  return error;
}

interface Waiting<Answer> {
  readonly kind: string;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** A child process of ours that takes orders and gives answers, both plain objects with a `kind`. */
export class Worker<Order extends { readonly kind: string }, Answer extends { readonly kind: string }> {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #waiting: Waiting<Answer>[] = [];
  readonly #listeners: ((answer: Answer) => void)[] = [];
  #stderr = "";
  #end: Error | undefined;
  /** Resolves when the child has ended, whatever the reason. */
  readonly ended: Promise<void>;

  /** @param entry as for builtEntry */
  constructor(entry: string) {
    this.#name = entry.replace(/\/process\.js$|\.js$/, "");
    const { NODE_OPTIONS: _options, ...env } = process.env;
    this.#child = fork(builtEntry(entry), [], { execArgv: [], env, stdio: ["ignore", "ignore", "pipe", "ipc"] });
    this.#child.stderr?.on("data", (bytes: Buffer) => {
      this.#stderr = (this.#stderr + bytes.toString()).slice(-KEPT_STDERR);
    });
    this.#child.on("message", (answer) => this.#take(answer as Answer | FailedAnswer));
    this.#child.on("error", (error) => this.#finish(error.message));
    this.ended = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => {
        this.#finish(`ended with ${signal ?? `code ${code}`}${this.#stderr === "" ? "" : `: ${this.#stderr.trim()}`}`);
        resolve();
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Sends an order; resolves when the channel has taken it, so that waiting for it bounds what piles up. */
  send(order: Order): Promise<void> {
    return new Promise((resolve) => {
      if (this.#end !== undefined || !this.#child.connected) return resolve();
      this.#child.send(order, () => resolve()); // a child that ended is noticed by whoever waits for an answer
    });
  }

  /** The next answer of a kind. Rejects when the child answers "failed" or ends. Keeps the program running while it waits. */
  next<K extends Answer["kind"]>(kind: K): Promise<Extract<Answer, { kind: K }>> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) return reject(this.#end);
      this.#child.ref();
      this.#child.channel?.ref();
      this.#waiting.push({ kind, resolve: resolve as (answer: Answer) => void, reject });
    });
  }

  /** Every answer, as it comes. */
  onAnswer(listener: (answer: Answer) => void): void {
    this.#listeners.push(listener);
  }

  /** From now on the child does not keep this program from ending, except while an answer is waited for. */
  unref(): void {
    this.#idle = () => {
      if (this.#waiting.length > 0) return;
      this.#child.unref();
      this.#child.channel?.unref();
      (this.#child.stderr as { unref?: () => void } | null)?.unref?.();
    };
    this.#idle();
  }

  /** Takes back unref(). */
  ref(): void {
    this.#idle = () => undefined;
    this.#child.ref();
    this.#child.channel?.ref();
    (this.#child.stderr as { ref?: () => void } | null)?.ref?.();
  }

  /** Ends the child at once. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #idle: () => void = () => undefined;

  #take(answer: Answer | FailedAnswer): void {
    if (answer.kind === "failed") {
      for (const { reject } of this.#waiting.splice(0)) reject(errorFrom(answer as FailedAnswer));
    } else {
      for (const listener of this.#listeners) listener(answer as Answer);
      const at = this.#waiting.findIndex(({ kind }) => kind === answer.kind);
      if (at >= 0) this.#waiting.splice(at, 1)[0]?.resolve(answer as Answer);
    }
    this.#idle();
  }

  #finish(reason: string): void {
    this.#end ??= new Error(`the ${this.#name} process ${reason}`);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end);
  }
}
