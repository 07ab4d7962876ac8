// Rayleigh fading in time: a sum of sinusoids whose angles of arrival are spread over the circle (Clarke's and Jakes' model [Jakes1974]).
// Each sinusoid has a complex Gaussian weight, so that the gain is exactly Rayleigh with any number of them, and the angles are turned
// together by a random amount, so that the autocorrelation over draws is exactly J0(2π f_D τ).
import type { Random } from "../../math/random.ts";
import { type ComplexSeries, complexSeries } from "./rayleigh.ts";

/** Sinusoids per gain. Sixteen keep each single draw's own spectrum close to Jakes'. */
const SINUSOIDS = 16;

/** Times at which a gain is wanted: t = 0, step, 2·step, … */
export interface TimeGrid {
  readonly count: number;
  readonly stepS: number;
}

/**
 * Adds one fading gain, h(t) = Σ_n w_n·exp(j2π f_D cos(α_n) t) with w_n complex normal, to `into` from `offset` on.
 * @param power E|h|²
 * @param dopplerHz f_D, at least 0
 */
export function addJakesGain(
  into: ComplexSeries,
  offset: number,
  power: number,
  dopplerHz: number,
  times: TimeGrid,
  random: Random,
): void {
  const { re, im } = into;
  const { count, stepS } = times;
  if (dopplerHz === 0) {
    const scale = Math.sqrt(power / 2);
    const [x, y] = [scale * random.normal(), scale * random.normal()];
    for (let t = offset; t < offset + count; t++) {
      re[t]! += x;
      im[t]! += y;
    }
    return;
  }
  const scale = Math.sqrt(power / (2 * SINUSOIDS));
  const turned = random.uniform();
  for (let n = 0; n < SINUSOIDS; n++) {
    const phaseStep = 2 * Math.PI * dopplerHz * stepS * Math.cos((2 * Math.PI * (n + turned)) / SINUSOIDS);
    const [c, s] = [Math.cos(phaseStep), Math.sin(phaseStep)];
    let x = scale * random.normal();
    let y = scale * random.normal();
    for (let t = offset; t < offset + count; t++) {
      re[t]! += x;
      im[t]! += y;
      const turnedX = x * c - y * s;
      y = x * s + y * c;
      x = turnedX;
    }
  }
}

/** Angles of a long series: it is one draw, whose own average over time should be near the ensemble's. */
const LONG_SINUSOIDS = 64;

/**
 * A time series of one Rayleigh-fading gain with Jakes' spectrum, mean power 1: |h|² is `re² + im²`.
 * @param count of samples
 * @param stepS between samples, above 0
 * @param dopplerHz greatest Doppler shift, f_D = speed·carrier frequency/c; at least 0 (0: constant)
 */
export function jakesSeries(count: number, stepS: number, dopplerHz: number, random: Random): ComplexSeries {
  const series = complexSeries(count);
  const repeats = dopplerHz === 0 ? 1 : LONG_SINUSOIDS / SINUSOIDS;
  for (let i = 0; i < repeats; i++) addJakesGain(series, 0, 1 / repeats, dopplerHz, { count, stepS }, random);
  return series;
}

/** |h|² of a series. */
export function powersOf({ re, im }: ComplexSeries): Float64Array {
  return re.map((x, i) => x * x + im[i]! ** 2);
}
