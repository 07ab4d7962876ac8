// Runs the program under test as if nobody watched: stdin, stdout and stderr are ours, signals reach it, its exit code comes back
// untouched. What is measured meanwhile is session.ts. Exit codes as shells and coreutils' env give them: 126, 127, 128 + signal.
import { type ChildProcess, spawn } from "node:child_process";
import { statSync } from "node:fs";
import { constants } from "node:os";
import { InputError } from "../../units/input-error.ts";
import { monotonicS } from "../clock.ts";
import { EXIT, notExecutable, notFound } from "./find-program.ts";
import { ENDING, FROM_KEYS, HANDED_ON } from "./signals.ts";

/** A program that a signal has ended should not be sent it again: so long is waited to see, s. */
const GRACE_S = 0.05;

export interface CommandOptions {
  /** Default: ours. */
  readonly cwd?: string;
  /** Added to our environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** "inherit" (default); "stdout-to-stderr": for --json, stdout is ours alone; "ignore": no input, no output. */
  readonly stdio?: "inherit" | "stdout-to-stderr" | "ignore";
  /** Called when the program has been started. */
  readonly onSpawn?: (pid: number) => void;
  /** Sees what the program writes to stdout and stderr; it is still passed on untouched, but through pipes, not to a terminal. */
  readonly onOutput?: (bytes: Buffer, stream: "stdout" | "stderr") => void;
  /**
   * Whether a signal that we have just got was sent to our whole process group: then the program, which is in it, has it already, and
   * a second one would cut short what it does about the first. Default: a guess, true for Ctrl-C where there is a terminal.
   */
  readonly isForGroup?: (name: NodeJS.Signals) => Promise<boolean>;
}

export interface CommandResult {
  /** The program's own; 128 + n when signal n ended it; 126 or 127 when it could not be started. */
  readonly exitCode: number;
  /** The signal that ended it. */
  readonly signal?: NodeJS.Signals;
  /** Why it could not be started: for exit codes 126 and 127. */
  readonly problem?: InputError;
  /** The signal by which we were asked to end while it ran (Ctrl-C). */
  readonly interrupted?: NodeJS.Signals;
  /** Monotonic times just before the start and just after the end, s. */
  readonly startS: number;
  readonly endS: number;
}

/**
 * Runs a program to its end.
 * @param argv program and arguments; no shell
 * @throws InputError "no-folder" when cwd is none, "empty-command" without a program
 */
export async function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { cwd, env, stdio = "inherit", onSpawn, onOutput } = options;
  const [program = "", ...args] = argv;
  if (program === "")
    throw new InputError("empty-command", "no program was given", "write it after --: measure -- python train.py");
  if (cwd !== undefined && !statSync(cwd, { throwIfNoEntry: false })?.isDirectory())
    throw new InputError("no-folder", `there is no folder "${cwd}" to run in`, "check the path");
  const startS = monotonicS();
  const started = start(program, args, {
    stdio: onOutput !== undefined ? WATCHED : stdio === "stdout-to-stderr" ? ["inherit", 2, "inherit"] : stdio,
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env: { ...process.env, ...env } }),
  });
  if (started instanceof Error) return notStarted(program, started, startS);
  const signals = forwardSignals(started, options.isForGroup ?? isFromTerminal);
  if (started.pid !== undefined) onSpawn?.(started.pid);
  const passedOn = onOutput === undefined ? undefined : passOn(started, stdio, onOutput);
  try {
    const result = await new Promise<CommandResult>((resolve) => {
      started.once("error", (error) => {
        if (started.pid === undefined) resolve(notStarted(program, error, startS));
      });
      started.once("exit", (code, signal) => {
        const interrupted = signals.interrupted();
        resolve({
          exitCode: code ?? EXIT.signalBase + (signal === null ? 0 : constants.signals[signal]),
          ...(signal !== null && { signal }),
          ...(interrupted !== undefined && { interrupted }),
          startS,
          endS: monotonicS(),
        });
      });
    });
    await passedOn;
    return result;
  } finally {
    signals.stop();
  }
}

const WATCHED: ("inherit" | "pipe")[] = ["inherit", "pipe", "pipe"];
/** What the program left behind may keep a pipe open: so long is waited for its last words, s. */
const LAST_WORDS_S = 1;

/** Shows the program's output to `onOutput` and passes it on. Resolves when all is passed on. */
async function passOn(
  child: ChildProcess,
  stdio: NonNullable<CommandOptions["stdio"]>,
  onOutput: NonNullable<CommandOptions["onOutput"]>,
): Promise<void> {
  for (const name of ["stdout", "stderr"] as const) {
    const from = child[name];
    from?.on("data", (bytes: Buffer) => onOutput(bytes, name));
    if (stdio === "ignore") continue;
    from?.pipe(name === "stderr" || stdio === "stdout-to-stderr" ? process.stderr : process.stdout, { end: false });
  }
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()).once("error", () => resolve()));
  await new Promise<void>((resolve) => child.once("exit", () => resolve()).once("error", () => resolve()));
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LAST_WORDS_S * 1000);
  });
  await Promise.race([closed, waited]);
  clearTimeout(timer);
}

/** Some errors come as events, some (a NUL in an argument, too many arguments) are thrown. */
function start(program: string, args: readonly string[], options: Parameters<typeof spawn>[2]): ChildProcess | Error {
  try {
    return spawn(program, [...args], options);
  } catch (error) {
    return error as Error;
  }
}

function notStarted(program: string, error: NodeJS.ErrnoException, startS: number): CommandResult {
  const why = error.code === "ENOENT" ? notFound(program) : notExecutable(program, error.code ?? error.message);
  return { ...why, startS, endS: monotonicS() };
}

/** A terminal's keys send to every program in its foreground. */
async function isFromTerminal(name: NodeJS.Signals): Promise<boolean> {
  const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  return hasTerminal === true && FROM_KEYS.includes(name);
}

/** A signal sent to us alone is handed on, once; one that was sent to the whole process group has reached the program by itself. */
function forwardSignals(child: ChildProcess, isForGroup: NonNullable<CommandOptions["isForGroup"]>) {
  let interrupted: NodeJS.Signals | undefined;
  const handlers = HANDED_ON.map((name) => {
    const handler = () => {
      if (ENDING.includes(name)) interrupted ??= name;
      const waited = new Promise((resolve) => setTimeout(resolve, GRACE_S * 1000));
      void Promise.all([isForGroup(name), waited]).then(([hasItAlready]) => {
        if (!hasItAlready && child.exitCode === null && child.signalCode === null) child.kill(name);
      });
    };
    return [name, handler] as const;
  });
  for (const [name, handler] of handlers) process.on(name, handler);
  return {
    interrupted: () => interrupted,
    stop() {
      for (const [name, handler] of handlers) process.off(name, handler);
    },
  };
}
