// `joulecast fit SAMPLES`: measured layers → a predictor, with all that was tried and how it did on rows it had not seen.
import { writeWhole } from "../../../node/files.ts";
import type { Candidate } from "../../../predict/layerwise/candidates.ts";
import { fitOp, type OpFit } from "../../../predict/layerwise/fit.ts";
import { makePredictor } from "../../../predict/layerwise/layerwise-predictor.ts";
import { parseTarget } from "../../../predict/layerwise/measured.ts";
import { REGRESSIONS } from "../../../predict/layerwise/regressions/table.ts";
import { columnsOf } from "../../../predict/layerwise/samples.ts";
import type { Score } from "../../../predict/score.ts";
import { fitDocument } from "../../../report/predicting/fit-report.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Command } from "../../command.ts";
import { listOption, repeatedOption, textOption } from "../../options.ts";
import { readIndices, readSampleFiles, selectRows } from "./sample-files.ts";

/** Names that an energy has in the files of other tools, with their unit. */
const USUAL_TARGETS = ["energy_j", "energyJ", "cpu_energy:kWh", "energy_kwh:kWh"];

function defaultTarget(columns: readonly string[]): string {
  const found = USUAL_TARGETS.find((text) => columns.includes(text.split(":")[0]!));
  if (found !== undefined) return found;
  throw new InputError(
    "no-target",
    "no column holds an energy by a name that is known",
    `name it with --target COLUMN:UNIT; the files have ${columns.slice(0, 20).join(", ")}`,
  );
}

const scoreResult = (score: Score | undefined) =>
  score === undefined
    ? { mse: null, r2: null, mape: null }
    : { mse: score.mse, r2: score.r2, mape: score.mape, bias: score.bias, rows: score.count };

function candidateResult({ regression, set, cv, ranges, test }: Candidate) {
  return {
    model: regression.id,
    set: set.name,
    features: set.features,
    cv: scoreResult(cv),
    ranges: scoreResult(ranges.count > 0 ? ranges : undefined),
    test: scoreResult(test),
  };
}

function opResult({
  op,
  chosen,
  candidates,
  failed,
  leftOut,
  model,
  remarks,
}: OpFit): Readonly<Record<string, unknown>> {
  const watts = model.powerW ?? 1;
  const { terms, coefficients, intercept, logarithmic } = model.model;
  // A product of powers has no joules per feature: its coefficients are exponents.
  const scale = logarithmic ? 1 : watts;
  return {
    op,
    samples: model.samples,
    target: model.target,
    chosen: {
      model: model.regression,
      features: model.features,
      terms,
      coefficients: coefficients.map((coefficient) => coefficient * scale),
      intercept: logarithmic ? intercept + Math.log(watts) : intercept * scale,
      logarithmic,
      powerW: model.powerW ?? null,
      ...candidateScores(chosen),
    },
    candidates: candidates.map(candidateResult),
    failed,
    leftOut,
    range: model.range,
    machine: model.machine,
    remarks,
  };
}

function candidateScores(chosen: Candidate) {
  const { cv, ranges, test } = candidateResult(chosen);
  return { cv, ranges, test, byRange: chosen.byRange.map(({ name, score }) => ({ name, ...scoreResult(score) })) };
}

export const fit: Command = {
  name: "fit",
  summary: "fit predictors of energy to measured layers, one per layer type",
  arguments: [
    {
      name: "samples",
      description: ".csv or .jsonl files with a column op, or TYPE=FILE such as conv=conv2d.csv",
      required: true,
      variadic: true,
    },
  ],
  options: [
    {
      flags: "--target <column>",
      description: `energy of one pass as COLUMN or COLUMN:UNIT, J if no unit (default: the first of ${USUAL_TARGETS.join(", ")})`,
    },
    {
      flags: "--features <names>",
      description: "columns or derived counts to use (default: every set that suits is tried)",
    },
    {
      flags: "--model <name>",
      description: `one of ${REGRESSIONS.map(({ id }) => id).join(", ")} (linear and nnls mean least-squares and non-negative; default: all are tried)`,
    },
    { flags: "--group <column>", description: "hold out rows of one value together in cross-validation" },
    { flags: "--where <column=value>", description: "only rows with that value; may be repeated", repeatable: true },
    { flags: "--op <column>", description: "column of the layer type (default op)" },
    {
      flags: "--indices <file>",
      description:
        'JSON with row numbers "train" and "test", as FILE or FILE:KEY (default: all rows, a seeded fifth as test)',
    },
  ],
  out: "where to write the predictor",
  examples: [
    "joulecast fit samples.jsonl --out predictor.json",
    "joulecast fit conv=conv2d.csv relu=relu.csv --target cpu_energy:kWh --out predictor.json",
    "joulecast fit linear=linear.csv --target cpu_energy:kWh --features macs --model least-squares --indices split.json:linear",
  ],
  run: async (args, options, { progress }) => {
    const read = readSampleFiles(args, textOption(options, "--op"));
    const samples = selectRows(read.samples, repeatedOption(options, "--where"));
    const ops = [...new Set(samples.map(({ op }) => op))];
    const target = parseTarget(textOption(options, "--target") ?? defaultTarget(columnsOf(samples)));
    const indices = textOption(options, "--indices");
    const splits = indices === undefined ? undefined : readIndices(indices, read.samples);
    const features = listOption(options, "--features");
    const model = textOption(options, "--model");
    const group = textOption(options, "--group");
    const conditions = repeatedOption(options, "--where");
    const setAside = [textOption(options, "--op") ?? "op", ...conditions.map((text) => text.split("=")[0]!)];
    const fits = ops.map((op, done) => {
      progress({ label: `fitting ${op}`, done, total: ops.length, unit: "types" });
      const split = splits?.get(op);
      return fitOp(
        op,
        samples.filter((sample) => sample.op === op),
        {
          target,
          setAside,
          ...(features && { features }),
          ...(model !== undefined && { model }),
          ...(group !== undefined && { group }),
          ...(split && { split }),
        },
      );
    });
    progress("");
    const predictor = makePredictor(
      fits.map((made) => made.model),
      read.digest,
    );
    const out = textOption(options, "--out");
    if (out !== undefined) await writeWhole(out, [`${JSON.stringify(predictor.toJSON(), null, 1)}\n`]);
    return {
      result: { ops: fits.map(opResult), digest: read.digest, predictor: out ?? null },
      document: fitDocument(fits, out),
      remarks: [
        ...fits.flatMap(({ op, remarks }) => remarks.map((remark) => `${op}: ${remark}`)),
        ...(out === undefined ? ["the predictor was not kept: give --out FILE"] : [`wrote ${out}`]),
      ],
    };
  },
};
