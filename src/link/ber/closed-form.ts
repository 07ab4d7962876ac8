// Bit error ratios that are known exactly: Gray M-QAM in Gaussian noise [ChoYoon2002], and its mean over Rayleigh fading with maximum-ratio
// combining of independent branches [Proakis2001, 14.4-15]. What the simulator is held against.
import { normalCdf } from "../../math/distribution.ts";
import { constellationOf, type Modulation } from "../qam.ts";

/** The ratio as Σ weight·Q(√(2·share·snr)). */
interface Term {
  readonly weight: number;
  readonly share: number;
}

/** [ChoYoon2002, eqs. 14 and 16] with erfc(x) = 2·Q(x√2). */
function termsOf(modulation: Modulation): readonly Term[] {
  const perAxis = constellationOf(modulation).bits / 2;
  const side = 2 ** perAxis;
  const terms: Term[] = [];
  for (let k = 1; k <= perAxis; k++)
    for (let i = 0; i <= (1 - 2 ** -k) * side - 1; i++) {
      const step = (i * 2 ** (k - 1)) / side;
      const weight = (-1) ** Math.floor(step) * (2 ** (k - 1) - Math.floor(step + 0.5));
      terms.push({ weight: (2 * weight) / (side * perAxis), share: (1.5 * (2 * i + 1) ** 2) / (side * side - 1) });
    }
  return terms;
}

/** In Gaussian noise. @param snr Es/N0 after combining, not in decibels */
export function awgnBer(modulation: Modulation, snr: number): number {
  return termsOf(modulation).reduce(
    (sum, { weight, share }) => sum + weight * normalCdf(-Math.sqrt(2 * share * snr)),
    0,
  );
}

function choose(n: number, k: number): number {
  return k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k;
}

/** E[Q(√(2·mean·g))], g the sum of `branches` independent unit-mean exponentials. */
function meanQ(mean: number, branches: number): number {
  const mu = Math.sqrt(mean / (1 + mean));
  const miss = 1 / (2 * (1 + mean) * (1 + mu)); // (1 − µ)/2 without cancellation
  let sum = 0;
  for (let j = 0; j < branches; j++) sum += choose(branches - 1 + j, j) * ((1 + mu) / 2) ** j;
  return miss ** branches * sum;
}

/** Over Rayleigh fading with a known channel. @param meanSnr Es/N0 per branch, not in decibels. @param branches receive antennas */
export function rayleighBer(modulation: Modulation, meanSnr: number, branches = 1): number {
  return termsOf(modulation).reduce((sum, { weight, share }) => sum + weight * meanQ(share * meanSnr, branches), 0);
}
