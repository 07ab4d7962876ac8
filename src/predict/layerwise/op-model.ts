// The model of one layer type as it is kept in predictor.json, and its answer for one layer.
import type { Prediction } from "../predictor.ts";
import type { Score } from "../score.ts";
import { type Intervals, withInterval } from "./interval.ts";
import { estimateRow } from "./linear-model.ts";
import { designRow, type LinearModel } from "./regressions/regression.ts";
import type { Features } from "./terms.ts";

export interface OpModel {
  readonly op: string;
  /** Layer kind whose counts are features; undefined: features are columns as they are. */
  readonly kind: string | undefined;
  /** Columns of the samples that were features as they are. */
  readonly columns: readonly string[];
  readonly regression: string;
  readonly features: readonly string[];
  /** Joules of one pass of the batch; seconds when `powerW` is there. */
  readonly model: LinearModel;
  /** Median power of the samples, W: energy = time × power, predicted apart. */
  readonly powerW: number | undefined;
  readonly powerSpanW: readonly [number, number] | undefined;
  /** Column and unit that were fitted. */
  readonly target: string;
  /** Rows that were fitted. */
  readonly samples: number;
  readonly files: readonly string[];
  /** Columns that name the machine, with their value. */
  readonly machine: Readonly<Record<string, string>>;
  /** Least and greatest value seen of each feature and parameter. */
  readonly range: Readonly<Record<string, readonly [number, number]>>;
  readonly energySpanJ: readonly [number, number];
  readonly error: {
    readonly cv: Score;
    readonly ranges: Score;
    readonly byRange: readonly ({ readonly name: string } & Score)[];
  };
  readonly intervals: Intervals;
}

export interface LayerPrediction extends Prediction {
  /** Features outside of what was fitted: "input_size 25088 above 4991". */
  readonly outside: readonly string[];
  /** s, where time and power were fitted apart. */
  readonly durationS: number | undefined;
}

const SLACK = 1e-9;

function outsideOf(range: OpModel["range"], features: Features): string[] {
  return Object.entries(range).flatMap(([name, [low, high]]) => {
    const value = features[name];
    if (value === undefined) return [];
    if (value < low - SLACK * Math.abs(low)) return [`${name} ${value} below ${low}`];
    return value > high + SLACK * Math.abs(high) ? [`${name} ${value} above ${high}`] : [];
  });
}

/** @throws InputError "no-feature" when a feature is not given */
export function predictLayer(op: OpModel, features: Features): LayerPrediction {
  const { energyJ: raw, share } = estimateRow(op.model, designRow(op.model.terms, features), op.powerW ?? 1);
  // A line may cross zero where a layer is small; no layer gives energy back.
  const energyJ = Math.max(0, raw);
  const outside = outsideOf(op.range, features);
  return {
    ...withInterval({ energyJ, share }, outside.length === 0, op.intervals),
    outside,
    durationS: op.powerW === undefined ? undefined : energyJ / op.powerW,
  };
}
