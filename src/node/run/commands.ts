// Programs measured in a session: idle time before (and after), warm-up runs, then repeats; several programs take turns (A, B, A, B)
// so that a machine that grows warm treats them alike. It records; joules and intervals are measure/'s business.
import type { Window } from "../../measure/trace.ts";
import { InputError } from "../../units/input-error.ts";
import type { SaidMark } from "../marks/line.ts";
import { startMarkServer } from "../marks/server.ts";
import { type CommandOptions, type CommandResult, runCommand } from "./command.ts";
import { EXIT, whyNotStartable } from "./find-program.ts";
import { withInterrupts } from "./interrupts.ts";
import type { Session } from "./session.ts";

/** Idle time before the runs when nothing else is asked for, s. */
const DEFAULT_IDLE_S = 10;
const EXIT_OF_SIGNAL: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 };

export interface Program {
  /** "run", "a", "b": begins the names of its windows. */
  readonly name: string;
  /** Program and arguments; no shell. */
  readonly argv: readonly string[];
}

export interface CommandPlan {
  /** One to measure, two to compare. */
  readonly programs: readonly Program[];
  /** Measured runs of each program. Default 1, at least 1. */
  readonly repeat?: number;
  /** Runs of each program before them, recorded but marked as warm-up. Default 0. */
  readonly warmup?: number;
  /** Idle time before the runs, s. Default 10; 0 for none. */
  readonly idleS?: number;
  /** Idle time after the runs, s, to see drift. Default 0: none. */
  readonly idleAfterS?: number;
  /** Folder, environment, stdio of the programs. */
  readonly command?: CommandOptions;
  /** Whether the programs may set marks. Default true. */
  readonly marks?: boolean;
  /** Told of each mark when it has been recorded; time in recording time, s. */
  readonly onMark?: (mark: SaidMark, timeS: number) => void;
  /** Told before each step: "idle for 10 s", "a, run 3 of 10". */
  readonly onProgress?: (text: string) => void;
}

/** One run of one program. */
export interface CommandRun {
  readonly program: string;
  /** From 1, separately for warm-ups and measured runs. */
  readonly round: number;
  readonly isWarmup: boolean;
  /** In recording time: just before the start to just after the end. */
  readonly window: Window;
  readonly exitCode: number;
  readonly signal?: NodeJS.Signals;
}

export interface CommandsResult {
  /** Windows of idle time: before, and after where it was asked for. */
  readonly idle: readonly Window[];
  /** In the order in which they ran. A run that was interrupted is the last one. */
  readonly runs: readonly CommandRun[];
  /** The signal by which all was ended early. */
  readonly interrupted?: NodeJS.Signals;
  /** Why a program could not be started: nothing more was run. */
  readonly problem?: InputError;
  /** To exit with: the first one that is not 0, ours included; 128 + n after an interruption before any run. */
  readonly exitCode: number;
}

function wholeFrom(least: number, what: string, value: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new InputError("bad-count", `${what} is ${value}, expected a whole number from ${least}`, `give ${what} 3`);
}

function checkPlan({ programs, repeat = 1, warmup = 0, idleS = DEFAULT_IDLE_S, idleAfterS = 0 }: CommandPlan): void {
  wholeFrom(1, "--repeat", repeat);
  wholeFrom(0, "--warmup", warmup);
  for (const seconds of [idleS, idleAfterS]) {
    if (Number.isFinite(seconds) && seconds >= 0) continue;
    throw new InputError("bad-duration", `the idle time is ${seconds} s, expected 0 or more`, "give --idle 10s");
  }
  if (programs.length === 0) throw new InputError("empty-command", "no program was given", "write it after --");
}

/** Warm-ups of all programs, then rounds in which each has its turn. */
function turnsOf({ programs, repeat = 1, warmup = 0 }: CommandPlan) {
  const rounds = (count: number, isWarmup: boolean) =>
    Array.from({ length: count }, (_, i) => programs.map((program) => ({ program, round: i + 1, isWarmup }))).flat();
  return [...rounds(warmup, true), ...rounds(repeat, false)];
}

