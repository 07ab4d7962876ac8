// Joules of one source in one window, gross: Δenergy over measured, monotonic time, with coverage and doubts. Gaps longer than
// max(3 × poll period, 1 s) are not filled: the joules are those of the covered time, the coverage says how much that is, and
// what the gaps may have held goes into the interval ("gaps"). No baseline (baseline.ts) and no sums over sources (measure.ts).
import { counterCurve } from "./counter-curve.ts";
import { type EnergyCurve, intervalAt, rootSumSquare } from "./energy-curve.ts";
import { gaugeCurve } from "./gauge-curve.ts";
import type { Doubt } from "./measurement.ts";
import type { SourceInfo } from "./power-source.ts";
import { type Stretches, stretchesOf } from "./stretches.ts";
import type { Trace, Window } from "./trace.ts";

/** Shortest time after which a counter that does not move is called still, s. */
const STILL_FLOOR_S = 1;
const STILL_PERIODS = 10;

/** A trace made ready to be asked for windows: do this once, ask often. */
export interface Account {
  readonly info: SourceInfo;
  readonly curves: readonly EnergyCurve[];
  readonly rhythm: Stretches;
}

/** Gross joules of one source in one window. */
export interface WindowEnergy {
  readonly grossJ: number;
  /** Time of the window that readings cover, s. */
  readonly coveredS: number;
  /** coveredS over the window's duration, in [0, 1]. */
  readonly coverage: number;
  /** grossJ / coveredS, W; 0 when nothing is covered. */
  readonly meanPowerW: number;
  readonly peakPowerW: number | undefined;
  readonly doubts: readonly Doubt[];
  readonly remarks: readonly string[];
  /** The counter did not move although there was time enough. */
  readonly stoodStill: boolean;
}

export function accountOf(trace: Trace): Account {
  const rhythm = stretchesOf(trace);
  const make = trace.info.reads === "energy" ? counterCurve : gaugeCurve;
  return { info: trace.info, curves: rhythm.stretches.map((stretch) => make(stretch, rhythm)), rhythm };
}

interface Piece {
  readonly curve: EnergyCurve;
  readonly fromS: number;
  readonly toS: number;
}

/** Doubts of the same cause in pieces of one window are independent. */
function mergeDoubts(doubts: readonly Doubt[]): Doubt[] {
  const causes = [...new Set(doubts.map(({ cause }) => cause))];
  return causes.map((cause) => {
    const same = doubts.filter((doubt) => doubt.cause === cause);
    const sigmaJ = rootSumSquare(same.map((doubt) => doubt.sigmaJ));
    const degrees = same.reduce((total, doubt) => total + (doubt.degrees ?? Number.POSITIVE_INFINITY), 0);
    return Number.isFinite(degrees) ? { cause, sigmaJ, degrees } : { cause, sigmaJ };
  });
}

/** Spread of power between the tenths of the covered time, W: what an unseen part may differ by. */
function unseenSpreadW(pieces: readonly Piece[], meanW: number): number {
  const powers = pieces.flatMap(({ curve, fromS, toS }) => {
    const lengthS = (toS - fromS) / 10;
    return Array.from({ length: 10 }, (_, i) => {
      const startS = fromS + i * lengthS;
      return (curve.energyJ(startS + lengthS) - curve.energyJ(startS)) / lengthS;
    });
  });
  return Math.sqrt(powers.reduce((total, power) => total + (power - meanW) ** 2, 0) / Math.max(1, powers.length));
}

/** What the gaps of a window may have held: by the counter itself where it went on, else at the mean power of what was seen. */
function gapDoubt(pieces: readonly Piece[], window: Window, meanW: number): Doubt {
  const spreadW = unseenSpreadW(pieces, meanW);
  const ends = [undefined, ...pieces].map((piece, i) => ({ before: piece, after: pieces[i] }));
  let [missingJ, sigmaJ] = [0, 0];
  for (const { before, after } of ends) {
    const gapS = (after?.fromS ?? window.toS) - (before?.toS ?? window.fromS);
    const counted = before && after && before.curve.origin !== undefined && before.curve.origin === after.curve.origin;
    missingJ += counted ? after.curve.energyJ(after.fromS) - before.curve.energyJ(before.toS) : meanW * gapS;
    sigmaJ += counted ? 0 : spreadW * gapS;
  }
  return { cause: "gaps", sigmaJ, missingJ };
}

