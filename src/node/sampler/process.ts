// The sampler's process: opens the sources, reads them in time, writes the journal, obeys the one who started it and ends with it.
// A process of its own, so that neither the program under test nor our event loop delays it. Started by client.ts.
import { rmSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { failedAnswer } from "../child.ts";
import { monotonicS } from "../clock.ts";
import { HANDED_ON } from "../run/signals.ts";
import { type JournalFooter, type JournalWriter, openJournal } from "../store/journal.ts";
import { type OpenMachine, openMachine } from "./open-machine.ts";
import { keepPace } from "./pace.ts";
import type { SamplerAnswer, SamplerOrder, SamplerStats, StartOptions } from "./protocol.ts";
import { Sampler } from "./sampler.ts";

class Recorder {
  readonly #options: StartOptions;
  readonly #machine: OpenMachine;
  readonly #journal: JournalWriter;
  readonly #sampler: Sampler;
  readonly #startS: number;
  readonly #cpuBefore: NodeJS.CpuUsage;
  readonly #stopPace: () => void;

  constructor(options: StartOptions) {
    this.#options = options;
    this.#machine = openMachine(options.machine);
    const { usable, load } = this.#machine;
    this.#startS = monotonicS();
    this.#journal = openJournal({
      ...options.journal,
      startedAt: new Date().toISOString(),
      sources: usable.map(({ info }) => info),
    });
    // The same clock, read in a way that makes no big integer each time.
    const zeroMs = performance.now() - (monotonicS() - this.#startS) * 1000;
    const clock = () => (performance.now() - zeroMs) / 1000;
    const { rateHz } = options;
    this.#sampler = new Sampler({ sources: usable, load, journal: this.#journal, rateHz, clock });
    this.#cpuBefore = process.cpuUsage();
    this.#sampler.tick();
    this.#stopPace = keepPace({ tick: () => this.#sampler.tick(), clock });
  }

  ready(): SamplerAnswer {
    const { usable, unusable } = this.#machine;
    const sources = usable.map(({ info }) => info);
    return { kind: "ready", startS: this.#startS, sources, unusable, journalPath: this.#journal.path };
  }

  mark({ timeS, name, value }: Extract<SamplerOrder, { kind: "mark" }>): void {
    this.#sampler.mark({ timeS, name, ...(value !== undefined && { value }) });
  }

  flush(): void {
    this.#sampler.flush();
  }

  stats(): SamplerStats {
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    const cpuS = (user + system) / 1e6;
    const elapsedS = monotonicS() - this.#startS;
    return {
      elapsedS,
      cpuS,
      coreRatio: cpuS / elapsedS,
      memoryBytes: process.memoryUsage.rss(),
      ...this.#sampler.stats(),
    };
  }

  /** A last reading of all sources and the journal's end. @returns end of the recording, s */
  stop(exitCode: number | undefined): number {
    this.#stopPace();
    this.#sampler.readAll();
    this.#machine.close();
    const endS = monotonicS() - this.#startS;
    this.#close({ endS, ...(exitCode !== undefined && { exitCode }) });
    return endS;
  }

  /** Whoever asked for the recording is gone: without a footer, so that the next start recovers the run as incomplete. */
  abandon(): void {
    this.#stopPace();
    this.#machine.close();
    this.#close(undefined);
    if (!this.#options.keep) rmSync(this.#options.journal.folder, { recursive: true, force: true });
  }

  /** A full disk at the end: what was written before stays. */
  #close(footer: JournalFooter | undefined): void {
    try {
      this.#journal.close(footer);
    } catch (error) {
      process.stderr.write(`${(error as Error).message}\n`);
    }
  }
}

// The heap is a few MB and does not grow: collecting it anew to give back memory would cost more than the sampling.
setFlagsFromString("--no-memory-reducer");
// The few functions that run a hundred times a second are worth compiling after seconds, not minutes.
setFlagsFromString("--interrupt-budget=10000");

let recorder: Recorder | undefined;

const answer = (said: SamplerAnswer | ReturnType<typeof failedAnswer>) => process.send?.(said);

function end(code: number): void {
  const current = recorder;
  recorder = undefined;
  current?.abandon();
  process.exit(code);
}

const ORDERS: { readonly [K in SamplerOrder["kind"]]: (order: Extract<SamplerOrder, { kind: K }>) => void } = {
  start({ options }) {
    recorder = new Recorder(options);
    answer(recorder.ready());
  },
  mark: (order) => recorder?.mark(order),
  flush() {
    recorder?.flush();
    answer({ kind: "flushed" });
  },
  stats() {
    if (recorder !== undefined) answer({ kind: "stats", stats: recorder.stats() });
  },
  stop({ exitCode }) {
    if (recorder === undefined) return end(0);
    const stopped = recorder;
    recorder = undefined;
    const stats = stopped.stats();
    const endS = stopped.stop(exitCode);
    process.send?.({ kind: "stopped", endS, stats }, () => process.exit(0));
  },
};

process.on("message", (order: SamplerOrder) => {
  try {
    (ORDERS[order.kind] as (order: SamplerOrder) => void)(order);
  } catch (error) {
    answer(failedAnswer(error));
  }
});
process.on("disconnect", () => end(0));
// What is sent to the whole process group (Ctrl-C, `timeout`, a cancelled CI job) reaches us too: the one who started us decides when to
// stop, and learns from us that the program under test has the signal already.
for (const name of HANDED_ON) process.on(name, () => answer({ kind: "signalled", name, monotonicS: monotonicS() }));
