// From samples of one layer type to numbers that a regression can use: parameters, counts of work derived from them, and columns as
// they are. Says which feature sets are worth trying, and refuses features that cannot tell layers apart.
import { leastSquares } from "../../math/regression.ts";
import { InputError } from "../../units/input-error.ts";
import { unknownName } from "../../units/nearest.ts";
import type { LayerKind } from "./kinds/kind.ts";
import { kindOf } from "./kinds/table.ts";
import { followsTarget, outcomeReason } from "./outcome-columns.ts";
import { parameterColumns, parametersOf } from "./parameters.ts";
import type { SetNature } from "./regressions/regression.ts";
import { columnsOf, namedRows, numberOf, type Sample } from "./samples.ts";
import { type Features, logTerm, namesIn, termValue } from "./terms.ts";

export interface FeatureSet {
  readonly name: string;
  readonly nature: SetNature;
  /** Terms: feature names, or logarithms of them. */
  readonly features: readonly string[];
}

/** The features of every sample, and how they were made. */
export interface FeatureTable {
  readonly op: string;
  readonly kind: LayerKind | undefined;
  /** Names of the parameters that were found. */
  readonly parameters: readonly string[];
  readonly rows: readonly Features[];
  /** Columns that are features as they are. */
  readonly columns: readonly string[];
  /** The feature that says how large a layer is. */
  readonly size: string;
  /** Numeric columns that could be features but for a reason. */
  readonly leftOut: readonly LeftOut[];
  /** Features asked for that are the target in other words. */
  readonly suspect: readonly string[];
  /** Parameters found under another name: "k as kernel_size". */
  readonly renamed: readonly string[];
}

export interface LeftOut {
  readonly column: string;
  readonly reason: string;
}

/** What is known of the samples besides what a layer is. */
export interface Known {
  /** The column of the target. */
  readonly target?: string;
  /** Target by row, J. */
  readonly energyJ?: readonly number[];
  /** Columns that the user named for another purpose: groups, conditions, layer types. */
  readonly setAside?: readonly string[];
}

/** How features of a sample are made; the predictor keeps it. */
export interface FeatureRecipe {
  readonly kind: LayerKind | undefined;
  /** Columns that are features as they are. */
  readonly columns: readonly string[];
}

/** Features of one sample: parameters, derived counts, plain columns. undefined where the layer cannot exist. */
export function featuresOf(
  sample: Sample,
  recipe: FeatureRecipe,
  columns: ReadonlyMap<string, string>,
): Features | undefined {
  const parameters = parametersOf(sample, columns);
  const lacking = recipe.kind?.needs.some((name) => parameters[name] === undefined) ?? false;
  const derived = recipe.kind === undefined || lacking ? {} : recipe.kind.derive(parameters);
  if (derived === undefined) return undefined;
  const plain = Object.fromEntries(
    recipe.columns.flatMap((column) => {
      const value = numberOf(sample, column);
      return value === undefined ? [] : [[column, value]];
    }),
  );
  return { ...derived, ...parameters, ...plain };
}

const isNumeric = (samples: readonly Sample[], column: string): boolean =>
  samples.every(({ cells }) => cells.has(column) && Number.isFinite(Number(cells.get(column))));

const valuesOf = (samples: readonly Sample[], column: string): number[] =>
  samples.map(({ cells }) => Number(cells.get(column)));

/** Columns of one type's samples that could be features as they are, and those that look so but are none. */
function plainColumns(
  samples: readonly Sample[],
  used: ReadonlySet<string>,
  { target, energyJ, setAside = [] }: Known,
): { columns: readonly string[]; leftOut: readonly LeftOut[] } {
  const reasonOf = (column: string): string | undefined => {
    if (column === target) return "it is the target";
    if (setAside.includes(column)) return "it was named for another purpose";
    const follows = energyJ !== undefined && followsTarget(valuesOf(samples, column), energyJ);
    return (
      outcomeReason(column) ??
      (follows ? "it follows the target exactly; if it describes the layer, name it with --features" : undefined)
    );
  };
  const judged = columnsOf(samples)
    .filter((column) => !used.has(column) && isNumeric(samples, column))
    .map((column) => ({ column, reason: reasonOf(column) }));
  return {
    columns: judged.flatMap(({ column, reason }) => (reason === undefined ? [column] : [])),
    leftOut: judged.flatMap(({ column, reason }) => (reason === undefined ? [] : [{ column, reason }])),
  };
}

