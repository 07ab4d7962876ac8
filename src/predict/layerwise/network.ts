// A network as layers that a predictor knows: which type a layer is, its parameters from shapes and attributes, its counts of work.
// Layers of a type without a model are named, never counted as zero in silence.
import { intAttribute, intsAttribute, stringAttribute } from "../../graph/attributes.ts";
import { type Graph, type Layer, operatorKey } from "../../graph/graph.ts";
import type { LayerWork, WorkReport } from "../../work/work.ts";
import { LAYER_KINDS } from "./kinds/table.ts";
import { type LayerwisePredictor, sumPredictions } from "./layerwise-predictor.ts";
import type { LayerPrediction } from "./op-model.ts";
import type { Parameters } from "./parameters.ts";
import { type Features, namesIn } from "./terms.ts";

export interface PredictedLayer extends LayerPrediction {
  readonly name: string;
  readonly op: string;
  /** The model that answered. */
  readonly model: string;
}

export interface UncoveredLayer {
  readonly name: string;
  readonly op: string;
  readonly reason: string;
}

export interface NetworkPrediction {
  readonly energyJ: number;
  readonly lowJ: number;
  readonly highJ: number;
  readonly inRange: boolean;
  /** Sum over layers, s; undefined unless every model predicts time. */
  readonly durationS: number | undefined;
  readonly layers: readonly PredictedLayer[];
  /** Layers that do work and that the predictor says nothing about. */
  readonly uncovered: readonly UncoveredLayer[];
}

/** Operator → names under which its type may have been collected. Default: the operator's own name. */
const TYPE_NAMES: Readonly<Record<string, readonly string[]>> = {
  Conv: ["conv", "convolution"],
  MaxPool: ["maxpool", "maxpooling", "pool"],
  AveragePool: ["avgpool", "averagepool"],
  GlobalAveragePool: ["globalaveragepool", "adaptiveavgpool"],
  Gemm: ["linear", "dense", "gemm", "fc"],
  MatMul: ["linear", "dense", "matmul", "fc"],
  BatchNormalization: ["batchnorm", "batchnormalization"],
  LayerNormalization: ["layernorm", "layernormalization"],
};

const numeric = (shape: readonly (number | string)[] | undefined): readonly number[] | undefined =>
  shape?.every((dim) => typeof dim === "number") ? (shape as readonly number[]) : undefined;

/** Stride and padding of the first axis; a padding that differs between sides is their mean. */
function window(layer: Layer, kernel: number, stride: number): { stride: number; padding: number } {
  const strides = intsAttribute(layer, "strides");
  const pads = intsAttribute(layer, "pads");
  const step = strides?.[0] ?? stride;
  const same = stringAttribute(layer, "auto_pad", "NOTSET").startsWith("SAME");
  const ends = pads === undefined ? 0 : (pads[0]! + pads[pads.length / 2]!) / 2;
  return { stride: step, padding: same ? Math.max(0, kernel - step) / 2 : ends };
}

function imageOf(shape: readonly number[]): Parameters {
  const [batch_size, in_channels, image_size, image_width] = shape as [number, number, number, number];
  return { batch_size, in_channels, image_size, image_width };
}

/** Parameters by kind of operator; undefined where the shapes do not fit it, or it does what no sample did (dilation). */
type Describe = (layer: Layer, work: LayerWork, graph: Graph) => Parameters | undefined;

const describeConv: Describe = (layer, work, graph) => {
  const input = numeric(work.inputShape);
  const weight = numeric(graph.tensors.get(layer.inputs[1]!)?.shape);
  const dilated = intsAttribute(layer, "dilations")?.some((step) => step !== 1) ?? false;
  if (input?.length !== 4 || weight?.length !== 4 || dilated) return undefined;
  const [out_channels, , kernel_size, kernel_width] = weight as [number, number, number, number];
  const groups = intAttribute(layer, "group", 1);
  return { ...imageOf(input), out_channels, kernel_size, kernel_width, groups, ...window(layer, kernel_size, 1) };
};

const describePool: Describe = (layer, work) => {
  const input = numeric(work.inputShape);
  if (input?.length !== 4) return undefined;
  const kernel = intsAttribute(layer, "kernel_shape") ?? input.slice(2);
  const [kernel_size, kernel_width] = kernel as [number, number];
  return { ...imageOf(input), kernel_size, kernel_width, ...window(layer, kernel_size, 1) };
};

const describeDense: Describe = (_layer, work) => {
  const output = numeric(work.outputShape);
  const output_size = output?.at(-1);
  if (output === undefined || output_size === undefined || work.outputElements === 0) return undefined;
  return {
    batch_size: work.outputElements / output_size,
    input_size: work.macs / work.outputElements,
    output_size,
  };
};

const describeElements: Describe = (_layer, work) => {
  const shape = numeric(work.outputShape);
  const batch_size = shape?.[0];
  return batch_size === undefined || batch_size === 0
    ? undefined
    : { batch_size, input_size: work.outputElements / batch_size };
};

const DESCRIBE: Readonly<Record<string, Describe>> = {
  Conv: describeConv,
  MaxPool: describePool,
  AveragePool: describePool,
  GlobalAveragePool: describePool,
  Gemm: describeDense,
  MatMul: describeDense,
};

/** Counts that any model may use, whatever the type. */
function countsOf(work: LayerWork): Features {
  const { macs, flops, params, readBytes, writtenBytes, inputElements, outputElements } = work;
  return { macs, flops, params, readBytes, writtenBytes, inputElements, outputElements };
}

/** True for what costs nothing: another name for the same bytes. */
const isIdle = ({ flops, writtenBytes }: LayerWork): boolean => flops === 0 && writtenBytes === 0;

/**
 * Predicts every layer of a network.
 * @param graph with its shapes inferred
 * @param work counted from that graph, inference
 */
export function predictNetwork(predictor: LayerwisePredictor, graph: Graph, work: WorkReport): NetworkPrediction {
  const byName = new Map(graph.layers.map((layer) => [layer.name, layer]));
  const layers: PredictedLayer[] = [];
  const uncovered: UncoveredLayer[] = work.unknown.map(({ layer, op, reason }) => ({ name: layer, op, reason }));
  for (const counted of work.layers.filter((layer) => !isIdle(layer))) {
    const { name, op } = counted;
    const layer = byName.get(name);
    const model = [...(TYPE_NAMES[op] ?? []), op].map((type) => predictor.modelOf(type)).find((found) => found);
    if (model === undefined || layer === undefined) {
      uncovered.push({ name, op, reason: "the predictor has no model of this type" });
      continue;
    }
    const parameters = (DESCRIBE[operatorKey(layer)] ?? describeElements)(layer, counted, graph) ?? {};
    const kind = LAYER_KINDS.find(({ id }) => id === model.kind);
    const derived = kind?.needs.every((need) => parameters[need] !== undefined) ? kind.derive(parameters) : undefined;
    const features = { ...countsOf(counted), ...parameters, ...derived };
    const lacking = model.features.flatMap(namesIn).find((feature) => !(feature in features));
    if (lacking !== undefined) {
      uncovered.push({ name, op, reason: `nothing says its ${lacking}` });
      continue;
    }
    layers.push({ name, op, model: model.op, ...predictor.predict({ op: model.op, features }) });
  }
  const total = sumPredictions(layers.map((layer) => ({ ...layer, op: layer.model })));
  const timed = layers.length > 0 && layers.every(({ durationS }) => durationS !== undefined);
  return {
    ...total,
    durationS: timed ? layers.reduce((sum, { durationS }) => sum + durationS!, 0) : undefined,
    layers,
    uncovered,
  };
}
