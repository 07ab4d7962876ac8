// What a regression of PRE is: rows of standardised features and a target on a linear scale in, a function out.

/** A fitted function of one row. */
export type Fitted = (row: readonly number[]) => number;

export interface Regression {
  readonly id: string;
  /**
   * @param rows at least one; may have no columns, then only the mean can be told
   * @param parts indices of the columns that speak of the same thing: the network, the machine, the training
   */
  fit(rows: readonly (readonly number[])[], target: readonly number[], parts: readonly (readonly number[])[]): Fitted;
}
