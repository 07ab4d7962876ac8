// Joules of one source in one window, gross: Δenergy over measured, monotonic time, with coverage and doubts. Gaps longer than
// max(3 × poll period, 1 s) are not filled: the joules are those of the covered time, the coverage says how much that is, and
// what the gaps may have held goes into the interval ("gaps"). Nothing covered is no joules, not 0 J. No baseline (baseline.ts)
// and no sums over sources (measure.ts).
import { counterCurve } from "./counter-curve.ts";
import { type EnergyCurve, rootSumSquare } from "./energy-curve.ts";
import { gaugeCurve } from "./gauge-curve.ts";
import { EVEN_EXCESS } from "./interval.ts";
import { type Doubt, LEAST_COVERAGE } from "./measurement.ts";
import type { SourceInfo } from "./power-source.ts";
import { type Stretches, stretchesOf } from "./stretches.ts";
import type { Trace, Window } from "./trace.ts";

/** A trace made ready to be asked for windows: do this once, ask often. */
export interface Account {
  readonly info: SourceInfo;
  readonly curves: readonly EnergyCurve[];
  readonly rhythm: Stretches;
  /** Most that the source may draw where it is not seen, W: the highest power of the whole recording, or its stated limit if that is more. */
  readonly ceilingW: number;
}

/** Gross joules of one source in one window. */
export interface WindowEnergy {
  /** Undefined when nothing is covered. */
  readonly grossJ: number | undefined;
  /** Time of the window that readings cover, s. */
  readonly coveredS: number;
  /** coveredS over the window's duration, in [0, 1]. */
  readonly coverage: number;
  /** grossJ / coveredS, W. */
  readonly meanPowerW: number | undefined;
  readonly peakPowerW: number | undefined;
  readonly doubts: readonly Doubt[];
  readonly remarks: readonly string[];
}

export function accountOf(trace: Trace): Account {
  const rhythm = stretchesOf(trace);
  const make = trace.info.reads === "energy" ? counterCurve : gaugeCurve;
  const curves = rhythm.stretches.map((stretch) => make(stretch, rhythm));
  const seenW = curves.reduce((most, curve) => Math.max(most, curve.peakW(curve.fromS, curve.toS) ?? 0), 0);
  return { info: trace.info, curves, rhythm, ceilingW: Math.max(seenW, trace.info.maxPowerW ?? 0) };
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

/**
 * Power of an unseen time and its standard deviation, W. A window that was seen well enough speaks for its gaps; the less was
 * seen, the more any power from 0 to the ceiling is taken as evenly likely: σ = width / √12.
 */
function unseenPower(pieces: readonly Piece[], meanW: number, coverage: number, ceilingW: number) {
  const blind = Math.max(0, 1 - coverage / LEAST_COVERAGE);
  const evenVariance = (blind * ceilingW ** 2) / 12;
  const variance = (1 - blind) * unseenSpreadW(pieces, meanW) ** 2 + evenVariance;
  return {
    powerW: (1 - blind) * meanW + (blind * ceilingW) / 2,
    sigmaW: Math.sqrt(variance),
    excess: variance > 0 ? EVEN_EXCESS * (evenVariance / variance) ** 2 : 0,
  };
}

/** What the gaps of a window may have held: by the counter itself where it went on, else at the power of unseenPower. */
function gapDoubt(pieces: readonly Piece[], window: Window, coverage: number, meanW: number, ceilingW: number): Doubt {
  const { powerW, sigmaW, excess } = unseenPower(pieces, meanW, coverage, ceilingW);
  const ends = [undefined, ...pieces].map((piece, i) => ({ before: piece, after: pieces[i] }));
  let [missingJ, sigmaJ] = [0, 0];
  for (const { before, after } of ends) {
    const gapS = (after?.fromS ?? window.toS) - (before?.toS ?? window.fromS);
    const counted = before && after && before.curve.origin !== undefined && before.curve.origin === after.curve.origin;
    missingJ += counted ? after.curve.energyJ(after.fromS) - before.curve.energyJ(before.toS) : powerW * gapS;
    sigmaJ += counted ? 0 : sigmaW * gapS;
  }
  return { cause: "gaps", sigmaJ, missingJ, excess };
}

const shown = (seconds: number): string => `${Number(seconds.toPrecision(3))} s`;

/** Time of a window in which the counter stood still, s. */
const stillS = ({ still }: Stretches, window: Window): number =>
  still.reduce((sum, [fromS, toS]) => sum + Math.max(0, Math.min(toS, window.toS) - Math.max(fromS, window.fromS)), 0);

function remarksOf({ rhythm }: Account, window: Window, coverage: number): string[] {
  const durationS = window.toS - window.fromS;
  const { updatePeriodS, pollPeriodS, gapLimitS } = rhythm;
  const deadS = stillS(rhythm, window);
  const found: readonly (readonly [boolean, string])[] = [
    [coverage === 0 && deadS === 0, "no readings in the window"],
    [
      coverage > 0 && (1 - coverage) * durationS - deadS > 5e-4 * durationS,
      `gaps longer than ${shown(gapLimitS)} are not filled`,
    ],
    [durationS < updatePeriodS, `window shorter than the update period (${shown(updatePeriodS)})`],
    [
      durationS >= updatePeriodS && durationS < pollPeriodS,
      `window shorter than the time between two reads (${shown(pollPeriodS)})`,
    ],
    [deadS > 0, `counter stood still for ${shown(deadS)} of ${shown(durationS)}: not believed there`],
  ];
  return [...found.flatMap(([holds, text]) => (holds ? [text] : [])), ...rhythm.remarks];
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
  const coverage = durationS > 0 ? Math.min(1, coveredS / durationS) : 0;
  const remarks = remarksOf(account, window, coverage);
  if (coverage === 0) {
    // Never read at all: there is nothing to bound the unseen power by.
    const doubts = account.curves.length > 0 ? [gapDoubt([], window, 0, 0, account.ceilingW)] : [];
    return { grossJ: undefined, coveredS: 0, coverage, meanPowerW: undefined, peakPowerW: undefined, doubts, remarks };
  }
  const grossJ = pieces.reduce((sum, { curve, fromS, toS }) => sum + curve.energyJ(toS) - curve.energyJ(fromS), 0);
  const peaks = pieces.flatMap(({ curve, fromS, toS }) => curve.peakW(fromS, toS) ?? []);
  const meanPowerW = grossJ / coveredS;
  const doubts = mergeDoubts(pieces.flatMap(({ curve, fromS, toS }) => curve.doubts(fromS, toS)));
  if (durationS - coveredS > 1e-9 * durationS)
    doubts.push(gapDoubt(pieces, window, coverage, meanPowerW, account.ceilingW));
  return {
    grossJ,
    coveredS,
    coverage,
    meanPowerW,
    peakPowerW: peaks.length > 0 ? Math.max(...peaks) : undefined,
    doubts,
    remarks,
  };
}
