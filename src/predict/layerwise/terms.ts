// Terms of a model as people read them in predictor.json: "macs", "log(batch_size)", "kernel_size*stride", "macs^2". Text ↔ function.
import { InputError } from "../../units/input-error.ts";

/** Features of one layer by name. */
export type Features = Readonly<Record<string, number>>;

export const logTerm = (name: string): string => `log(${name})`;

/** The features and all products of two different ones: a, b, a*b. */
export function products(names: readonly string[]): string[] {
  return [...names, ...names.flatMap((a, i) => names.slice(i + 1).map((b) => `${a}*${b}`))];
}

/** All products of up to two of the features: a, b, a^2, a*b, b^2. */
export function quadratic(names: readonly string[]): string[] {
  return [...names, ...names.flatMap((a, i) => names.slice(i).map((b) => (a === b ? `${a}^2` : `${a}*${b}`)))];
}

/** Feature that a factor is made of: "macs^2" and "log(macs)" of "macs". */
const nameIn = (factor: string): string => factor.replace(/\^2$/, "").replace(/^log\((.*)\)$/, "$1");

/** The features a term needs. */
export const namesIn = (term: string): string[] => term.split("*").map(nameIn);

function factorValue(factor: string, features: Features): number {
  const name = nameIn(factor);
  const value = features[name];
  if (value === undefined)
    throw new InputError("no-feature", `no value for ${name}`, "give the column, or fill the cell");
  // A padding of 0 has no logarithm: ln(1 + x), which is ln x for all that is large.
  const plain = factor.startsWith("log(") ? Math.log1p(value) : value;
  return factor.endsWith("^2") ? plain * plain : plain;
}

/** @throws InputError "no-feature" when a feature is not there */
export function termValue(term: string, features: Features): number {
  return term.split("*").reduce((product, factor) => product * factorValue(factor, features), 1);
}
