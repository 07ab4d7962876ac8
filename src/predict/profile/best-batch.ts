// Which batch size needs least joules for a sample, and which others cannot be told from it. Measuring them is the command's business.

/** One batch size; joules of one sample. */
export interface BatchJoules {
  /** Above idle where idle power was recorded, J; its 95 % interval. */
  readonly perSampleJ: number;
  readonly lowJ: number;
  readonly highJ: number;
  /** Idle power included, J. */
  readonly grossPerSampleJ: number;
}

export interface BestBatch<Row> {
  readonly best: Row;
  /** Net joules of the least could be 0, and say nothing: joules with idle power have decided. */
  readonly isByGross: boolean;
  /** Others whose interval overlaps that of the best. */
  readonly alike: readonly Row[];
}

/** @param rows one or more */
export function bestBatch<Row extends BatchJoules>(rows: readonly Row[]): BestBatch<Row> {
  const leastBy = (joules: (row: Row) => number) => rows.reduce((a, b) => (joules(b) < joules(a) ? b : a));
  const least = leastBy(({ perSampleJ }) => perSampleJ);
  const isByGross = least.lowJ <= 0;
  const best = isByGross ? leastBy(({ grossPerSampleJ }) => grossPerSampleJ) : least;
  const alike = rows.filter((row) => row !== best && row.lowJ <= best.highJ && row.highJ >= best.lowJ);
  return { best, isByGross, alike };
}
