// Means over Rayleigh fading, |h|² exponential. The mean of 1/R diverges: near |h|² = 0 the rate goes to 0 like |h|², and ∫dg/g has no
// end. So either nothing is sent below a gain that is undercut with a stated probability (truncation, [GoldsmithVaraiya1997]),
// or a message lasts over many fades and only ∫R dt counts. Never a mean of samples, which would depend on their number.

/** Steps of the integral over t = ln g. */
const STEP = 1 / 64;
/** ln of the greatest gain that counts: e^−e^4.5 is below 1e-39. */
const TOP = 4.5;

export interface Truncation {
  /** Mean gain. Default 1. */
  readonly meanGainRatio?: number;
  /** Share of the time when the gain is too low and nothing is sent, in (0, 1). Default 0.01. */
  readonly outageRatio?: number;
}

export const DEFAULT_OUTAGE = 0.01;

/** Gain below which nothing is sent. */
export function truncationGain({ meanGainRatio = 1, outageRatio = DEFAULT_OUTAGE }: Truncation = {}): number {
  return -meanGainRatio * Math.log1p(-outageRatio);
}

/**
 * The truncation for a rate that is 0 below some gain, as short blocks have it: 1/R has no mean from there on either, so that gain is
 * added to the one below which nothing is sent, unless the truncation lies above it as it is. Exponential gains have no memory: of the
 * time above `leastOpenGain` the same share is left out.
 */
export function truncationAbove(leastOpenGain: number, truncation: Truncation = {}): Required<Truncation> {
  const { meanGainRatio = 1, outageRatio = DEFAULT_OUTAGE } = truncation;
  const least = truncationGain(truncation);
  if (leastOpenGain === 0 || leastOpenGain < least) return { meanGainRatio, outageRatio };
  return { meanGainRatio, outageRatio: -Math.expm1(-(leastOpenGain + least) / meanGainRatio) };
}

/**
 * Mean of `f` over the gains at which something is sent: ∫ f(g) p(g) dg over g ≥ g0, divided by their probability. Simpson's rule
 * over ln g.
 * @param f of a gain |h|² above 0
 */
export function meanOverRayleigh(f: (gainRatio: number) => number, truncation: Truncation = {}): number {
  const mean = truncation.meanGainRatio ?? 1;
  const bottom = Math.log(truncationGain(truncation) / mean);
  const steps = 2 * Math.ceil((TOP - bottom) / (2 * STEP));
  const step = (TOP - bottom) / steps;
  let sum = 0;
  let weights = 0;
  for (let i = 0; i <= steps; i++) {
    const gain = Math.exp(bottom + i * step);
    const weight = gain * Math.exp(-gain) * (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2);
    sum += weight * f(mean * gain);
    weights += weight;
  }
  return sum / weights;
}
