// The sampler as the rest of the program sees it: started in its own process, told marks, asked for its cost, stopped.
import type { SourceInfo, Unusable } from "../../measure/power-source.ts";
import { InputError } from "../../units/input-error.ts";
import { Worker } from "../child.ts";
import { monotonicS } from "../clock.ts";
import type { SamplerAnswer, SamplerOrder, SamplerStats, StartOptions } from "./protocol.ts";

/** Reads per second when nothing else is asked for. */
export const DEFAULT_RATE_HZ = 10;
/** Most reads per second. */
const HIGHEST_RATE_HZ = 1000;

/** A sampler that is reading. */
export interface RunningSampler {
  readonly sources: readonly SourceInfo[];
  readonly unusable: readonly Unusable[];
  readonly journalPath: string;
  /** Monotonic time of the recording's time 0, s. */
  readonly startS: number;
  /** Process id. */
  readonly pid: number | undefined;
  /** Time since the recording began, s. */
  nowS(): number;
  /** Sends a mark; `timeS` in recording time. Resolves when the channel has taken it. */
  mark(name: string, value: string | number | undefined, timeS: number): Promise<void>;
  /** Everything up to now is in the journal when this resolves. */
  flush(): Promise<void>;
  stats(): Promise<SamplerStats>;
  /** Ends the recording; the journal is whole when this resolves. */
  stop(exitCode?: number): Promise<{ readonly endS: number; readonly stats: SamplerStats }>;
  /**
   * Whether a signal that this program has just got went to its whole process group. It asks the sampler, which is in that group.
   * False when the sampler has ended.
   */
  isForGroup(name: NodeJS.Signals): Promise<boolean>;
  /** From now on it does not keep this program from ending. */
  unref(): void;
}

/** On a busy machine one of the two handles a signal so much earlier than the other, s. */
const SAME_SIGNAL_S = 5;
/** A signal to a group does not reach all in the same moment: waits between the looks whether the sampler has it too, s. */
const LOOKS_S = [0, 0.02, 0.05, 0.1] as const;
const ENTRY = "sampler/process.js";
let prepared: Worker<SamplerOrder, SamplerAnswer> | undefined;

/** Starts the sampler's process before it is known what to read: the next startSampler takes it. Not needed, it ends with this program. */
export function prepareSampler(): void {
  prepared ??= new Worker(ENTRY);
  prepared.unref();
}

function takeWorker(): Worker<SamplerOrder, SamplerAnswer> {
  const worker = prepared;
  prepared = undefined;
  worker?.ref();
  return worker ?? new Worker(ENTRY);
}

/** @throws InputError "bad-rate" outside (0, 1000] */
export function checkRate(rateHz: number): number {
  if (rateHz > 0 && rateHz <= HIGHEST_RATE_HZ) return rateHz;
  throw new InputError(
    "bad-rate",
    `the sampling rate is ${rateHz} Hz, expected above 0 and at most ${HIGHEST_RATE_HZ}`,
    `leave it out for ${DEFAULT_RATE_HZ} Hz`,
  );
}

/**
 * Starts the sampler and waits for its first reading.
 * @throws InputError when the rate, a recording to replay or the journal cannot be used
 */
export async function startSampler(options: StartOptions): Promise<RunningSampler> {
  checkRate(options.rateHz);
  const worker = takeWorker();
  const coming = worker.next("ready");
  void worker.send({ kind: "start", options });
  let ready: Extract<SamplerAnswer, { kind: "ready" }>;
  try {
    ready = await coming;
  } catch (error) {
    worker.kill();
    throw error;
  }
  const ask = async <K extends SamplerAnswer["kind"]>(order: SamplerOrder, kind: K) => {
    const answer = worker.next(kind);
    void worker.send(order);
    return answer;
  };
  const { startS, sources, unusable, journalPath } = ready;
  let signals: Extract<SamplerAnswer, { kind: "signalled" }>[] = [];
  worker.onAnswer((said) => {
    if (said.kind === "signalled") signals.push(said);
  });
  return {
    sources,
    unusable,
    journalPath,
    startS,
    pid: worker.pid,
    nowS: () => monotonicS() - startS,
    mark: (name, value, timeS) => worker.send({ kind: "mark", name, timeS, ...(value !== undefined && { value }) }),
    flush: async () => void (await ask({ kind: "flush" }, "flushed")),
    stats: async () => (await ask({ kind: "stats" }, "stats")).stats,
    async stop(exitCode) {
      worker.ref(); // its end is waited for
      const { endS, stats } = await ask({ kind: "stop", ...(exitCode !== undefined && { exitCode }) }, "stopped");
      await worker.ended;
      return { endS, stats };
    },
    async isForGroup(name) {
      const gotS = monotonicS();
      for (const waitS of LOOKS_S) {
        await new Promise((resolve) => setTimeout(resolve, waitS * 1000));
        // An answer shows that the sampler has had its turn since, however busy the machine is.
        const isAlive = await ask({ kind: "stats" }, "stats").then(
          () => true,
          () => false,
        );
        signals = signals.filter(({ monotonicS: atS }) => atS > gotS - SAME_SIGNAL_S);
        const same = signals.findIndex((signal) => signal.name === name);
        if (same >= 0) return signals.splice(same, 1).length > 0;
        if (!isAlive) return false;
      }
      return false;
    },
    unref: () => worker.unref(),
  };
}
