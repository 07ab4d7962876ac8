// Reads every source when its time has come and hands the readings to the journal. It waits for nothing and keeps nothing:
// what waits is pace.ts, what keeps is the journal on disk. The schedule does not drift: the n-th read of a source is due at
// n × period, and places that came too late are left out, never caught up.
import type { PowerSource } from "../../measure/power-source.ts";
import type { Mark } from "../../measure/trace.ts";
import { CLOSE, OPEN } from "../../measure/windows.ts";
import { pollPeriodS } from "../../measure/wrap.ts";
import { InputError } from "../../units/input-error.ts";
import type { LoadReader } from "../meters/nvidia/nvml.ts";
import type { JournalWriter } from "../store/journal.ts";
import type { SamplerStats, SourceStats } from "./protocol.ts";

/** A read may come so much before its time, s: timers are no finer. */
const EARLY_S = 0.6e-3;
/** Reads out of turn are at least so far apart, s: a flood of windows must not become a flood of reads. */
const EDGE_SPACING_S = 1e-3;
/** Time between two readings of the load columns, s: 1 Hz. */
const LOAD_PERIOD_S = 1;

export interface SamplerOptions {
  readonly sources: readonly PowerSource[];
  readonly load?: readonly LoadReader[];
  readonly journal: Pick<JournalWriter, "sample" | "mark" | "load" | "flush">;
  /** Reads per second, in (0, 1000]. */
  readonly rateHz: number;
  /** Time since the recording began, s, monotonic. */
  readonly clock: () => number;
}

/** When something is due: every period, counted from 0. */
class Rhythm {
  readonly periodS: number;
  readonly #earlyS: number;
  #turn = 0;
  dueS = 0;
  skipped = 0;

  constructor(periodS: number) {
    this.periodS = periodS;
    this.#earlyS = Math.min(EARLY_S, periodS / 4);
  }

  isDue(nowS: number): boolean {
    return nowS >= this.dueS - this.#earlyS;
  }

  /** The next place in the schedule that still lies ahead. */
  next(nowS: number): void {
    const ahead = Math.max(this.#turn + 1, Math.floor(nowS / this.periodS) + 1);
    this.skipped += ahead - this.#turn - 1;
    this.#turn = ahead;
    this.dueS = ahead * this.periodS;
  }
}

class Column {
  readonly source: PowerSource;
  readonly rhythm: Rhythm;
  /** Read in this round. */
  isFresh = false;
  reads = 0;
  failedReads = 0;
  lastS = Number.NaN;
  lastValue = Number.NaN;

  constructor(source: PowerSource, wantedS: number) {
    this.source = source;
    this.rhythm = new Rhythm(pollPeriodS(source.info, wantedS));
  }

  /** Value now, J or W; NaN when the read failed. A meter that throws has failed: it must not end the others. */
  read(): number {
    this.reads++;
    try {
      const reading = this.source.read();
      if (reading !== undefined) return "energyJ" in reading ? reading.energyJ : reading.powerW;
    } catch {
      // counted as failed below
    }
    this.failedReads++;
    return Number.NaN;
  }

  stats(): SourceStats {
    const { periodS, skipped } = this.rhythm;
    const last = Number.isNaN(this.lastS) ? {} : { last: { timeS: this.lastS, value: this.lastValue } };
    const { reads, failedReads } = this;
    return { id: this.source.info.id, periodS, reads, failedReads, skippedReads: skipped, ...last };
  }
}

/** The reading of one recording. */
export class Sampler {
  readonly #columns: readonly Column[];
  readonly #load: readonly LoadReader[];
  readonly #loadRhythm = new Rhythm(LOAD_PERIOD_S);
  readonly #journal: SamplerOptions["journal"];
  readonly #clock: () => number;
  #marks = 0;
  #edgeS = Number.NEGATIVE_INFINITY;
  #problem: InputError | undefined;

  constructor({ sources, load = [], journal, rateHz, clock }: SamplerOptions) {
    this.#columns = sources.map((source) => new Column(source, 1 / rateHz));
    this.#load = load;
    this.#journal = journal;
    this.#clock = clock;
  }

  /** Reads what is due. @returns when the next thing is due, s */
  tick(): number {
    const nowS = this.#clock();
    this.#round(nowS, false);
    let nextS = this.#loadRhythm.dueS;
    for (const { rhythm, isFresh } of this.#columns) {
      if (isFresh) rhythm.next(nowS);
      if (rhythm.dueS < nextS) nextS = rhythm.dueS;
    }
    if (!this.#loadRhythm.isDue(nowS)) return nextS;
    this.#readLoad();
    this.#loadRhythm.next(nowS);
    return Math.min(nextS, this.#loadRhythm.dueS);
  }

  /** Reads every source now, out of turn: at the edges of windows and at the end. */
  readAll(): void {
    const nowS = this.#clock();
    if (nowS - this.#edgeS < EDGE_SPACING_S) return;
    this.#edgeS = nowS;
    this.#round(nowS, true);
  }

  /** Writes a mark down; where a window opens or closes, the sources are read too, so that its edges are sharp. */
  mark(mark: Mark): void {
    this.#marks++;
    this.#write(() => this.#journal.mark(mark));
    if (mark.name === OPEN || mark.name === CLOSE) this.readAll();
  }

  flush(): void {
    this.#write(() => this.#journal.flush());
  }

  /** What was done so far; the cost is the process's and added by process.ts. */
  stats(): Pick<SamplerStats, "marks" | "journalProblem" | "sources"> {
    const problem = this.#problem;
    return {
      marks: this.#marks,
      ...(problem && { journalProblem: { code: problem.code, message: problem.message, hint: problem.hint } }),
      sources: this.#columns.map((column) => column.stats()),
    };
  }

  /**
   * Reads in a row, then writes. The time of a reading is the middle of the time that it took: some meters take milliseconds.
   * @param nowS time just before the first reading, s
   * @param all also those that are not due
   */
  #round(nowS: number, all: boolean): void {
    let beforeS = nowS;
    for (const column of this.#columns) {
      column.isFresh = all || column.rhythm.isDue(nowS);
      if (!column.isFresh) continue;
      const value = column.read();
      const afterS = this.#clock();
      column.lastValue = value;
      column.lastS = (beforeS + afterS) / 2;
      beforeS = afterS;
    }
    for (let i = 0; i < this.#columns.length; i++) {
      const column = this.#columns[i]!;
      if (!column.isFresh) continue;
      try {
        this.#journal.sample(i, column.lastS, column.lastValue);
      } catch (error) {
        this.#keepProblem(error);
      }
    }
  }

  #readLoad(): void {
    for (const reader of this.#load) {
      const ratio = reader.read();
      if (ratio !== undefined) this.#write(() => this.#journal.load(reader.name, this.#clock(), ratio));
    }
  }

  #write(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#keepProblem(error);
    }
  }

  /** A full disk ends nothing: the samples are missing, what was written before stays, and the disk may get room again. */
  #keepProblem(error: unknown): void {
    if (!(error instanceof InputError)) throw error;
    this.#problem = error;
  }
}
