// Which rows to hold out: seeded folds, and ranges. Folds tell how well a model fills gaps; ranges tell what happens beyond what was measured.

import { seededRandom, shuffled } from "../../math/random.ts";
import { quantile } from "../../math/statistics.ts";

/** Row positions. */
export interface Split {
  readonly name: string;
  readonly train: readonly number[];
  readonly test: readonly number[];
}

function without(count: number, test: readonly number[]): number[] {
  const out = new Set(test);
  return Array.from({ length: count }, (_, i) => i).filter((i) => !out.has(i));
}

/** `folds` parts of a seeded permutation, each held out once. */
export function foldsOf(count: number, folds = 5, seed = 1234): Split[] {
  const order = shuffled(
    Array.from({ length: count }, (_, i) => i),
    seededRandom(seed),
  );
  return Array.from({ length: folds }, (_, fold) => {
    const test = order.filter((_, i) => i % folds === fold);
    return { name: `fold ${fold + 1}`, train: without(count, test), test };
  });
}

/** As foldsOf, and rows of one group are held out together: what is judged is a new group. */
export function groupedFolds(groups: readonly string[], folds = 5, seed = 1234): Split[] {
  const names = shuffled([...new Set(groups)], seededRandom(seed));
  const parts = Math.min(folds, names.length);
  return Array.from({ length: parts }, (_, fold) => {
    const held = new Set(names.filter((_name, i) => i % parts === fold));
    const test = groups.flatMap((group, i) => (held.has(group) ? [i] : []));
    return { name: `fold ${fold + 1}`, train: without(groups.length, test), test };
  });
}

/** A fifth of the rows, drawn, held out once. */
export const lastFifth = (count: number): Split => foldsOf(count, 5, 4321)[0]!;

const SHARE = 0.2;
const LEAST = 5;

/**
 * Holds out the largest fifth and the smallest fifth by size, and the top fifth of each parameter that varies.
 * @param values per row, by name; `size` is the name that is held out at both ends
 */
export function rangesOf(
  rows: readonly Readonly<Record<string, number>>[],
  names: readonly string[],
  size: string,
): Split[] {
  const holding = (
    name: string,
    label: string,
    keep: (value: number, limit: number) => boolean,
    ratio: number,
  ): Split[] => {
    const limit = quantile(
      rows.map((row) => row[name]!),
      ratio,
    );
    const test = rows.flatMap((row, i) => (keep(row[name]!, limit) ? [i] : []));
    const fits = test.length >= LEAST && test.length <= rows.length / 2;
    return fits ? [{ name: `${label} ${name}`, train: without(rows.length, test), test }] : [];
  };
  return [
    ...holding(size, "largest", (value, limit) => value > limit, 1 - SHARE),
    ...holding(size, "smallest", (value, limit) => value < limit, SHARE),
    ...names
      .filter((name) => name !== size)
      .flatMap((name) => holding(name, "largest", (value, limit) => value > limit, 1 - SHARE)),
  ];
}