/** Columns asked for that are the target in other words. @throws InputError when the target itself is asked for */
function suspectsAmong(samples: readonly Sample[], asked: readonly string[], { target, energyJ }: Known): string[] {
  if (target !== undefined && asked.includes(target))
    throw new InputError(
      "target-as-feature",
      `--features names ${target}, which is the target`,
      "leave it out: an energy cannot be predicted from itself",
    );
  return asked.filter(
    (column) => energyJ && isNumeric(samples, column) && followsTarget(valuesOf(samples, column), energyJ),
  );
}

/**
 * @param asked features that the user named; undefined: parameters and counts where the kind is known, else all columns that can be
 * @throws InputError for names that are no feature, empty cells, and layers that cannot exist
 */
export function tabulate(
  op: string,
  samples: readonly Sample[],
  asked?: readonly string[],
  context: Known = {},
): FeatureTable {
  const known = parameterColumns(columnsOf(samples).filter((column) => column !== context.target));
  const kind = kindOf(op, known.keys());
  const parameters = kind
    ? [...kind.needs, ...(kind.takes ?? [])].filter((name) => known.has(name))
    : [...known.keys()];
  const used = new Set(known.values());
  const askedNames = asked?.flatMap(namesIn) ?? [];
  const derivedNames = new Set(Object.values(kind?.sets ?? {}).flat());
  const plain = asked || kind ? { columns: [], leftOut: [] } : plainColumns(samples, used, context);
  const columns = asked
    ? askedNames.filter((name) => !derivedNames.has(name) || columnsOf(samples).includes(name))
    : plain.columns;
  const all = columnsOf(samples);
  const strange = columns.find((name) => !all.includes(name) && !known.has(name));
  if (strange !== undefined)
    throw unknownName(
      "feature",
      strange,
      [...new Set([...all, ...known.keys(), ...derivedNames])],
      `give columns of the samples, or counts that follow from them: ${[...derivedNames].join(", ") || "none for this type"}`,
    );
  const recipe = { kind, columns: columns.filter((name) => all.includes(name)) };
  const made = samples.map((sample) => featuresOf(sample, recipe, known));
  refuseRows(op, samples, made, asked ? askedNames : [...(kind ? kind.needs : parameters), ...columns]);
  const rows = made as Features[];
  const first = rows[0]!;
  const size = kind?.size ?? columns[0] ?? parameters[0];
  if (size === undefined || (first[size] === undefined && !asked))
    throw new InputError(
      "no-features",
      `the samples of "${op}" have no column that describes a layer`,
      `name the columns with --features; the file has ${all.slice(0, 20).join(", ")}${plain.leftOut.map(({ column, reason }) => `; ${column} was left out: ${reason}`).join("")}`,
    );
  return {
    op,
    kind,
    parameters,
    rows,
    columns: recipe.columns,
    size: first[size] === undefined ? askedNames[0]! : size,
    leftOut: plain.leftOut,
    suspect: suspectsAmong(samples, askedNames, context),
    renamed: parameters.flatMap((name) =>
      known.get(name)!.toLowerCase() === name ? [] : [`${known.get(name)} as ${name}`],
    ),
  };
}

function refuseRows(
  op: string,
  samples: readonly Sample[],
  made: readonly (Features | undefined)[],
  needed: readonly string[],
): void {
  const impossible = samples.filter((_, i) => made[i] === undefined);
  if (impossible.length > 0)
    throw new InputError(
      "impossible-layer",
      `the parameters of "${op}" leave no output in ${namedRows(impossible)}`,
      "check kernel, stride and padding against the image",
    );
  for (const name of needed) {
    const empty = samples.filter((_, i) => made[i]![name] === undefined);
    if (empty.length > 0)
      throw new InputError("missing-feature", `no ${name} in ${namedRows(empty)}`, "fill the cells or delete the rows");
    const negative = samples.filter((_, i) => made[i]![name]! < 0);
    if (negative.length > 0)
      throw new InputError(
        "negative-feature",
        `${name} is negative in ${namedRows(negative)}`,
        "mend or delete the rows",
      );
  }
}

