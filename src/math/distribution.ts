// Normal and Student t: cumulative distribution and quantile, for intervals. Not a statistics package.
// t goes through the regularised incomplete beta function, as a continued fraction [DLMF, 8.17.22].
import { findRoot } from "./root.ts";

/** Lanczos coefficients, g = 7, nine terms [Godfrey2001]. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln Γ(x) for x > 0; relative error below 1e-13. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const t = x + 6.5;
  const series = LANCZOS.reduce((total, c, i) => (i === 0 ? c : total + c / (x - 1 + i)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
}

/** Lentz's evaluation of the continued fraction of the incomplete beta function. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m <= 500; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return h;
}

/** Regularised incomplete beta function I_x(a, b), for x in [0, 1] and a, b > 0. */
export function regularisedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

/** P(T ≤ t) of Student's t. @param degrees of freedom, > 0, not necessarily whole; Infinity is the normal distribution */
export function studentCdf(t: number, degrees: number): number {
  if (degrees > 1e7) return normalCdf(t);
  const tail = 0.5 * regularisedBeta(degrees / (degrees + t * t), degrees / 2, 0.5);
  return t > 0 ? 1 - tail : tail;
}

/** P(F > f) of Fisher's distribution: the tail that a test of variances asks for. @param f ≥ 0; degrees of freedom > 0 */
export function fisherTail(f: number, numerator: number, denominator: number): number {
  return regularisedBeta(denominator / (denominator + numerator * f), denominator / 2, numerator / 2);
}

/**
 * Quantile of Student's t: the value below which `probability` lies.
 * @param probability in (0, 1)
 * @param degrees of freedom, at least 0.5; Infinity is the normal distribution
 */
export function studentQuantile(probability: number, degrees: number): number {
  if (!(probability > 0 && probability < 1)) throw new RangeError(`probability ${probability} is not in (0, 1)`);
  if (degrees > 1e7) return normalQuantile(probability);
  if (probability === 0.5) return 0;
  if (probability < 0.5) return -studentQuantile(1 - probability, degrees);
  let high = 2;
  while (studentCdf(high, degrees) < probability) high *= 2;
  return findRoot((t) => studentCdf(t, degrees) - probability, 0, high, high * 1e-13);
}

/** P(Z ≤ z) of the standard normal distribution, by the series of Φ near 0 and the continued fraction in the tails. */
export function normalCdf(z: number): number {
  const size = Math.abs(z);
  if (size > 38) return z > 0 ? 1 : 0;
  const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
  if (size < 5) {
    let term = z;
    let total = z;
    for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(total) && n < 400; n += 2) {
      term *= (z * z) / n;
      total += term;
    }
    return 0.5 + density * total;
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / (size + fraction);
  const tail = density / (size + fraction);
  return z > 0 ? 1 - tail : tail;
}

/** Quantile of the standard normal distribution. @param probability in (0, 1) */
export function normalQuantile(probability: number): number {
  if (!(probability > 0 && probability < 1)) throw new RangeError(`probability ${probability} is not in (0, 1)`);
  if (probability > 0.5) return -normalQuantile(1 - probability);
  return probability === 0.5 ? 0 : findRoot((z) => normalCdf(z) - probability, -40, 0, 1e-13);
}
