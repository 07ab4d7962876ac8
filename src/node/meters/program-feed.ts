// A program that keeps printing (nvidia-smi --loop-ms, powermetrics, …) as numbers that several sources share: the newest value by
// key, missing when the program died or fell silent. It parses nothing itself and never starts a program at a read.
import type { MachineAccess, PowerSource, ProgramStream, SourceInfo } from "../../measure/power-source.ts";

/** The newest values a running program printed. */
export interface ProgramFeed {
  /** A source that reads the value under `key` as power in W. */
  powerSource(info: SourceInfo, key: string): PowerSource;
}

export interface FeedOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** Takes one line and publishes what it says; `undefined` as a value means that the program said "not available". */
  readonly parse: (line: string, publish: (key: string, powerW: number | undefined) => void) => void;
  /** A value older than this is missing, s. Several periods of the program. */
  readonly staleS: number;
}

/**
 * Starts the program at the first source and ends it when the last source is closed.
 * @returns undefined where the machine cannot keep programs running
 */
export function programFeed(machine: MachineAccess, options: FeedOptions): ProgramFeed | undefined {
  const start = machine.stream?.bind(machine);
  if (start === undefined) return undefined;
  const newest = new Map<string, { readonly powerW: number | undefined; readonly atS: number }>();
  const publish = (key: string, powerW: number | undefined) => newest.set(key, { powerW, atS: machine.nowS() });
  let stream: ProgramStream | undefined;
  let listeners = 0;
  return {
    powerSource(info, key) {
      stream ??= start(options.program, options.args, (line) => options.parse(line, publish));
      listeners += 1;
      let open = true;
      return {
        info,
        read() {
          const last = newest.get(key);
          if (!open || stream?.ended() !== undefined || last?.powerW === undefined) return undefined;
          return machine.nowS() - last.atS > options.staleS ? undefined : { powerW: last.powerW };
        },
        close() {
          if (!open) return;
          open = false;
          listeners -= 1;
          if (listeners > 0) return;
          stream?.close();
          stream = undefined;
          newest.clear();
        },
      };
    },
  };
}

/** What a source says when the machine cannot keep a program running. */
export const NO_STREAM =
  "this program must keep running while its numbers are read, and here programs cannot be kept running";
