// When has a smaller network saved the joules that making it cost? N = E_spent / (E_before − E_after), as the break-even of training [DeepRxEnergy],
// section IV-A, with the saving in the place of the inference.

export interface PayBack {
  /** Joules spent on making the network. */
  readonly spentJ: number;
  /** Joules saved in one inference; negative where it costs more. */
  readonly savedJ: number;
  /** Inferences after which it has paid; undefined where it never does. */
  readonly inferences: number | undefined;
}

/** Undefined where a number is not known. */
export function payBack(
  spentJ: number | undefined,
  beforeJ: number | undefined,
  afterJ: number | undefined,
): PayBack | undefined {
  if (spentJ === undefined || beforeJ === undefined || afterJ === undefined) return undefined;
  const savedJ = beforeJ - afterJ;
  return { spentJ, savedJ, inferences: savedJ > 0 ? Math.ceil(spentJ / savedJ) : undefined };
}
