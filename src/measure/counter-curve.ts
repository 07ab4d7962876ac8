// Energy over time from a counter that moves in steps. A reading is the energy at the last update, somewhere in the update
// period before the read; so each new value is a knot whose time is known to ± half the shorter of poll and update period.
// Inside the interval that a window's edge cuts, the power jump is placed where the neighbours' powers say it was (subcell
// resolution [Harten1989]): a job begins at a mark, not evenly over the interval. Not for gauges: gauge-curve.ts.
import { type EnergyCurve, intervalAt, rootSumSquare } from "./energy-curve.ts";
import type { Stretch, Stretches } from "./stretches.ts";

interface Knots {
  readonly timeS: number[];
  readonly energyJ: number[];
  /** Half-width of what is known of the time, s. */
  readonly halfS: number[];
}

/** One knot per new value. A value that stays for two update periods is a knot too: nothing was drawn. */
function knotsOf({ timeS, values }: Stretch, updatePeriodS: number): Knots {
  const knots: Knots = {
    timeS: [timeS[0]! - updatePeriodS / 2],
    energyJ: [values[0]!],
    halfS: [updatePeriodS / 2],
  };
  for (let i = 1; i < timeS.length; i++) {
    const waitS = timeS[i]! - timeS[i - 1]!;
    const halfS = Math.min(waitS, updatePeriodS) / 2;
    const atS = timeS[i]! - halfS;
    const lastS = knots.timeS[knots.timeS.length - 1]!;
    if (atS <= lastS || (values[i] === values[i - 1] && atS - lastS < 2 * updatePeriodS)) continue;
    knots.timeS.push(atS);
    knots.energyJ.push(values[i]!);
    knots.halfS.push(halfS);
  }
  return knots;
}

/** Bounds of what can have been drawn in the first `part` seconds of an interval, given powers between low and high. */
function bounds(energyJ: number, lengthS: number, part: number, lowW: number, highW: number): number {
  const rest = lengthS - part;
  const least = Math.max(lowW * part, energyJ - highW * rest);
  const most = Math.min(highW * part, energyJ - lowW * rest);
  return Math.max(0, most - least);
}

/** Variance of powers from interval to interval, W², by successive differences: what drifts slowly is not in it. */
function noiseVariance(powerW: readonly number[]): number {
  const squares = powerW.slice(1).map((power, i) => (power - powerW[i]!) ** 2 / 2);
  return squares.length > 0 ? squares.reduce((a, b) => a + b, 0) / squares.length : 0;
}

/** @param stretch readings in cumulative joules, at least two */
export function counterCurve(stretch: Stretch, { info, updatePeriodS }: Stretches): EnergyCurve {
  const { timeS, energyJ, halfS } = knotsOf(stretch, updatePeriodS);
  if (timeS.length === 1) {
    // The counter never moved: one flat piece, so that a window finds 0 J and its doubt.
    timeS.push(stretch.timeS.at(-1)!);
    energyJ.push(energyJ[0]!);
    halfS.push(updatePeriodS / 2);
  }
  const count = timeS.length - 1;
  const powerW = energyJ.slice(1).map((energy, i) => (energy - energyJ[i]!) / (timeS[i + 1]! - timeS[i]!));
  const near = (k: number, reach: number): number[] =>
    powerW.slice(Math.max(0, k - reach), Math.min(count, k + reach + 1));

  const at = (time: number): number => {
    const k = intervalAt(timeS, time);
    const part = time - timeS[k]!;
    const lengthS = timeS[k + 1]! - timeS[k]!;
    const own = powerW[k]!;
    const before = powerW[k - 1] ?? own;
    const after = powerW[k + 1] ?? own;
    if (part <= 0 || part >= lengthS || (own - before) * (after - own) <= 0) return energyJ[k]! + own * part;
    const jumpS = (lengthS * (own - after)) / (before - after);
    return part < jumpS ? energyJ[k]! + before * part : energyJ[k + 1]! - after * (lengthS - part);
  };

  /** Doubt of the energy at one edge: when the counter moved, and how the power ran inside the interval. */
  const edge = (time: number): { stepJ: number; shapeJ: number } => {
    const k = intervalAt(timeS, time);
    const lengthS = timeS[k + 1]! - timeS[k]!;
    const share = Math.max(0, Math.min(1, (time - timeS[k]!) / lengthS));
    // A mean over an interval hides how high a burst inside it was: the span seen nearby is taken once more on both sides.
    // These bounds are wide, so half their distance counts as five standard deviations (found on machines whose joules are known:
    // test/machine/coverage).
    const powers = near(k, 2);
    const spanW = Math.max(...powers) - Math.min(...powers);
    const lowW = Math.max(0, Math.min(...powers) - spanW);
    const highW = Math.max(...powers) + spanW;
    // Noise from interval to interval goes on inside an interval: a Brownian bridge between its ends.
    const noiseJ = lengthS * Math.sqrt(share * (1 - share) * noiseVariance(near(k, 8)));
    const outsideS = Math.max(0, timeS[k]! - time, time - timeS[k + 1]!);
    const left = (1 - share) * halfS[k]! * (near(k, 1)[0] ?? 0);
    const right = share * halfS[k + 1]! * (near(k, 1).at(-1) ?? 0);
    const shapeJ = bounds(powerW[k]! * lengthS, lengthS, share * lengthS, lowW, highW) + outsideS * (highW - lowW);
    return {
      stepJ: rootSumSquare([left, right]) / Math.sqrt(3),
      shapeJ: rootSumSquare([shapeJ / 10, noiseJ]),
    };
  };

  return {
    fromS: stretch.fromS,
    toS: stretch.toS,
    origin: stretch.series,
    energyJ: at,
    doubts: (fromS, toS) => {
      const [start, end] = [edge(fromS), edge(toS)];
      const sigmaJ = rootSumSquare([start.stepJ, end.stepJ, start.shapeJ, end.shapeJ]);
      const resolution = info.resolution ?? 0;
      return [
        { cause: "update period", sigmaJ },
        // The difference of two numbers that were each rounded to a step.
        { cause: "meter resolution", sigmaJ: resolution / Math.sqrt(6) },
      ];
    },
    peakW: (fromS, toS) => {
      let peak: number | undefined;
      for (let k = intervalAt(timeS, fromS); k < count && timeS[k]! < toS; k++)
        if (timeS[k + 1]! > fromS) peak = Math.max(peak ?? 0, powerW[k]!);
      return peak;
    },
  };
}
