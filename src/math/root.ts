// Where a function of one number crosses zero. Not for many dimensions, not for minima.

/**
 * Root of a continuous `f` between two ends of unlike sign, by bisection with the secant tried first (Dekker).
 * @param tolerance half-width of the answer, in the unit of x. Default 1e-12 relative to the interval.
 * @throws RangeError when f has the same sign at both ends
 */
export function findRoot(
  f: (x: number) => number,
  low: number,
  high: number,
  tolerance = Math.abs(high - low) * 1e-12,
): number {
  let [a, b, fa, fb] = [low, high, f(low), f(high)];
  if (fa === 0) return a;
  if (fb === 0) return b;
  if (Math.sign(fa) === Math.sign(fb)) throw new RangeError(`no sign change between ${low} and ${high}`);
  for (let i = 0; i < 200 && Math.abs(b - a) > tolerance; i++) {
    const middle = (a + b) / 2;
    const secant = b - (fb * (b - a)) / (fb - fa);
    // The secant is taken every second time, so that the interval at least halves every two steps.
    const x = i % 2 === 0 && secant > Math.min(a, b) && secant < Math.max(a, b) ? secant : middle;
    const fx = f(x);
    if (fx === 0) return x;
    if (Math.sign(fx) === Math.sign(fa)) [a, fa] = [x, fx];
    else [b, fb] = [x, fx];
  }
  return Math.abs(fa) < Math.abs(fb) ? a : b;
}