function remarksOf({ rhythm, info }: Account, window: Window, coverage: number, stoodStill: boolean): string[] {
  const durationS = window.toS - window.fromS;
  const { updatePeriodS, pollPeriodS, gapLimitS } = rhythm;
  const shown = (seconds: number): string => `${Number(seconds.toPrecision(3))} s`;
  const found: readonly (readonly [boolean, string])[] = [
    [coverage === 0, "no readings in the window"],
    [coverage > 0 && coverage < 0.9995, `gaps longer than ${shown(gapLimitS)} are not filled`],
    [durationS < updatePeriodS, `window shorter than the update period (${shown(updatePeriodS)})`],
    [
      durationS >= updatePeriodS && durationS < pollPeriodS,
      `window shorter than the time between two reads (${shown(pollPeriodS)})`,
    ],
    [stoodStill && info.reads === "energy", "counter stood still"],
  ];
  return [...found.flatMap(([holds, text]) => (holds ? [text] : [])), ...rhythm.remarks];
}

/** True when a counter had time to move during the window's readings and did not. */
function standsStill({ info, rhythm }: Account, window: Window): boolean {
  if (info.reads !== "energy") return false;
  const atLeastS = Math.max(STILL_FLOOR_S, STILL_PERIODS * rhythm.updatePeriodS);
  let seenS = 0;
  for (const { timeS, values } of rhythm.stretches) {
    const first = timeS[0]! >= window.fromS ? 0 : intervalAt(timeS, window.fromS) + 1;
    const last = timeS.at(-1)! <= window.toS ? timeS.length - 1 : intervalAt(timeS, window.toS);
    if (last <= first) continue;
    // Cumulative joules never fall, so equal ends mean that nothing moved between.
    if (values[first] !== values[last]) return false;
    seenS += timeS[last]! - timeS[first]!;
  }
  return seenS >= atLeastS;
}

/**
 * Gross joules of a window.
 * @param account of the source, from accountOf
 * @param window on the trace's own clock; its end must come after its start
 */
export function energyIn(account: Account, window: Window): WindowEnergy {
  const durationS = window.toS - window.fromS;
  const pieces: Piece[] = account.curves
    .map((curve) => ({ curve, fromS: Math.max(curve.fromS, window.fromS), toS: Math.min(curve.toS, window.toS) }))
    .filter(({ fromS, toS }) => toS > fromS);
  const coveredS = pieces.reduce((total, { fromS, toS }) => total + toS - fromS, 0);
  const grossJ = pieces.reduce((sum, { curve, fromS, toS }) => sum + curve.energyJ(toS) - curve.energyJ(fromS), 0);
  const peaks = pieces.flatMap(({ curve, fromS, toS }) => curve.peakW(fromS, toS) ?? []);
  const coverage = durationS > 0 ? Math.min(1, coveredS / durationS) : 0;
  const meanPowerW = coveredS > 0 ? grossJ / coveredS : 0;
  const gapS = Math.max(0, durationS - coveredS);
  const doubts = mergeDoubts(pieces.flatMap(({ curve, fromS, toS }) => curve.doubts(fromS, toS)));
  if (coverage > 0 && gapS > 1e-9 * durationS) doubts.push(gapDoubt(pieces, window, meanPowerW));
  const stoodStill = standsStill(account, window);
  return {
    grossJ,
    coveredS,
    coverage,
    meanPowerW,
    peakPowerW: peaks.length > 0 ? Math.max(...peaks) : undefined,
    doubts,
    remarks: remarksOf(account, window, coverage, stoodStill),
    stoodStill,
  };
}
