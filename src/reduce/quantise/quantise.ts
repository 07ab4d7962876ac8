// A float network in, the same network with 8- or 16-bit numbers out: the one entry to this folder.
// Batch normalisation is folded first, since its factors would be lost in a weight's rounding later.
import type { Graph, Layer } from "../../graph/graph.ts";
import { modernised } from "../../learn/modernise.ts";
import { foldBatchNorms } from "../../learn/train/fold.ts";
import { checkFinite } from "../finite.ts";
import type { WeightedNetwork } from "../network.ts";
import type { ActivationType, Range } from "./affine.ts";
import { type CalibratePlan, calibrate } from "./calibrate.ts";
import { CALIBRATIONS, type CalibrationKind } from "./calibration/table.ts";
import { writeDynamic } from "./dynamic.ts";
import { writeHalf } from "./float16.ts";
import { placementOf } from "./placement.ts";
import { writeStatic } from "./static.ts";
import { isKeptBy, type TargetOptions, targetsOf } from "./targets.ts";

export const PRECISIONS = ["int8-static", "int8-dynamic", "float16"] as const;
export type Precision = (typeof PRECISIONS)[number];

interface Int8Options extends TargetOptions {
  /** One scale per output channel of a weight instead of one for all. Default false. */
  readonly perChannel?: boolean;
  /** Weights in 7 bits, for x86 processors without VNNI, whose 8-bit products overflow 16 bits. Default false. */
  readonly reduceRange?: boolean;
}

export type QuantiseSpec =
  | (Int8Options & {
      readonly to: "int8-static";
      readonly calibration: Omit<CalibratePlan, "rule"> & {
        /** Default "minmax". */
        readonly kind?: CalibrationKind;
      };
      /** Codes of activations. Default "uint8". */
      readonly activation?: ActivationType;
    })
  | (Int8Options & { readonly to: "int8-dynamic" })
  | ({ readonly to: "float16" } & Pick<TargetOptions, "keep">);

export interface Quantised {
  readonly network: WeightedNetwork;
  /** Convolutions and products that were quantised. */
  readonly layers: number;
  /** Batch normalisations folded before. */
  readonly folded: number;
  /** Ranges that were calibrated, by tensor; empty where nothing was. */
  readonly ranges: ReadonlyMap<string, Range>;
}

/** The operator set that Q/DQ per axis needs. */
const LEAST_OPSET = 13;

/** Of the operator set that quantised layers are written in. */
function modern(graph: Graph): Graph {
  return (graph.opsets.get("") ?? LEAST_OPSET) >= LEAST_OPSET ? graph : modernised(graph);
}

type Made = Pick<Quantised, "network" | "layers" | "ranges">;
type Maker<K extends Precision> = (
  network: WeightedNetwork,
  spec: Extract<QuantiseSpec, { readonly to: K }>,
) => Promise<Made>;

const MAKERS: { readonly [K in Precision]: Maker<K> } = {
  "int8-static": async (network, spec) => {
    const targets = targetsOf(network.graph, spec);
    const placement = placementOf(network.graph, targets);
    const roots = [...new Set(placement.rangeOf.values())];
    const { kind = "minmax", ...plan } = spec.calibration;
    const ranges = await calibrate(network, roots, { ...plan, rule: CALIBRATIONS[kind] });
    return { network: await writeStatic(network, targets, placement, ranges, spec), layers: targets.length, ranges };
  },
  "int8-dynamic": async (network, spec) => {
    const targets = targetsOf(network.graph, spec);
    return { network: await writeDynamic(network, targets, spec), layers: targets.length, ranges: new Map() };
  },
  float16: async (network, { keep = [] }) => {
    const isKept: (layer: Layer) => boolean = isKeptBy(network.graph, keep);
    return { ...(await writeHalf(network, { isKept })), ranges: new Map() };
  },
};

/**
 * Quantises a network. It stays ordinary ONNX: no operator of a runtime's own.
 * @throws InputError "nothing-to-quantise", "not-float32", "unknown-layer", "no-samples", "not-finite", "old-operator-set"
 */
export async function quantise(network: WeightedNetwork, spec: QuantiseSpec): Promise<Quantised> {
  await checkFinite(network);
  const folded = await foldBatchNorms(modern(network.graph), network.weights);
  const make = MAKERS[spec.to] as (network: WeightedNetwork, spec: QuantiseSpec) => Promise<Made>;
  return { ...(await make({ graph: folded.graph, weights: network.weights }, spec)), folded: folded.folded };
}
