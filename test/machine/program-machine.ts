// A machine for meters that run programs: what each program answers is given, streams are fed by hand, time is set.
import type { MachineAccess } from "../../src/measure/power-source.ts";

/** What `run` gives: text for success, else errno and stderr. */
export type ProgramAnswer = string | { readonly errno: string; readonly stderr: string };

/** A stream that a meter opened. */
export interface FedStream {
  readonly program: string;
  readonly args: readonly string[];
  /** Prints a text, line by line. */
  print(text: string): void;
  /** Lets the program end. */
  end(why: string): void;
  readonly closed: boolean;
}

export interface ProgramMachine extends MachineAccess {
  /** Streams in the order of their opening. */
  readonly streams: readonly FedStream[];
  /** Programs run so far, with their arguments. */
  readonly runs: readonly string[];
  setTime(nowS: number): void;
}

export interface ProgramMachineOptions {
  readonly platform?: MachineAccess["platform"];
  /** Answers of a program to its arguments; undefined: no such program (ENOENT). */
  readonly answer?: (program: string, args: readonly string[]) => ProgramAnswer | undefined;
  /** Files by absolute path; folders follow from them. */
  readonly files?: Readonly<Record<string, string>>;
  /** Whether programs can be kept running. Default true. */
  readonly streams?: boolean;
}

export function programMachine(options: ProgramMachineOptions = {}): ProgramMachine {
  const files = options.files ?? {};
  const streams: FedStream[] = [];
  const runs: string[] = [];
  let nowS = 0;
  const machine: ProgramMachine = {
    platform: options.platform ?? "linux",
    streams,
    runs,
    setTime(time) {
      nowS = time;
    },
    nowS: () => nowS,
    readText(path) {
      const text = files[path];
      return text === undefined ? { errno: "ENOENT" } : { text };
    },
    list(path) {
      const inside = Object.keys(files).filter((name) => name.startsWith(`${path}/`));
      return [...new Set(inside.map((name) => name.slice(path.length + 1).split("/")[0] as string))];
    },
    realPath: (path) => path,
    run(program, args) {
      runs.push([program, ...args].join(" "));
      const answer = options.answer?.(program, args) ?? { errno: "ENOENT", stderr: "" };
      return typeof answer === "string" ? { stdout: answer } : answer;
    },
    stream(program, args, onLine) {
      let why: string | undefined;
      let closed = false;
      streams.push({
        program,
        args,
        print(text) {
          if (!closed && why === undefined) for (const line of text.split("\n")) onLine(line);
        },
        end(reason) {
          why = reason;
        },
        get closed() {
          return closed;
        },
      });
      return {
        ended: () => why,
        close() {
          closed = true;
        },
      };
    },
  };
  if (options.streams !== false) return machine;
  const { stream: _, ...without } = machine;
  return without;
}
