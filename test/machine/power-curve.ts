// Power over time whose integral is known exactly: pieces that are straight lines, with jumps between them allowed. The truth that
// simulated meters look at. A seed makes it; nothing here knows of meters.
import type { Random } from "../../src/math/random.ts";

/** Power of one component over [fromS, toS]. Outside, the first or last power goes on. */
export interface PowerCurve {
  readonly fromS: number;
  readonly toS: number;
  /** W at a time (just after it, at a jump). */
  powerW(timeS: number): number;
  /** J from fromS to a time, exact. */
  energyJ(timeS: number): number;
}

/** A feature of a curve: it adds power between two times, running straight from one power to the other. */
export interface Feature {
  readonly fromS: number;
  readonly toS: number;
  readonly startW: number;
  readonly endW: number;
}

/** Sums features into a curve. Exact: every start and end is a knot. */
export function powerCurve(fromS: number, toS: number, features: readonly Feature[]): PowerCurve {
  const inside = (time: number): boolean => time > fromS && time < toS;
  const edges = features.flatMap((feature) => [feature.fromS, feature.toS]).filter(inside);
  const knots = Float64Array.from(new Set([fromS, ...edges, toS])).sort();
  const starts = new Float64Array(knots.length - 1);
  const ends = new Float64Array(knots.length - 1);
  const position = new Map(Array.from(knots, (time, i) => [time, i]));
  for (const feature of features) {
    const slope = (feature.endW - feature.startW) / (feature.toS - feature.fromS);
    const first = feature.fromS <= fromS ? 0 : (position.get(feature.fromS) ?? knots.length);
    for (let i = first; i < starts.length && knots[i]! < feature.toS; i++) {
      starts[i]! += feature.startW + slope * (knots[i]! - feature.fromS);
      ends[i]! += feature.startW + slope * (knots[i + 1]! - feature.fromS);
    }
  }
  const energy = new Float64Array(knots.length);
  for (let i = 0; i < starts.length; i++)
    energy[i + 1] = energy[i]! + ((starts[i]! + ends[i]!) / 2) * (knots[i + 1]! - knots[i]!);
  const last = starts.length - 1;
  const pieceAt = (time: number): number => {
    let [low, high] = [0, last];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (knots[middle]! <= time) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const powerAt = (i: number, time: number): number => {
    const share = Math.max(0, Math.min(1, (time - knots[i]!) / (knots[i + 1]! - knots[i]!)));
    return starts[i]! + (ends[i]! - starts[i]!) * share;
  };
  return {
    fromS,
    toS,
    powerW: (time) => powerAt(pieceAt(time), time),
    energyJ: (time) => {
      if (time < fromS) return (time - fromS) * starts[0]!;
      if (time > toS) return energy[last + 1]! + (time - toS) * ends[last]!;
      const i = pieceAt(time);
      return energy[i]! + ((starts[i]! + powerAt(i, time)) / 2) * (time - knots[i]!);
    },
  };
}

/** The sum of curves, as a package holds its cores. */
export function sumCurve(curves: readonly PowerCurve[]): PowerCurve {
  return {
    fromS: Math.max(...curves.map(({ fromS }) => fromS)),
    toS: Math.min(...curves.map(({ toS }) => toS)),
    powerW: (time) => curves.reduce((total, curve) => total + curve.powerW(time), 0),
    energyJ: (time) => curves.reduce((total, curve) => total + curve.energyJ(time), 0),
  };
}

/** Idle level that moves straight from one power to another. */
export const level = (fromS: number, toS: number, startW: number, endW = startW): Feature => ({
  fromS,
  toS,
  startW,
  endW,
});

/** Noise with memory: steps of `stepS` around 0 with standard deviation `sigmaW` and correlation `memory` from step to step. */
export function noise(
  fromS: number,
  toS: number,
  stepS: number,
  sigmaW: number,
  memory: number,
  random: Random,
): Feature[] {
  const features: Feature[] = [];
  let value = sigmaW * random.normal();
  for (let i = 0; fromS + i * stepS < toS; i++) {
    features.push(level(fromS + i * stepS, Math.min(toS, fromS + (i + 1) * stepS), value));
    value = memory * value + Math.sqrt(1 - memory * memory) * sigmaW * random.normal();
  }
  return features;
}

/** Bursts at random times, none overlapping another: pauses and bursts last `meanPauseS` and `meanBurstS` on average. */
export function bursts(
  fromS: number,
  toS: number,
  powerW: number,
  meanPauseS: number,
  meanBurstS: number,
  random: Random,
): Feature[] {
  const features: Feature[] = [];
  const draw = (meanS: number): number => Math.max(1e-3, -Math.log(1 - random.uniform()) * meanS);
  for (let time = fromS + draw(meanPauseS); time < toS; time += draw(meanPauseS)) {
    const endS = Math.min(toS, time + draw(meanBurstS));
    features.push(level(time, endS, powerW * (0.5 + random.uniform())));
    time = endS;
  }
  return features;
}

/** Ramps one after another over the whole time, each from where the last one ended to a random power below `mostW`. */
export function ramps(fromS: number, toS: number, mostW: number, meanS: number, random: Random): Feature[] {
  const features: Feature[] = [];
  let power = mostW * random.uniform();
  for (let time = fromS; time < toS; ) {
    const endS = Math.min(toS, time + meanS * (0.5 + random.uniform()));
    const next = mostW * random.uniform();
    features.push(level(time, endS, power, next));
    power = next;
    time = endS;
  }
  return features;
}
