// A predictor asked about rows of a file: energies row by row, sums by group, and how both compare with what was measured.

import { InputError } from "../../units/input-error.ts";
import type { Prediction } from "../predictor.ts";
import { type Score, type Scored, scoreOf } from "../score.ts";
import { type LayerwisePredictor, sampleFeatures, sumPredictions } from "./layerwise-predictor.ts";
import { checkColumn, type Target } from "./measured.ts";
import type { OpModel } from "./op-model.ts";
import { PARAMETERS, parameterColumns, parametersOf } from "./parameters.ts";
import { columnsOf, namedRows, numberOf, type Sample } from "./samples.ts";
import { namesIn } from "./terms.ts";

export interface PredictedRow extends Prediction {
  /** Position in the file, from 0. */
  readonly index: number;
  readonly line: number;
  readonly op: string;
  readonly outside: readonly string[];
  /** Measured, J, where a truth was named. */
  readonly truthJ: number | undefined;
}

/** A row that no model speaks about: it counts 0. */
export interface SkippedRow {
  readonly index: number;
  readonly line: number;
  readonly op: string;
  readonly reason: string;
}

export interface PredictedGroup extends Prediction {
  readonly group: string;
  /** Rows that were predicted, and rows that count 0. */
  readonly rows: number;
  readonly skipped: number;
  readonly truthJ: number | undefined;
}

export interface OpScore extends Score {
  readonly op: string;
}

export interface SamplePredictions {
  readonly rows: readonly PredictedRow[];
  readonly skipped: readonly SkippedRow[];
  readonly groups: readonly PredictedGroup[] | undefined;
  /** Of the groups where there are any, else of the rows; undefined without a truth. */
  readonly score: Score | undefined;
  readonly rowScore: Score | undefined;
  readonly byOp: readonly OpScore[];
}

export interface SampleQuestion {
  /** Column whose rows of one value are one network. */
  readonly group?: string;
  /** Measured energy of each row. */
  readonly truth?: Target;
  /** Layer type of rows that hold the truth of a whole group, measured end to end. */
  readonly whole?: string;
}

/** Why a layer has no features: what its kind needs and the row has not, or a shape without output. */
function lackingReason(model: OpModel, sample: Sample, columns: ReadonlyMap<string, string>): string {
  const parameters = parametersOf(sample, columns);
  const lacking = Object.keys(model.range).find(
    (name) => Object.hasOwn(PARAMETERS, name) && parameters[name] === undefined,
  );
  return lacking === undefined ? "the parameters leave no output" : `nothing says its ${lacking}`;
}

function predictRow(
  predictor: LayerwisePredictor,
  sample: Sample,
  columns: ReadonlyMap<string, string>,
): Omit<PredictedRow, "truthJ"> | SkippedRow {
  const { index, line, op } = sample;
  const skip = (reason: string): SkippedRow => ({ index, line, op, reason });
  const model = predictor.modelOf(op);
  if (model === undefined) return skip("no model of this type");
  const features = sampleFeatures(model, sample, columns);
  if (features === undefined) return skip(lackingReason(model, sample, columns));
  const lacking = model.features.flatMap(namesIn).find((name) => features[name] === undefined);
  if (lacking !== undefined)
    return skip(model.kind === undefined ? `nothing says its ${lacking}` : lackingReason(model, sample, columns));
  const { energyJ, lowJ, highJ, inRange, outside } = predictor.predict({ op: model.op, features });
  return { index, line, op, energyJ, lowJ, highJ, inRange, outside };
}

/** Measured joules by sample; rows without a number have none. 0 is a measurement: relative errors leave it out. */
function truthsOf(samples: readonly Sample[], truth: Target | undefined): ReadonlyMap<Sample, number> {
  if (truth === undefined) return new Map();
  checkColumn(truth.column, samples);
  return new Map(
    samples.flatMap((sample) => {
      const value = numberOf(sample, truth.column);
      return value === undefined ? [] : [[sample, value * truth.joules] as const];
    }),
  );
}

function groupTruth(
  members: readonly Sample[],
  truths: ReadonlyMap<Sample, number>,
  whole: string | undefined,
): number | undefined {
  const counted = whole === undefined ? members : members.filter(({ op }) => op === whole);
  const values = counted.map((sample) => truths.get(sample));
  return values.length === 0 || values.includes(undefined)
    ? undefined
    : values.reduce((sum: number, value) => sum + value!, 0);
}

