// Joules and watts of one source as they come, for a display that never ends: totals instead of a trace, so memory stays flat.
// For a run with its doubts there is energy.ts. Counters keep their joules over failed reads; gauges do not: gaps are not filled.
import type { Reading, SourceInfo } from "./power-source.ts";
import { unwrap } from "./wrap.ts";

/** Power of a counter is its mean over at least so long, s: single steps of a counter are too coarse. */
const POWER_SPAN_S = 2;
/** The span holds so many updates of the source. */
const POWER_UPDATES = 4;

interface Moment {
  readonly timeS: number;
  readonly value: number;
}

/** Joules between two readings of a counter; undefined when it was reset or may have wrapped unseen. */
function countedJ(info: SourceInfo, before: Moment, after: Moment): number | undefined {
  const { series } = unwrap({
    info,
    timeS: Float64Array.of(before.timeS, after.timeS),
    values: Float64Array.of(before.value, after.value),
  });
  return series.length === 1 ? series[0]!.values[1] : undefined;
}

/** What was read of one source since it was opened. */
export class LiveEnergy {
  readonly info: SourceInfo;
  readonly #gapLimitS: number;
  readonly #spanS: number;
  #last: Moment | undefined;
  /** Cumulative joules over the span of the power, counters only. */
  #recent: Moment[] = [];
  #energyJ = 0;
  #failedReads = 0;
  #isUp = false;

  /** @param gapLimitS longest time between two readings of a gauge that is bridged, s */
  constructor(info: SourceInfo, gapLimitS: number) {
    this.info = info;
    this.#gapLimitS = gapLimitS;
    this.#spanS = Math.max(POWER_SPAN_S, POWER_UPDATES * (info.updatePeriodS ?? 0));
  }

  /** Takes a reading, or the failure of one. @param timeS monotonic, not decreasing, s */
  add(timeS: number, reading: Reading | undefined): void {
    const value = reading === undefined ? Number.NaN : "energyJ" in reading ? reading.energyJ : reading.powerW;
    this.#isUp = Number.isFinite(value);
    if (!this.#isUp) {
      this.#failedReads++;
      return;
    }
    const now = { timeS, value };
    if (this.info.reads === "energy") this.#addCount(now);
    else this.#addPower(now);
    this.#last = now;
  }

  #addCount(now: Moment): void {
    const stepJ = this.#last && countedJ(this.info, this.#last, now);
    if (stepJ === undefined) this.#recent = [];
    else this.#energyJ += stepJ;
    this.#recent.push({ timeS: now.timeS, value: this.#energyJ });
    while (this.#recent.length > 2 && this.#recent[1]!.timeS <= now.timeS - this.#spanS) this.#recent.shift();
  }

  #addPower(now: Moment): void {
    const waitS = this.#last === undefined ? Number.POSITIVE_INFINITY : now.timeS - this.#last.timeS;
    if (waitS <= this.#gapLimitS) this.#energyJ += ((this.#last!.value + now.value) / 2) * waitS;
  }

  /** Joules since the first reading. */
  get energyJ(): number {
    return this.#energyJ;
  }

  /** Watts now; undefined after a failed read, and for a counter that was read once. */
  get powerW(): number | undefined {
    if (!this.#isUp) return undefined;
    if (this.info.reads === "power") return this.#last?.value;
    const [from, to] = [this.#recent[0], this.#recent.at(-1)];
    return from && to && to.timeS > from.timeS ? (to.value - from.value) / (to.timeS - from.timeS) : undefined;
  }

  get failedReads(): number {
    return this.#failedReads;
  }

  /** Whether the last read gave a number. */
  get isUp(): boolean {
    return this.#isUp;
  }
}
