// A calibrated machine as one more EnergyMetric: each layer by the model of its type, fitted to samples of this machine.

import { assemble, isMissing, missing } from "../../estimate/assemble.ts";
import type { EnergyMetric } from "../../estimate/metric.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Hardware } from "../../hardware/hardware.ts";
import { formatRatio } from "../../units/format.ts";
import { exact } from "../../units/range.ts";
import type { LayerwisePredictor } from "../layerwise/layerwise-predictor.ts";
import { type PredictedLayer, predictNetwork, type UncoveredLayer } from "../layerwise/network.ts";
import { fusedLayers, networkLayers } from "./network-layers.ts";

export const THIS_MACHINE = "this-machine";

/** What is known of a calibration besides its models. */
export interface Calibration {
  readonly predictor: LayerwisePredictor;
  /** What its joules are: "measured", "modelled power × measured time", … */
  readonly kind: string;
  /** CPU and runtime, in words. */
  readonly machine: string;
  readonly createdAt: string;
  /** Held-out errors of its models, ratios; left out in calibrations made by hand. */
  readonly score?: { readonly mape: number; readonly bias: number };
}

/** Held-out errors above which a calibration is used with a warning, ratios. */
export const DOUBTFUL = { mape: 0.3, bias: 0.25 };
/** And above which it is refused: it would tell less than the published metrics. */
export const WORTHLESS = { mape: 1, bias: 0.7 };

/** True when either error is beyond its limit. */
export const isBeyond = (score: { readonly mape: number; readonly bias: number }, limit: typeof DOUBTFUL): boolean =>
  !(score.mape <= limit.mape && Math.abs(score.bias) <= limit.bias);

/** "held-out error 27.0 %, bias -37.0 %", with a warning where that is much. */
export function scoreNote(score: { readonly mape: number; readonly bias: number }): string {
  const error = `held-out error of its layer models ${formatRatio(score.mape)}, bias ${formatRatio(score.bias)}`;
  return isBeyond(score, DOUBTFUL) ? `${error}: DOUBTFUL, calibrate again on a quiet machine` : error;
}

/** The record of a calibrated machine: no published metric has a number of it. */
export function calibratedHardware({ machine, createdAt }: Calibration): Hardware {
  return {
    id: THIS_MACHINE,
    name: `this machine (${machine}), calibrated ${createdAt.slice(0, 10)}`,
    kind: "cpu",
    aliases: [],
    peakFlopsPerS: {},
    flopsPerClockPerCore: {},
    memoryLevels: [],
    arithmetic: {},
  };
}

const named = (names: readonly string[], most = 6): string =>
  names.length <= most ? names.join(", ") : `${names.slice(0, most).join(", ")} and ${names.length - most} more`;

const some = (count: number): string => `${count} ${count === 1 ? "layer" : "layers"}`;

function outsideNotes(layers: readonly PredictedLayer[]): string[] {
  const outside = layers.filter(({ inRange }) => !inRange);
  if (outside.length === 0) return [];
  const each = outside.map(({ name, outside: why }) => `${name} (${why.join("; ")})`);
  return [`outside the calibrated range, with a wider interval: ${some(outside.length)}: ${named(each)}`];
}

function uncoveredNotes(uncovered: readonly UncoveredLayer[]): string[] {
  if (uncovered.length === 0) return [];
  const ops = [...new Set(uncovered.map(({ op }) => op))];
  return [`not calibrated and left out, so a lower bound: ${some(uncovered.length)} (${named(ops)})`];
}

const fusedNotes = (count: number): string[] =>
  count === 0 ? [] : [`${some(count)} run inside the convolution or dense layer before them: 0 J of their own`];

/** Layers whose collected type is narrower than their operator (depthwise convolutions), where the predictor has a model of it. */
function typesWithModel(predictor: LayerwisePredictor, graph: Graph): ReadonlyMap<string, string> {
  const types = networkLayers(graph).flatMap(({ name, kind }) =>
    kind && predictor.modelOf(kind.id) ? [[name, kind.id] as const] : [],
  );
  return new Map(types);
}

/**
 * The metric of one network on the machine that was calibrated.
 * @param graph with its shapes inferred, at the batch of the work that is estimated
 */
export function calibratedMetric(calibration: Calibration, graph: Graph): EnergyMetric {
  const { predictor, kind, machine, createdAt, score } = calibration;
  const fused = fusedLayers(graph);
  const typeOf = typesWithModel(predictor, graph);
  return {
    id: "calibrated",
    name: "Calibrated machine",
    equation: "E = Σ time(layer) × power, fitted to this machine's samples",
    source: "[Getzner2023]",
    caution: "Layers were run alone: warm caches, fusions and layouts of a whole network can differ.",
    estimate(work, hardware) {
      if (work.phase === "training") return missing("calibrated", hardware, ["a calibration of training steps"]);
      const own = work.layers.filter(({ name }) => !fused.has(name));
      const alone = { ...work, layers: own.map((layer) => ({ ...layer, op: typeOf.get(layer.name) ?? layer.op })) };
      const { layers, uncovered, durationS, lowJ, highJ } = predictNetwork(predictor, graph, alone);
      if (layers.length === 0)
        return missing("calibrated", hardware, [`samples of ${named([...new Set(uncovered.map(({ op }) => op))])}`]);
      const energyOf = new Map(layers.map(({ name, energyJ }) => [name, energyJ]));
      const answer = assemble("calibrated", work, hardware, {
        layers: work.layers.map(({ name }) => {
          const energyJ = energyOf.get(name) ?? 0;
          return { name, energy: exact(energyJ), parts: { layers: energyJ } };
        }),
        durationS,
        assumptions: [
          `joules are ${kind}, idle power included, as calibrated on ${machine} (${createdAt.slice(0, 10)})`,
          "low–high is the interval of the fitted models, no span of sources",
          ...(score ? [scoreNote(score)] : []),
          ...outsideNotes(layers),
          ...uncoveredNotes(uncovered),
          ...fusedNotes(work.layers.length - alone.layers.length),
        ],
      });
      if (isMissing(answer)) return answer;
      return {
        ...answer,
        lowJ: Math.min(lowJ, answer.energyJ),
        highJ: Math.max(highJ, answer.energyJ),
        complete: answer.complete && uncovered.length === 0,
      };
    },
  };
}
