// A calibrated machine: one model per layer type. Predicts samples of layers and sums of them, and is kept as readable JSON.

import { sum } from "../../math/statistics.ts";
import { InputError } from "../../units/input-error.ts";
import type { Prediction, Predictor } from "../predictor.ts";
import { featuresOf } from "./features.ts";
import { LAYER_KINDS } from "./kinds/table.ts";
import { type LayerPrediction, type OpModel, predictLayer } from "./op-model.ts";
import type { Sample } from "./samples.ts";
import type { Features } from "./terms.ts";

const PREDICTOR_SCHEMA = "joulecast/predictor/1";

/** A layer to be predicted. */
export interface LayerFeatures {
  readonly op: string;
  readonly features: Features;
}

export interface LayerwisePredictor extends Predictor<LayerFeatures> {
  readonly ops: readonly OpModel[];
  /** SHA-256 of the files that were fitted. */
  readonly digest: string;
  /** The model of a layer type: by its name, else by its name in other letters ("Conv2d"). */
  modelOf(op: string): OpModel | undefined;
  predict(layer: LayerFeatures): LayerPrediction;
}

/** Features of a sample for a model; undefined where the layer cannot exist. */
export function sampleFeatures(
  op: OpModel,
  sample: Sample,
  columns: ReadonlyMap<string, string>,
): Features | undefined {
  const kind = LAYER_KINDS.find(({ id }) => id === op.kind);
  return featuresOf(sample, { kind, columns: op.columns }, columns);
}

const plainName = (op: string): string =>
  op
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "")
    .replace(/[123]d$/, "");

export function makePredictor(ops: readonly OpModel[], digest: string): LayerwisePredictor {
  const modelOf = (op: string) =>
    ops.find((model) => model.op === op) ?? ops.find((model) => plainName(model.op) === plainName(op));
  return {
    ops,
    digest,
    modelOf,
    predict: ({ op, features }) => {
      const model = modelOf(op);
      if (model === undefined)
        throw new InputError(
          "no-model",
          `the predictor has no model of "${op}"`,
          `it knows ${ops.map((known) => known.op).join(", ")}; fit one from samples of that type`,
        );
      return predictLayer(model, features);
    },
    toJSON: () => ({ schema: PREDICTOR_SCHEMA, digest, ops: ops.map(readable) }),
  };
}

/** A model in an order that reads well. */
function readable(op: OpModel): Readonly<Record<string, unknown>> {
  const { model, powerW, ...rest } = op;
  const value = powerW === undefined ? "energyJ" : "durationS";
  const terms = model.terms.map((term, i) => [term, model.coefficients[i]!] as const);
  return {
    ...rest,
    predicts: model.logarithmic ? `ln ${value}` : value,
    coefficients: Object.fromEntries(terms),
    intercept: model.intercept,
    ...(powerW !== undefined && { powerW }),
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Rebuilds a predictor from the JSON of `toJSON` (or a result that holds it).
 * @throws InputError when it is something else
 */
export function parsePredictor(text: string, name: string): LayerwisePredictor {
  const broken = (why: string): InputError =>
    new InputError(
      "bad-predictor",
      `${name} is no predictor: ${why}`,
      "make one with `joulecast fit SAMPLES --out FILE`",
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw broken("not JSON");
  }
  if (!isRecord(value) || value.schema !== PREDICTOR_SCHEMA || !Array.isArray(value.ops))
    throw broken(`its schema is not "${PREDICTOR_SCHEMA}"`);
  const ops = value.ops.map((entry: unknown): OpModel => {
    const lists = isRecord(entry) && Array.isArray(entry.features) && Array.isArray(entry.columns);
    if (
      !isRecord(entry) ||
      !lists ||
      !isRecord(entry.coefficients) ||
      !isRecord(entry.intervals) ||
      !isRecord(entry.range)
    )
      throw broken("a model lacks its coefficients, range or intervals");
    const { predicts, coefficients, intercept, powerW, ...rest } = entry;
    const numbers = [...Object.values(coefficients), intercept, powerW ?? 1];
    if (!numbers.every((number) => typeof number === "number" && Number.isFinite(number)))
      throw broken("a coefficient is not a number");
    return {
      ...(rest as unknown as OpModel),
      kind: rest.kind as string | undefined,
      powerW: powerW as number | undefined,
      model: {
        terms: Object.keys(coefficients),
        coefficients: Object.values(coefficients) as number[],
        intercept: intercept as number,
        logarithmic: String(predicts).startsWith("ln "),
      },
    };
  });
  return makePredictor(ops, String(value.digest ?? ""));
}

/**
 * Share of an error that all layers of one type in a network have in common. Assumed: a model that is wrong about one layer is half
 * wrong about its neighbours, too; held-out single layers cannot tell.
 */
const SHARED_ERROR = 0.5;

/** Half-width of a sum: the shared part adds up, the rest as the root of squares. */
function sumOfErrors(widths: readonly number[]): number {
  return Math.sqrt(SHARED_ERROR * sum(widths) ** 2 + (1 - SHARED_ERROR) * sum(widths.map((width) => width ** 2)));
}

/** Energy of many layers. Errors of different layer types are taken as independent, those of one type as half shared. */
export function sumPredictions(parts: readonly (Prediction & { readonly op: string })[]): Prediction {
  const energyJ = sum(parts.map((part) => part.energyJ));
  const ops = [...new Set(parts.map(({ op }) => op))].map((op) => parts.filter((part) => part.op === op));
  const width = (off: (part: Prediction) => number) => Math.hypot(...ops.map((group) => sumOfErrors(group.map(off))));
  return {
    energyJ,
    lowJ: Math.max(0, energyJ - width((part) => part.energyJ - part.lowJ)),
    highJ: energyJ + width((part) => part.highJ - part.energyJ),
    inRange: parts.every(({ inRange }) => inRange),
  };
}
