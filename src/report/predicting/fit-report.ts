// `fit` as a document: what was chosen for each layer type, how it errs inside and beyond what was measured, and all that was tried.
import type { Candidate } from "../../predict/layerwise/candidates.ts";
import type { OpFit } from "../../predict/layerwise/fit.ts";
import { formatNumber, formatQuantity } from "../../units/format.ts";
import type { Cell, Document, Section } from "../document.ts";
import { countCell, numberWithoutUnitCell, ratioCell, textCell } from "../show.ts";

const r2Cell = (value: number | undefined): Cell =>
  value === undefined || Number.isNaN(value) ? textCell(undefined) : { text: value.toFixed(4), value };

function chosenTable(fits: readonly OpFit[]): Section {
  return {
    kind: "table",
    name: "ops",
    main: true,
    caption:
      "Errors on rows that were held out: in gaps (five folds), and in ranges (largest and smallest fifth, top fifth of each parameter).",
    columns: [
      { title: "layer type" },
      { title: "samples", align: "right", priority: 2 },
      { title: "model" },
      { title: "features", priority: 1 },
      { title: "R² gaps", align: "right", priority: 3 },
      { title: "error gaps", align: "right" },
      { title: "error ranges", align: "right" },
      { title: "bias ranges", align: "right" },
      { title: "R² test", align: "right", priority: 3 },
    ],
    rows: fits.map(({ op, chosen, model }) => [
      textCell(op),
      countCell(model.samples),
      textCell(chosen.regression.id),
      textCell(chosen.set.name),
      r2Cell(chosen.cv.r2),
      ratioCell(chosen.cv.mape),
      ratioCell(chosen.ranges.mape),
      ratioCell(chosen.ranges.bias),
      r2Cell(chosen.test?.r2),
    ]),
  };
}

/** "1.75 nJ" of joules per unit of a term. */
function termsTable({ op, model }: OpFit): Section {
  const watts = model.powerW ?? 1;
  const { terms, coefficients, intercept, logarithmic } = model.model;
  const cell = (value: number): Cell =>
    logarithmic
      ? numberWithoutUnitCell(value)
      : { text: formatQuantity(value * watts, "J"), value: value * watts, unit: "J" };
  return {
    kind: "table",
    title: `${op}: ${logarithmic ? "exponents" : "joules per unit"}`,
    name: `terms-${op}`,
    limit: 12,
    columns: [{ title: "term" }, { title: logarithmic ? "exponent" : "energy", align: "right" }],
    rows: [
      ...terms.map((term, i) => [textCell(term), cell(coefficients[i]!)]),
      [textCell(logarithmic ? "ln of the constant" : "each pass"), cell(intercept)],
    ],
  };
}

function candidatesTable(fits: readonly OpFit[]): Section {
  const row = (op: string, { regression, set, cv, ranges, test }: Candidate, chosen: boolean): Cell[] => [
    textCell(op),
    textCell(chosen ? `${regression.id} *` : regression.id),
    textCell(set.name),
    countCell(set.features.length),
    numberWithoutUnitCell(cv.mse),
    r2Cell(cv.r2),
    ratioCell(cv.mape),
    ratioCell(ranges.mape),
    r2Cell(test?.r2),
    ratioCell(test?.mape),
  ];
  return {
    kind: "table",
    title: "All that was tried",
    name: "candidates",
    detail: true,
    caption:
      "* chosen: least relative error in gaps and in ranges, with a preference for models that never fall as work grows.",
    columns: [
      { title: "layer type", group: true },
      { title: "model" },
      { title: "features" },
      { title: "number", align: "right" },
      { title: "MSE J²", align: "right" },
      { title: "R²", align: "right" },
      { title: "error", align: "right" },
      { title: "error ranges", align: "right" },
      { title: "R² test", align: "right" },
      { title: "error test", align: "right" },
    ],
    rows: fits.flatMap(({ op, chosen, candidates }) =>
      candidates.map((candidate) => row(op, candidate, candidate === chosen)),
    ),
  };
}

/** @param path of the predictor, where one was written */
export function fitDocument(fits: readonly OpFit[], path: string | undefined): Document {
  const remarks = fits.flatMap(({ op, remarks }) => remarks.map((remark) => `${op}: ${remark}`));
  const powers = fits.flatMap(({ op, model }) =>
    model.powerW === undefined ? [] : [`${op}: time × ${formatNumber(model.powerW)} W, predicted apart`],
  );
  return {
    title: path === undefined ? "Predictor" : `Predictor ${path}`,
    subtitle: "least relative error on what was held out",
    sections: [
      chosenTable(fits),
      ...fits.map(termsTable),
      ...(powers.length > 0 ? [{ kind: "notes" as const, title: "Power", notes: powers }] : []),
      ...(remarks.length > 0 ? [{ kind: "notes" as const, tone: "warning" as const, notes: remarks }] : []),
      candidatesTable(fits),
    ],
  };
}
