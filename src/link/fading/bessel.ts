// The Bessel function J0, which is the autocorrelation of Jakes' fading, by its integral (1/π)∫cos(x sin θ)dθ: the midpoint rule over a
// whole period converges faster than any power of the step [DLMF, 3.5(i), 10.9.1].

/** J0(x). Absolute error below 1e-14 for |x| up to 1,000. */
export function besselJ0(x: number): number {
  const points = 32 + Math.ceil(Math.abs(x));
  let sum = 0;
  for (let i = 0; i < points; i++) sum += Math.cos(x * Math.sin((Math.PI * (i + 0.5)) / points));
  return sum / points;
}
