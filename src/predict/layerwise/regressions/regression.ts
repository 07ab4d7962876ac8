// The shape of a regression: terms made of features, and a linear fit of them. table.ts lists them; none knows what the features mean.
import { type Features, termValue } from "../terms.ts";

/** A fitted model: Σ coefficientᵢ·termᵢ + intercept, or e to that when `logarithmic`. */
export interface LinearModel {
  readonly terms: readonly string[];
  readonly coefficients: readonly number[];
  readonly intercept: number;
  readonly logarithmic: boolean;
}

/** Kinds of feature sets: parameters as they are, their logarithms, counts of work, or what the user named. */
export type SetNature = "parameters" | "logs" | "counts" | "given";

export interface Regression {
  /** On the command line: "least-squares". */
  readonly id: string;
  /** What it minimises, in words. */
  readonly summary: string;
  /** Feature sets that it makes sense for. */
  readonly suits: readonly SetNature[];
  /** Most features it takes. Default: any number. */
  readonly most?: number;
  /** Terms of the features. Default: the features themselves. */
  terms?(features: readonly string[]): string[];
  /** The target is the logarithm. Default false. */
  readonly logarithmic?: boolean;
  /** Its answer never falls as a feature grows. Default false. */
  readonly monotone?: boolean;
  /** @throws RangeError when the rows do not determine it */
  fit(
    rows: readonly (readonly number[])[],
    target: readonly number[],
  ): { readonly coefficients: readonly number[]; readonly intercept: number };
}

export function designRow(terms: readonly string[], features: Features): number[] {
  return terms.map((term) => termValue(term, features));
}
