// What a source really does, found from a trace of it: how often its number changes, and its idle power. For `doctor`. The trace should be polled faster than the update period that is looked for.
import { median } from "../math/statistics.ts";
import { baselineDoubt, takeBaseline } from "./baseline.ts";
import { accountOf, energyIn } from "./energy.ts";
import { intervalAround } from "./interval.ts";
import { changePeriods } from "./stretches.ts";
import type { Trace, Window } from "./trace.ts";
import { longestPollPeriodS, unwrap } from "./wrap.ts";

/** Fewest changes from which a period is read. */
const FEWEST_CHANGES = 4;

/** What doctor tells of one source. */
export interface SourceCheck {
  readonly id: string;
  /** Median time between changes of the number, s; undefined with fewer than four changes. */
  readonly updatePeriodS: number | undefined;
  /** True when the number changed at (nearly) every read: the real period may be shorter than the poll period. */
  readonly atMost: boolean;
  /** Time in which the counter wraps at its power limit, s. */
  readonly wrapS: number | undefined;
  /** Median power over the trace, W, taken as idle, with its 95 % interval. */
  readonly idleW: number | undefined;
  readonly idleLowW: number | undefined;
  readonly idleHighW: number | undefined;
  readonly remarks: readonly string[];
}

/** The real update period of a source. */
export function updatePeriodOf(trace: Trace): { updatePeriodS: number | undefined; atMost: boolean } {
  const { series } = unwrap(trace);
  const periods = changePeriods(series);
  if (periods.length < FEWEST_CHANGES) return { updatePeriodS: undefined, atMost: false };
  const polls = series.flatMap(({ timeS }) => timeS.slice(1).map((time, i) => time - timeS[i]!));
  const updatePeriodS = median(periods);
  return { updatePeriodS, atMost: updatePeriodS < 1.5 * median(polls) };
}

/** Everything about one source that a trace taken at rest tells. */
export function checkSource(trace: Trace): SourceCheck {
  const { info, timeS } = trace;
  const window: Window = { name: "idle", fromS: timeS[0] ?? 0, toS: timeS.at(-1) ?? 0 };
  const idle = takeBaseline([{ recording: { traces: [trace], marks: [], load: [] }, window }], { skipS: 0 }).get(
    info.id,
  );
  const limits = idle && intervalAround(idle.idleW, [{ ...baselineDoubt(idle, 1), sigmaJ: idle.sigmaW }]);
  const longestS = longestPollPeriodS(info);
  return {
    id: info.id,
    ...updatePeriodOf(trace),
    wrapS: longestS === undefined ? undefined : longestS * 2,
    idleW: idle?.idleW,
    // A source draws no negative power, however short the idle time was.
    idleLowW: limits && Math.max(0, limits.lowJ),
    idleHighW: limits?.highJ,
    remarks: window.toS > window.fromS ? energyIn(accountOf(trace), window).remarks : ["no readings"],
  };
}
