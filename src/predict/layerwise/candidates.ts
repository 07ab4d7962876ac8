// Every feature set with every regression that suits it, judged on rows that it has not seen: gaps (folds), ranges, and a test set.
import { mean, median } from "../../math/statistics.ts";
import { type Score, scoreOf } from "../score.ts";
import type { FeatureSet, FeatureTable } from "./features.ts";
import type { HeldOut } from "./interval.ts";
import { estimateRow } from "./linear-model.ts";
import { designRow, type LinearModel, type Regression } from "./regressions/regression.ts";
import type { Split } from "./splits.ts";

/** What is fitted to: energies, and times where time and power are predicted apart. */
export interface Measured {
  readonly energyJ: readonly number[];
  readonly passS: readonly number[] | undefined;
}

/** Joules = model, or model (seconds) × powerW. */
export interface FittedModel {
  readonly model: LinearModel;
  readonly powerW: number | undefined;
}

export interface Candidate {
  readonly regression: Regression;
  readonly set: FeatureSet;
  /** Five folds of the training rows. */
  readonly cv: Score;
  /** Held-out ranges: all together, and each. */
  readonly ranges: Score;
  readonly byRange: readonly { readonly name: string; readonly score: Score }[];
  /** The test rows; undefined when there are none. */
  readonly test: Score | undefined;
  /** Fitted on all training rows. */
  readonly fitted: FittedModel;
  readonly heldOut: { readonly folds: readonly HeldOut[]; readonly ranges: readonly HeldOut[] };
}

export interface Splits {
  /** Rows to fit on. */
  readonly train: readonly number[];
  readonly folds: readonly Split[];
  readonly ranges: readonly Split[];
  readonly test: readonly number[];
  /** Rows that the test score is fitted on: all but the test rows. */
  readonly beforeTest: readonly number[];
}

/** @throws RangeError when the rows do not determine the model */
export function evaluateCandidate(
  table: FeatureTable,
  measured: Measured,
  set: FeatureSet,
  regression: Regression,
  splits: Splits,
): Candidate {
  const terms = regression.terms?.(set.features) ?? [...set.features];
  const design = table.rows.map((row) => designRow(terms, row));
  const logarithmic = regression.logarithmic === true;
  const target = measured.passS ?? measured.energyJ;

  const fitOn = (rows: readonly number[]): FittedModel => {
    const chosen = rows.map((i) => target[i]!);
    const { coefficients, intercept } = regression.fit(
      rows.map((i) => design[i]!),
      logarithmic ? chosen.map(Math.log) : chosen,
    );
    if (![...coefficients, intercept].every(Number.isFinite)) throw new RangeError("coefficients are not finite");
    const powerW = measured.passS && median(rows.map((i) => measured.energyJ[i]! / measured.passS![i]!));
    return { model: { terms, coefficients, intercept, logarithmic }, powerW };
  };
  const answer = ({ model, powerW = 1 }: FittedModel, row: number): HeldOut => ({
    truthJ: measured.energyJ[row]!,
    ...estimateRow(model, design[row]!, powerW),
  });
  const holdOut = ({ train, test }: Pick<Split, "train" | "test">): HeldOut[] => {
    const fitted = fitOn(train);
    return test.map((row) => answer(fitted, row));
  };

  const folds = splits.folds.flatMap(holdOut);
  const byRange = splits.ranges.map((split) => ({ name: split.name, rows: holdOut(split) }));
  const ranges = byRange.flatMap(({ rows }) => rows);
  const test = splits.test.length > 0 ? holdOut({ train: splits.beforeTest, test: splits.test }) : [];
  return {
    regression,
    set,
    cv: scoreOf(folds),
    ranges: scoreOf(ranges),
    byRange: byRange.map(({ name, rows }) => ({ name, score: scoreOf(rows) })),
    test: test.length > 0 ? scoreOf(test) : undefined,
    fitted: fitOn(splits.train),
    heldOut: { folds, ranges },
  };
}

/**
 * Lower is better: the mean relative error on gaps and that on held-out ranges, as geometric means: a model that is twice as good
 * everywhere wins, and one range in which all models fail does not decide.
 */
function merit({ cv, byRange }: Candidate): number {
  const least = (mape: number) => Math.max(mape, 1e-4);
  if (byRange.length === 0) return least(cv.mape);
  const logarithms = byRange.map(({ score }) => Math.log(least(score.mape)));
  return Math.sqrt(least(cv.mape) * Math.exp(mean(logarithms)));
}

/** A model that may turn down where layers grow must be better by this factor than one that cannot. */
const DISTRUST = 0.8;
/** Models this close are equal; the one that comes first is simpler. */
const EQUAL = 1.02;

/**
 * The best by merit, with a preference for models whose answer never falls as work grows: held-out ranges reach a quarter beyond
 * the rest, real networks several times as far, and there squares and negative coefficients go wrong first.
 */
export function chooseCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  const handicap = ({ regression }: Candidate) => (regression.monotone === true ? DISTRUST : 1);
  const marks = candidates.map((candidate) => merit(candidate) * handicap(candidate));
  const least = Math.min(...marks);
  return candidates.find((_, i) => marks[i]! <= EQUAL * least);
}
