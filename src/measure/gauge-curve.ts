// Energy over time from a power gauge: the trapezoid over its readings, each dated to the middle of what it looked at. The
// trapezoid, not a hold: a hold is late by half a period and so wrong wherever power rises over the window; a trapezoid errs
// equally to both sides for a jump that falls anywhere between two readings. What happened between readings is not known;
// how much that matters is read off the variogram of the readings, as in geostatistics [Matheron1963]. Not for counters.
import { type EnergyCurve, intervalAt, rootSumSquare } from "./energy-curve.ts";
import type { Doubt } from "./measurement.ts";
import type { Stretch, Stretches } from "./stretches.ts";

interface Points {
  readonly timeS: number[];
  readonly powerW: number[];
}

/** One point per update, dated back by half of `freshS`, the time a number has stood: reads faster than the gauge updates repeat its last number and must not count as new readings. */
function pointsOf({ timeS, values }: Stretch, updatePeriodS: number, freshS: number, averagingS: number): Points {
  const points: Points = { timeS: [], powerW: [] };
  let lastS = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < timeS.length; i++) {
    const waitS = i === 0 ? freshS : timeS[i]! - timeS[i - 1]!;
    const ageS = Math.min(waitS, freshS) / 2;
    const fresh = i === 0 || values[i] !== values[i - 1] || timeS[i]! - lastS >= 1.5 * updatePeriodS;
    const atS = timeS[i]! - ageS - averagingS / 2;
    if (!fresh || atS <= (points.timeS.at(-1) ?? Number.NEGATIVE_INFINITY)) continue;
    lastS = timeS[i]!;
    points.timeS.push(atS);
    points.powerW.push(values[i]!);
  }
  return points;
}

/** Variance per reading of noise without memory, and of drift between neighbours, W², with the number of differences behind it. */
function variogram(powerW: readonly number[]): { noise: number; drift: number; degrees: number } {
  const squares = (lag: number): number[] => powerW.slice(lag).map((power, i) => (power - powerW[i]!) ** 2);
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
  const near = squares(1);
  const one = mean(near);
  const two = powerW.length > 2 ? mean(squares(2)) : one;
  const drift = Math.max(0, Math.min(one, two - one));
  // Degrees of a variance from its own scatter, 2 μ² / (σ² / n); differences of neighbours share readings, so never above 2n/3.
  const scatter = mean(near.map((square) => (square - one) ** 2));
  const most = Math.max(1, (2 * near.length) / 3);
  const degrees = scatter > 0 ? Math.min(most, Math.max(1, (2 * near.length * one ** 2) / scatter)) : most;
  return { noise: (one - drift) / 2, drift, degrees };
}

/** @param stretch readings in W, at least two */
export function gaugeCurve(stretch: Stretch, { info, updatePeriodS, pollPeriodS }: Stretches): EnergyCurve {
  const averagingS = (info.dutyRatio ?? 0) * updatePeriodS;
  // A number that changes at every read was renewed at some unknown time since the last one, if not at the read itself: a log of
  // one reading a second says nothing of its age, and shifting it by half a second would tilt every slope.
  const freshS = info.updatePeriodS ?? (updatePeriodS > 1.5 * pollPeriodS ? updatePeriodS : 0);
  const { timeS, powerW } = pointsOf(stretch, updatePeriodS, freshS, averagingS);
  if (timeS.length === 1) {
    timeS.push(stretch.timeS.at(-1)! + updatePeriodS);
    powerW.push(powerW[0]!);
  }
  const energyJ = [0];
  for (let i = 1; i < timeS.length; i++)
    energyJ.push(energyJ[i - 1]! + ((powerW[i]! + powerW[i - 1]!) / 2) * (timeS[i]! - timeS[i - 1]!));
  const last = timeS.length - 1;

  const at = (time: number): number => {
    if (time <= timeS[0]!) return (time - timeS[0]!) * powerW[0]!;
    if (time >= timeS[last]!) return energyJ[last]! + (time - timeS[last]!) * powerW[last]!;
    const k = intervalAt(timeS, time);
    const part = time - timeS[k]!;
    const slope = (powerW[k + 1]! - powerW[k]!) / (timeS[k + 1]! - timeS[k]!);
    return energyJ[k]! + part * (powerW[k]! + (slope * part) / 2);
  };
  /** Indices of the points in [fromS, toS], and `more` on each side. */
  const around = (fromS: number, toS: number, more: number): [number, number] => [
    Math.max(0, intervalAt(timeS, fromS) - more),
    Math.min(last, intervalAt(timeS, toS) + 1 + more),
  ];
  /** A power jump at the edge itself is drawn as a slope over a whole interval: rms 0.22 of jump × interval. */
  const edgeJ = (time: number): number => {
    const [from, to] = around(time, time, 1);
    let jump = 0;
    for (let i = from; i < to; i++)
      jump = Math.max(jump, Math.abs(powerW[i + 1]! - powerW[i]!) * (timeS[i + 1]! - timeS[i]!));
    return 0.22 * jump;
  };

  return {
    fromS: stretch.fromS,
    toS: stretch.toS,
    origin: undefined,
    energyJ: at,
    doubts: (fromS, toS) => {
      const [from, to] = around(fromS, toS, 2);
      const seen = powerW.slice(from, to + 1);
      const spacingS = (timeS[to]! - timeS[from]!) / (to - from);
      const lookedRatio = Math.min(1, averagingS / spacingS);
      const { noise, drift, degrees } = variogram(seen);
      const varianceW2 = (1 - lookedRatio) * (noise + drift / 12);
      const averagingJ = Math.sqrt((toS - fromS) * spacingS * varianceW2);
      const shiftJ =
        (Math.abs(at(toS) - at(toS - spacingS) - at(fromS) + at(fromS - spacingS)) / spacingS) *
        (Math.min(updatePeriodS, pollPeriodS) / 2 / Math.sqrt(3));
      const resolution = info.resolution ?? 0;
      const spreadW = seen.reduce((a, b) => Math.max(a, b), 0) - seen.reduce((a, b) => Math.min(a, b), Infinity);
      // Readings that hardly move are all rounded the same way; otherwise the rounding errors average out.
      const independent = spreadW > 2 * resolution ? Math.max(1, (toS - fromS) / spacingS) : 1;
      const doubts: Doubt[] = [
        { cause: "averaging", sigmaJ: averagingJ, degrees },
        { cause: "update period", sigmaJ: rootSumSquare([edgeJ(fromS), edgeJ(toS), shiftJ]) },
        { cause: "meter resolution", sigmaJ: ((resolution / Math.sqrt(12)) * (toS - fromS)) / Math.sqrt(independent) },
      ];
      return doubts;
    },
    peakW: (fromS, toS) => {
      let peak: number | undefined;
      for (let i = intervalAt(timeS, fromS); i <= last && timeS[i]! <= toS; i++)
        if (timeS[i]! >= fromS) peak = Math.max(peak ?? 0, powerW[i]!);
      return peak;
    },
  };
}