const scored = (rows: readonly (Prediction & { readonly truthJ: number | undefined })[]): Scored[] =>
  rows.flatMap(({ truthJ, ...row }) => (truthJ === undefined ? [] : [{ truthJ, ...row }]));

/**
 * Predicts every row.
 * @throws InputError when a column that was named is not there, or no row has a model
 */
export function predictSamples(
  predictor: LayerwisePredictor,
  samples: readonly Sample[],
  { group, truth, whole }: SampleQuestion = {},
): SamplePredictions {
  if (whole !== undefined && (group === undefined || truth === undefined))
    throw new InputError(
      "whole-alone",
      `--whole ${whole} says which rows hold the truth of a group, and ${group === undefined ? "--group" : "--truth"} is not given`,
      "give --group COLUMN and --truth COLUMN:UNIT with it",
    );
  const columns = parameterColumns(columnsOf(samples));
  if (group !== undefined) checkColumn(group, samples);
  const truths = truthsOf(samples, truth);
  const layers = samples.filter(({ op }) => op !== whole);
  if (whole !== undefined && layers.length === samples.length)
    throw new InputError(
      "no-whole",
      `no row's layer type is "${whole}"`,
      `the types are ${[...new Set(samples.map(({ op }) => op))].slice(0, 12).join(", ")}`,
    );
  const answers = new Map(layers.map((sample) => [sample, predictRow(predictor, sample, columns)]));
  const rows: PredictedRow[] = [];
  const skipped: SkippedRow[] = [];
  for (const [sample, answer] of answers) {
    if ("reason" in answer) skipped.push(answer);
    else rows.push({ ...answer, truthJ: truths.get(sample) });
  }
  const silent = layers.filter((sample) => {
    const answer = answers.get(sample)!;
    return "reason" in answer && predictor.modelOf(sample.op) !== undefined;
  });
  if (silent.length > 0)
    throw new InputError(
      "missing-parameter",
      `${(answers.get(silent[0]!) as SkippedRow).reason} in ${namedRows(silent)}: such rows cannot count 0`,
      `fill the cells that ${silent[0]!.op} layers need (${predictor.modelOf(silent[0]!.op)!.features.join(", ")}), or leave the rows out with --where`,
    );
  if (rows.length === 0)
    throw new InputError(
      "no-model",
      `the predictor says nothing about ${namedRows(layers)}: ${skipped[0]?.reason ?? "there are no layers"}`,
      `it knows ${predictor.ops.map(({ op }) => op).join(", ")}; --op names the column of the layer type`,
    );
  const groups = group === undefined ? undefined : groupsOf(samples, answers, truths, group, whole);
  const rowScore = truth && scoreOf(scored(rows));
  return {
    rows,
    skipped,
    groups,
    score: truth && (groups ? scoreOf(scored(groups)) : rowScore),
    rowScore,
    byOp: truth
      ? [...new Set(rows.map(({ op }) => op))].map((op) => ({
          op,
          ...scoreOf(scored(rows.filter((row) => row.op === op))),
        }))
      : [],
  };
}

function groupsOf(
  samples: readonly Sample[],
  answers: ReadonlyMap<Sample, Omit<PredictedRow, "truthJ"> | SkippedRow>,
  truths: ReadonlyMap<Sample, number>,
  column: string,
  whole: string | undefined,
): PredictedGroup[] {
  const members = new Map<string, Sample[]>();
  for (const sample of samples) {
    const name = sample.cells.get(column);
    if (name === undefined) continue;
    if (!members.has(name)) members.set(name, []);
    members.get(name)!.push(sample);
  }
  return [...members].map(([group, own]) => {
    const given = own.flatMap((sample) => answers.get(sample) ?? []);
    const parts = given.filter((answer) => !("reason" in answer)) as Omit<PredictedRow, "truthJ">[];
    return {
      group,
      ...sumPredictions(parts),
      rows: parts.length,
      skipped: given.length - parts.length,
      truthJ: groupTruth(own, truths, whole),
    };
  });
}