const columnOf = (table: FeatureTable, term: string): number[] => table.rows.map((row) => termValue(term, row));

function isConstant(values: readonly number[]): boolean {
  return values.every((value) => value === values[0]);
}

/** True when `values` are a constant times another column. */
function isMultiple(values: readonly number[], others: readonly (readonly number[])[]): boolean {
  return others.some((other) => {
    const at = other.findIndex((value) => value !== 0);
    if (at < 0) return false;
    const ratio = values[at]! / other[at]!;
    return other.every((value, i) => Math.abs(values[i]! - ratio * value) <= 1e-9 * Math.abs(values[i]!));
  });
}

/** The features that tell rows apart: not constant, no multiple of an earlier one. */
function telling(table: FeatureTable, terms: readonly string[]): string[] {
  const kept: string[] = [];
  const columns: number[][] = [];
  for (const term of terms) {
    const values = columnOf(table, term);
    if (isConstant(values) || isMultiple(values, columns)) continue;
    kept.push(term);
    columns.push(values);
  }
  return kept;
}

/** Feature sets to try. Features that say nothing in these samples are left out. */
export function featureSets(table: FeatureTable): FeatureSet[] {
  const columns = table.kind ? [] : Object.keys(table.rows[0]!).filter((name) => !table.parameters.includes(name));
  const plain = telling(table, [...table.parameters, ...columns]);
  const batch = table.parameters.includes("batch_size") ? ["batch_size"] : [];
  const counts = Object.entries(table.kind?.sets ?? {});
  const sets: FeatureSet[] = [
    { name: "parameters", nature: table.kind ? "parameters" : "given", features: plain },
    { name: "logarithms", nature: "logs", features: plain.map(logTerm) },
    ...counts.map(([name, features]): FeatureSet => ({ name, nature: "counts", features: telling(table, features) })),
    ...counts.slice(0, 1).map(
      ([name, [first]]): FeatureSet => ({
        name: `${name} and batch`,
        nature: "counts",
        features: telling(table, [first!, ...batch]),
      }),
    ),
  ];
  const seen = new Set<string>();
  return sets.filter(({ features }) => {
    const key = features.join();
    if (features.length === 0 || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** The set the user named. @throws InputError when one is constant or follows from the others */
export function givenSet(table: FeatureTable, names: readonly string[]): FeatureSet {
  const columns: number[][] = [];
  for (const name of names) {
    const values = columnOf(table, name);
    if (isConstant(values))
      throw new InputError(
        "constant-feature",
        `feature ${name} is ${values[0]} in every row of "${table.op}"`,
        "leave it out: it cannot tell layers apart",
      );
    const earlier = columns.length === 0 ? [] : values.map((_, i) => columns.map((column) => column[i]!));
    if (columns.length > 0 && values.length > columns.length + 2 && follows(earlier, values))
      throw new InputError(
        "collinear-features",
        `feature ${name} follows from ${names.slice(0, columns.length).join(", ")} in every row of "${table.op}"`,
        "leave one of them out",
      );
    columns.push(values);
  }
  return { name: "given", nature: "given", features: [...names] };
}

/** True when the column is a linear combination of the others, to nine digits. */
function follows(others: readonly (readonly number[])[], values: readonly number[]): boolean {
  const scale = Math.hypot(...values);
  const fit = leastSquares(others, values, { ridge: 1e-14 });
  const off = Math.hypot(
    ...others.map(
      (row, i) => values[i]! - fit.intercept - row.reduce((sum, x, j) => sum + x * fit.coefficients[j]!, 0),
    ),
  );
  return off < 1e-9 * scale;
}