/**
 * Runs the plan in an open session. Ctrl-C ends it early and gives what there is.
 * @throws InputError "bad-count" | "bad-duration" | "empty-command" | "no-folder" before anything is run
 */
export async function runCommands(session: Session, plan: CommandPlan): Promise<CommandsResult> {
  checkPlan(plan);
  const { idleS = DEFAULT_IDLE_S, idleAfterS = 0, command = {}, onProgress = () => undefined } = plan;
  const path = command.env?.PATH;
  for (const { argv } of plan.programs) {
    const where = { ...(command.cwd !== undefined && { cwd: command.cwd }), ...(path !== undefined && { path }) };
    const why = whyNotStartable(argv[0] ?? "", where);
    if (why !== undefined && argv[0]) return { idle: [], runs: [], ...why };
  }
  const server =
    plan.marks === false
      ? undefined
      : await startMarkServer({
          onMark: async (mark, atS) => {
            const timeS = session.timeOf(atS);
            await session.mark(mark.name, mark.value, timeS);
            plan.onMark?.(mark, timeS);
          },
        });
  const idle: Window[] = [];
  const runs: CommandRun[] = [];
  let stopped: Pick<CommandsResult, "interrupted" | "problem"> & { exitCode?: number } = {};
  try {
    await withInterrupts(async (signal) => {
      const rest = async (seconds: number, name: string) => {
        if (seconds === 0 || signal.aborted) return;
        onProgress(`idle for ${seconds} s`);
        idle.push(await session.idle(seconds, { name, signal }));
      };
      await rest(idleS, "idle");
      for (const { program, round, isWarmup } of turnsOf(plan)) {
        if (signal.aborted) break;
        const name = `${program.name}/${isWarmup ? "warm-up-" : ""}${round}`;
        onProgress(`${program.name}, ${isWarmup ? "warm-up" : "run"} ${round}`);
        const done = await runIn(session, name, program, {
          isForGroup: session.isForGroup,
          ...command,
          env: { ...command.env, ...server?.env },
        });
        const { exitCode, problem, interrupted, startS, endS } = done;
        if (problem !== undefined) {
          stopped = { problem, exitCode };
          return;
        }
        const window = { name, fromS: session.timeOf(startS), toS: session.timeOf(endS) };
        const ended = done.signal === undefined ? {} : { signal: done.signal };
        runs.push({ program: program.name, round, isWarmup, window, exitCode, ...ended });
        // A terminal's Ctrl-C ends the program; whether or not we saw the signal too, no further run was meant.
        if (interrupted !== undefined || done.signal === "SIGINT") {
          stopped = { interrupted: interrupted ?? "SIGINT" };
          return;
        }
      }
      if (signal.aborted) stopped = { interrupted: signal.reason as NodeJS.Signals };
      else await rest(idleAfterS, "idle-after");
    });
  } finally {
    await server?.close();
  }
  const failed = runs.find(({ exitCode }) => exitCode !== 0)?.exitCode;
  const bySignal = stopped.interrupted === undefined ? undefined : EXIT_OF_SIGNAL[stopped.interrupted];
  const exitCode = stopped.exitCode ?? failed ?? (runs.length === 0 ? (bySignal ?? EXIT.ourFailure) : 0);
  const { interrupted, problem } = stopped;
  return { idle, runs, exitCode, ...(interrupted && { interrupted }), ...(problem && { problem }) };
}

/** The window's marks carry the times that the command's start and end were seen at. */
async function runIn(
  session: Session,
  name: string,
  { argv }: Program,
  options: CommandOptions,
): Promise<CommandResult> {
  session.openWindow(name);
  const result = await runCommand(argv, options);
  session.closeWindow(name, session.timeOf(result.endS));
  return result;
}
