// One line of a reproduced paper: what was published, what comes out here, and why they may differ. Shared by all papers.

export interface ReproducedRow {
  /** What is compared, with its unit: "MAPE of the epoch form, a ratio". */
  readonly item: string;
  /** undefined where the paper's number is not known here. */
  readonly published: number | undefined;
  readonly ours: number | undefined;
  /** ours over published. */
  readonly ratio: number | undefined;
  readonly note: string;
}

export function reproducedRow(
  item: string,
  published: number | undefined,
  ours: number | undefined,
  note = "",
): ReproducedRow {
  const ratio = published !== undefined && ours !== undefined && published !== 0 ? ours / published : undefined;
  return { item, published, ours, ratio, note };
}
