// From collected samples to a calibration: one model per layer type by `fit`'s own functions. Types that cannot be trusted are left out
// and named. The file format is here too; where the file lies is node's.

import { formatRatio } from "../../units/format.ts";
import { InputError } from "../../units/input-error.ts";
import { fitOp, type OpFit } from "../layerwise/fit.ts";
import { type LayerwisePredictor, makePredictor, parsePredictor } from "../layerwise/layerwise-predictor.ts";
import { parseTarget } from "../layerwise/measured.ts";
import { readSamples, type Sample } from "../layerwise/samples.ts";
import { type Score, scoreOf } from "../score.ts";
import { type Calibration, isBeyond, WORTHLESS } from "./calibrated-metric.ts";

const PROFILE_SCHEMA = "joulecast/profile/1";

export interface FittedCalibration {
  readonly predictor: LayerwisePredictor;
  readonly fits: readonly OpFit[];
  /** Of all rows of fitted types, each predicted by a fit that had not seen it. */
  readonly score: Score;
  readonly samples: number;
  /** Rows during which something else was running; fitted only where there are too few others of their type. */
  readonly disturbed: number;
  /** Types without a model, and why. */
  readonly left: readonly { readonly op: string; readonly reason: string }[];
  /** What the joules are; several kinds are joined by " and ". */
  readonly kind: string;
}

/** One network at one batch. Times and joules of one pass. */
export interface NetworkCheck {
  readonly network: string;
  readonly batch: number;
  readonly measuredS: number;
  readonly predictedS: number | undefined;
  readonly measuredJ: number | undefined;
  readonly predictedJ: number;
  readonly lowJ: number;
  readonly highJ: number;
  /** False where layers have no model: the prediction is a lower bound. */
  readonly complete: boolean;
}

/** So many steady rows of a type are enough to do without the others. */
const LEAST_STEADY = 16;

const byOp = (samples: readonly Sample[]): ReadonlyMap<string, readonly Sample[]> => {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) groups.set(sample.op, [...(groups.get(sample.op) ?? []), sample]);
  return groups;
};

/** Rows of a type whose measurement nothing disturbed; all of them where these are too few to fit. */
function steadyOf(rows: readonly Sample[]): readonly Sample[] {
  const steady = rows.filter(({ cells }) => cells.get("steady") !== "no");
  return steady.length >= LEAST_STEADY ? steady : rows;
}

/** How far a calibration came in its time. */
export interface CalibrationPace {
  /** Layers measured. */
  readonly measured: number;
  /** Layers that give every type enough for a fit. */
  readonly wanted: number;
  /** As --minutes says. */
  readonly minutes: number;
}

/** Longest --minutes. */
export const MOST_MINUTES = 600;

/** What to do when nothing could be learned: at the same pace all layers that are wanted, and twice the time at least. */
export function nextTry({ measured, wanted, minutes }: CalibrationPace): string {
  const factor = Math.max(2, wanted / Math.max(1, measured));
  const needed = Math.min(MOST_MINUTES, Math.ceil(minutes * factor));
  return `${measured} layers were measured, ${wanted} and more are wanted: at this pace give --minutes ${needed}, and close programs that use the machine; every calibration measures anew`;
}

/**
 * @param text rows as collected
 * @param digest of `text`
 * @param pace for the hint of the error
 * @throws InputError "no-calibration" when fewer than half of the types can be fitted
 */
export function fitCalibration(name: string, text: string, digest: string, pace: CalibrationPace): FittedCalibration {
  const all = readSamples({ name, text }).filter(({ op, cells }) => op !== "network" && cells.has("energy_j"));
  const samples = [...byOp(all).values()].flatMap(steadyOf);
  const target = parseTarget("energy_j:J");
  const fits: OpFit[] = [];
  const left: { op: string; reason: string }[] = [];
  for (const [op, rows] of byOp(samples)) {
    try {
      fits.push(fitOp(op, rows, { target }));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      left.push({ op, reason: error.message });
    }
  }
  // A profile that knows a few types only would price most networks by what it does not know.
  if (fits.length * 2 < fits.length + left.length || fits.length === 0)
    throw new InputError(
      "no-calibration",
      `only ${fits.length} of ${fits.length + left.length} layer types can be fitted from ${samples.length} samples${left[0] ? ` (${left[0].op}: ${left[0].reason})` : ""}`,
      nextTry(pace),
    );
  const score = scoreOf(fits.flatMap(({ chosen }) => chosen.heldOut.folds));
  if (isBeyond(score, WORTHLESS))
    throw new InputError(
      "no-calibration",
      `the fitted models are off by ${formatRatio(score.mape)} (bias ${formatRatio(score.bias)}) on layers held out`,
      nextTry(pace),
    );
  const kinds = new Set(samples.map(({ cells }) => cells.get("energy_kind") ?? "unknown"));
  return {
    predictor: makePredictor(
      fits.map(({ model }) => model),
      digest,
    ),
    fits,
    score,
    samples: samples.length,
    disturbed: all.filter(({ cells }) => cells.get("steady") === "no").length,
    left,
    kind: [...kinds].sort().join(" and "),
  };
}

/** What a profile file holds. */
export interface ProfileRecord extends Omit<Calibration, "predictor"> {
  readonly points: number;
  readonly durationS: number;
  readonly score: { readonly r2: number; readonly mape: number; readonly bias: number };
}

export function encodeProfile(record: ProfileRecord, predictor: LayerwisePredictor): string {
  return `${JSON.stringify({ schema: PROFILE_SCHEMA, ...record, predictor: predictor.toJSON() }, null, 2)}\n`;
}

/** @throws InputError "bad-profile" */
export function parseProfile(text: string, name: string): Calibration & ProfileRecord {
  let value: Record<string, unknown> | undefined;
  try {
    value = JSON.parse(text) as Record<string, unknown>;
  } catch {
    value = undefined;
  }
  if (value?.schema !== PROFILE_SCHEMA)
    throw new InputError(
      "bad-profile",
      `"${name}" is no profile of a machine`,
      "run `joulecast calibrate` to make one",
    );
  const { schema: _schema, predictor, ...record } = value;
  return { ...(record as unknown as ProfileRecord), predictor: parsePredictor(JSON.stringify(predictor), name) };
}
