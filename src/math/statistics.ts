// Describing numbers: centre, spread, correlation, error. Not inference about energy: these know no units.

export function sum(values: Iterable<number>): number {
  // Neumaier's compensated sum: totals of layers must equal the whole.
  let total = 0;
  let lost = 0;
  for (const value of values) {
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

/** Arithmetic mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** Sample variance (n − 1); 0 for a single value, NaN of nothing. */
export function variance(values: readonly number[]): number {
  if (values.length === 1) return 0;
  const centre = mean(values);
  return sum(values.map((value) => (value - centre) ** 2)) / (values.length - 1);
}

export function standardDeviation(values: readonly number[]): number {
  return Math.sqrt(variance(values));
}

/** The `ratio` quantile in [0, 1], linear between order statistics (type 7 of Hyndman and Fan). NaN of nothing. */
export function quantile(values: ArrayLike<number>, ratio: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = (sorted.length - 1) * ratio;
  const low = Math.floor(at);
  const below = sorted[low];
  if (below === undefined) return Number.NaN;
  return below + (at - low) * ((sorted[low + 1] ?? below) - below);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Median distance from the median, times 1.4826: a spread that outliers do not move, equal to σ for normal data. */
export function robustDeviation(values: readonly number[]): number {
  const centre = median(values);
  return 1.4826 * median(values.map((value) => Math.abs(value - centre)));
}

function paired(x: readonly number[], y: readonly number[]): void {
  if (x.length !== y.length) throw new RangeError(`series of ${x.length} and ${y.length} values cannot be paired`);
}

/** Pearson's r in [−1, 1]; NaN when either series is constant. */
export function pearson(x: readonly number[], y: readonly number[]): number {
  paired(x, y);
  const [mx, my] = [mean(x), mean(y)];
  const covariance = sum(x.map((value, i) => (value - mx) * (y[i]! - my)));
  const spread = Math.sqrt(sum(x.map((value) => (value - mx) ** 2)) * sum(y.map((value) => (value - my) ** 2)));
  return spread === 0 ? Number.NaN : Math.max(-1, Math.min(1, covariance / spread));
}

/** Ranks from 1; ties share the mean of their ranks. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const result = new Array<number>(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end + 1 < order.length && values[order[end + 1]!] === values[order[start]!]) end++;
    for (let i = start; i <= end; i++) result[order[i]!] = (start + end) / 2 + 1;
    start = end + 1;
  }
  return result;
}

/** Spearman's ρ in [−1, 1]: Pearson's r of the ranks. */
export function spearman(x: readonly number[], y: readonly number[]): number {
  return pearson(ranks(x), ranks(y));
}

/** Coefficient of determination, 1 − SS_res/SS_tot: can be below 0. NaN when the truth is constant. */
export function rSquared(truth: readonly number[], predicted: readonly number[]): number {
  paired(truth, predicted);
  const centre = mean(truth);
  const total = sum(truth.map((value) => (value - centre) ** 2));
  const rest = sum(truth.map((value, i) => (value - predicted[i]!) ** 2));
  return total === 0 ? Number.NaN : 1 - rest / total;
}

export function meanSquaredError(truth: readonly number[], predicted: readonly number[]): number {
  paired(truth, predicted);
  return mean(truth.map((value, i) => (value - predicted[i]!) ** 2));
}

/** Mean absolute relative error, a ratio (0.1 = 10 %). Rows whose truth is 0 are left out; NaN if none is left. */
export function meanAbsoluteRelativeError(truth: readonly number[], predicted: readonly number[]): number {
  paired(truth, predicted);
  return mean(truth.flatMap((value, i) => (value === 0 ? [] : [Math.abs((predicted[i]! - value) / value)])));
}
