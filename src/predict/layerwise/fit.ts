// Samples in, one predictor per layer type out. Every feature set and regression is tried; what is chosen is what errs least, in
// relative terms, on gaps and on ranges that it has not seen. A fit that cannot be trusted is refused, not returned.

import { formatRatio } from "../../units/format.ts";
import { InputError } from "../../units/input-error.ts";
import { unknownName } from "../../units/nearest.ts";
import { type Candidate, chooseCandidate, evaluateCandidate, type Splits } from "./candidates.ts";
import { type FeatureSet, type FeatureTable, featureSets, givenSet, type LeftOut, tabulate } from "./features.ts";
import { type HeldOut, intervalsOf } from "./interval.ts";
import { checkColumn, energiesOf, machineOf, type Target, trustedTimes } from "./measured.ts";
import type { OpModel } from "./op-model.ts";
import { populations } from "./populations.ts";
import type { Regression } from "./regressions/regression.ts";
import { findRegression, REGRESSIONS } from "./regressions/table.ts";
import { namedRows, type Sample } from "./samples.ts";
import { foldsOf, groupedFolds, lastFifth, rangesOf, type Split } from "./splits.ts";
import { namesIn } from "./terms.ts";

/** Row positions (as in Sample.index) to fit, to leave alone, and to test on. */
export interface GivenSplit {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

export interface FitOptions {
  readonly target: Target;
  /** Features to use. Default: every set that suits the type is tried. */
  readonly features?: readonly string[];
  /** Regression to use, by id. Default: all are tried. */
  readonly model?: string;
  /** Column whose rows of one value are held out together in cross-validation. Default: rows are held out one by one. */
  readonly group?: string;
  /** Default: all rows are fitted, and a seeded fifth is held out for the test score. */
  readonly split?: GivenSplit;
  /** Further columns that are no features unless named: conditions, the layer type. */
  readonly setAside?: readonly string[];
}

export interface OpFit {
  readonly op: string;
  readonly chosen: Candidate;
  readonly candidates: readonly Candidate[];
  /** What could not be fitted, and why. */
  readonly failed: readonly { readonly model: string; readonly features: readonly string[]; readonly reason: string }[];
  readonly model: OpModel;
  /** Numeric columns that were not taken as features, and why. */
  readonly leftOut: readonly LeftOut[];
  /** What a reader should know: doubts about the samples or the fit. */
  readonly remarks: readonly string[];
}

/** Fewer rows than this say nothing about any error. */
const LEAST_SAMPLES = 12;
/** Rows per coefficient below which a fit describes its noise. */
const ROWS_PER_TERM = 3;
/** A model that explains less than this of the spread is no better than the mean … */
const LEAST_R2 = 0.1;
/** … unless the spread is this small. */
const SMALL_MAPE = 0.05;
/** Relative error beyond which a fit that nobody asked for by name is not returned. */
const MOST_MAPE = 1;

/** Folds of the training rows. @throws InputError when there is one group only */
function foldsFor(train: readonly Sample[], group: string | undefined): Split[] {
  if (group === undefined) return foldsOf(train.length);
  checkColumn(group, train);
  const groups = train.map(({ cells }) => cells.get(group) ?? "");
  if (new Set(groups).size > 1) return groupedFolds(groups);
  throw new InputError(
    "one-group",
    `column ${group} is "${groups[0]}" in every row: no group can be held out`,
    "name another column with --group",
  );
}

function splitsOf(table: FeatureTable, samples: readonly Sample[], { split, group }: FitOptions): Splits {
  const everything = samples.map((_, i) => i);
  const positions = new Map(samples.map(({ index }, i) => [index, i]));
  if (split && positions.size < samples.length)
    throw new InputError(
      "two-files",
      `row numbers of "${table.op}" mean rows of ${new Set(samples.map(({ file }) => file)).size} files`,
      "give each layer type as one file with --indices",
    );
  const pick = (indices: readonly number[]) =>
    indices.flatMap((index) => (positions.has(index) ? [positions.get(index)!] : []));
  const train = split ? pick(split.train) : everything;
  const lastly = lastFifth(samples.length);
  const within = (positionsOfTrain: readonly number[]) => positionsOfTrain.map((i) => train[i]!);
  const names = table.parameters.filter((name) => table.rows.every((row) => row[name] !== undefined));
  return {
    train,
    folds: foldsFor(
      train.map((i) => samples[i]!),
      group,
    ).map((fold) => ({ ...fold, train: within(fold.train), test: within(fold.test) })),
    ranges: rangesOf(
      train.map((i) => table.rows[i]!),
      names,
      table.size,
    ).map((range) => ({ ...range, train: within(range.train), test: within(range.test) })),
    test: split ? pick(split.test) : lastly.test,
    beforeTest: split ? train : lastly.train,
  };
}

function regressionsFor(set: FeatureSet, model: string | undefined): readonly Regression[] {
  if (model === undefined)
    return REGRESSIONS.filter(({ suits, most = 99 }) => suits.includes(set.nature) && set.features.length <= most);
  const named = findRegression(model);
  if (named) return [named];
  const ids = REGRESSIONS.map(({ id }) => id);
  throw unknownName("model", model, ids, `the regressions are ${ids.join(", ")}`);
}

function refuseFew(op: string, samples: readonly Sample[], rows: number): void {
  if (rows >= LEAST_SAMPLES) return;
  throw new InputError(
    "too-few-samples",
    `${rows} samples of "${op}" (${namedRows(samples)}) cannot tell how well a fit does`,
    `collect at least ${LEAST_SAMPLES}, better some hundred, of each layer type`,
  );
}

function refuseUntrusted(op: string, { cv }: Candidate, named: boolean): void {
  const explains = cv.r2 >= LEAST_R2 || cv.mape <= SMALL_MAPE;
  if (explains && (named || cv.mape <= MOST_MAPE)) return;
  throw new InputError(
    "untrusted-fit",
    `no trustworthy fit for "${op}": on rows held out R² is ${cv.r2.toFixed(3)} and the mean error ${formatRatio(cv.mape)}`,
    "the features do not explain the energy: check the target's column and unit, name other --features, or measure again",
  );
}

/**
 * Fits one layer type.
 * @throws InputError when samples are unusable, or no fit can be trusted
 */
export function fitOp(op: string, samples: readonly Sample[], options: FitOptions): OpFit {
  const { target, features, model } = options;
  const machine = machineOf(samples);
  const energyJ = energiesOf(samples, target);
  refuseFew(op, samples, samples.length);
  const table = tabulate(op, samples, features, {
    target: target.column,
    energyJ,
    setAside: [...(options.setAside ?? []), ...(options.group === undefined ? [] : [options.group])],
  });
  const sets = features ? [givenSet(table, features)] : featureSets(table);
  const splits = splitsOf(table, samples, options);
  refuseFew(op, samples, splits.train.length);
  const named = features !== undefined || model !== undefined;
  const timed = trustedTimes(samples, energyJ);
  const measured = { energyJ, passS: named ? undefined : timed.passS };
  const failed: { model: string; features: readonly string[]; reason: string }[] = [];
  const candidates = sets.flatMap((set) =>
    regressionsFor(set, model).flatMap((regression): Candidate[] => {
      try {
        const terms = regression.terms?.(set.features) ?? set.features;
        if (splits.train.length < ROWS_PER_TERM * (terms.length + 1))
          throw new RangeError(`${splits.train.length} rows are too few for ${terms.length + 1} coefficients`);
        const candidate = evaluateCandidate(table, measured, set, regression, splits);
        if (!Number.isFinite(candidate.cv.mape)) throw new RangeError("held-out rows have no finite answer");
        return [candidate];
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        failed.push({ model: regression.id, features: set.features, reason: error.message });
        return [];
      }
    }),
  );
  const chosen = chooseCandidate(candidates);
  if (chosen === undefined)
    throw new InputError(
      "untrusted-fit",
      `no regression can be fitted to "${op}": ${failed[0]?.reason ?? "no features"}`,
      "give more samples, or fewer --features",
    );
  refuseUntrusted(op, chosen, named);
  return {
    op,
    chosen,
    candidates,
    failed,
    model: modelOf(table, chosen, splits, target, machine, samples, energyJ, measured.passS),
    leftOut: table.leftOut,
    remarks: [
      ...(timed.remark === undefined ? [] : [timed.remark]),
      ...(table.renamed.length > 0 ? [`read ${table.renamed.join(", ")}`] : []),
      ...(table.leftOut.length > 0
        ? [`left out: ${table.leftOut.map(({ column, reason }) => `${column} (${reason})`).join(", ")}`]
        : []),
      ...table.suspect.map((column) => `${column} follows the target exactly: is it a measurement?`),
      ...populations(samples, chosen, splits.folds),
      ...(chosen.cv.mape > 0.5 ? [`the mean error on held-out rows is ${formatRatio(chosen.cv.mape)}`] : []),
    ],
  };
}

function spanOf(values: readonly number[]): readonly [number, number] {
  return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
}

function modelOf(
  table: FeatureTable,
  chosen: Candidate,
  splits: Splits,
  target: Target,
  machine: Readonly<Record<string, string>>,
  samples: readonly Sample[],
  energyJ: readonly number[],
  passS: readonly number[] | undefined,
): OpModel {
  const { fitted, set, regression, heldOut, cv, ranges, byRange } = chosen;
  const names = [...new Set([...set.features.flatMap(namesIn), ...(set.nature === "given" ? [] : table.parameters)])];
  const rows = splits.train.map((i) => table.rows[i]!);
  const usable = (pairs: readonly HeldOut[]) => pairs.filter((pair) => pair.energyJ > 0);
  return {
    op: table.op,
    kind: table.kind?.id,
    columns: table.columns.filter((column) => set.features.flatMap(namesIn).includes(column)),
    regression: regression.id,
    features: set.features,
    model: fitted.model,
    powerW: fitted.powerW,
    powerSpanW: passS && spanOf(energyJ.map((energy, i) => energy / passS[i]!)),
    target: `${target.column}:${target.unit}`,
    samples: splits.train.length,
    files: [...new Set(samples.map(({ file }) => file))],
    machine,
    range: Object.fromEntries(
      names.flatMap((name) => {
        const values = rows.map((row) => row[name]).filter((value) => value !== undefined);
        return values.length === 0 ? [] : [[name, spanOf(values)]];
      }),
    ),
    energySpanJ: spanOf(splits.train.map((i) => energyJ[i]!)),
    error: { cv, ranges, byRange: byRange.map(({ name, score }) => ({ name, ...score })) },
    intervals: intervalsOf(usable(heldOut.folds), usable(heldOut.ranges)),
  };
}
