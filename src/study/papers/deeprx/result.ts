// What is kept of a training, and what the figures read out of it: bit error ratios over SINR, their geometric mean, gains in dB.
import type { BitErrorRatio } from "../../../link/ber/tally.ts";
import { mean, standardDeviation } from "../../../math/statistics.ts";

/** Bit errors at one SINR, over all judging channels. */
export interface BerPoint extends BitErrorRatio {
  readonly sinrDb: number;
  /** OFDM symbols with pilots. */
  readonly pilots: number;
  readonly bits: number;
  readonly errors: number;
}

/** A training that has ended and was judged. */
export interface TrainingRecord {
  readonly id: string;
  readonly macs: number;
  readonly params: number;
  readonly steps: number;
  readonly seconds: number;
  /** Of the training; undefined where nothing could be read. */
  readonly energyJ: number | undefined;
  /** Mean losses by tenth of the steps. */
  readonly losses: readonly number[];
  readonly ber: readonly BerPoint[];
}

/** The least ratio that a count can tell: half an error. */
export const berFloor = (bits: number): number => 1 / (2 * bits);

/** log10 of the geometric mean of BER over SINR: zero errors count as the floor. */
export function logMeanBer(points: readonly BerPoint[]): number {
  return mean(points.map(({ ber, bits }) => Math.log10(Math.max(ber, berFloor(bits)))));
}

/** Curve of one number of pilots, by SINR. */
export const curveOf = (points: readonly BerPoint[], pilots: number): readonly BerPoint[] =>
  points.filter((point) => point.pilots === pilots).toSorted((a, b) => a.sinrDb - b.sinrDb);

/**
 * SINR at which a curve falls to a ratio, dB: straight between points in log10 BER.
 * @returns undefined where it never does within the points
 */
export function sinrAt(curve: readonly BerPoint[], ber: number): number | undefined {
  const logOf = (point: BerPoint) => Math.log10(Math.max(point.ber, berFloor(point.bits)));
  const wanted = Math.log10(ber);
  const next = curve.findIndex((point) => logOf(point) <= wanted);
  if (next < 0) return undefined;
  if (next === 0) return curve[0]!.sinrDb;
  const [a, b] = [curve[next - 1]!, curve[next]!];
  const share = (logOf(a) - wanted) / (logOf(a) - logOf(b));
  return a.sinrDb + share * (b.sinrDb - a.sinrDb);
}

/** A mean over seeds with its spread. */
export interface Spread {
  readonly mean: number;
  /** One standard deviation between seeds; undefined with a single one. */
  readonly deviation: number | undefined;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  return {
    mean: mean(values),
    deviation: values.length < 2 ? undefined : standardDeviation(values),
    low: Math.min(...values),
    high: Math.max(...values),
    n: values.length,
  };
}
