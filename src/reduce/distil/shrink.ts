// A student out of its teacher: the same graph with every layer narrower by one ratio, with fresh weights. Not pruning: no weight is kept, and all
// channels are alike. Widths follow from the layer's own number of channels only, so sums and products of branches still fit together.
import { floatAttribute, intAttribute } from "../../graph/attributes.ts";
import { bindDimensions } from "../../graph/bind.ts";
import { NetworkBuilder } from "../../graph/build.ts";
import { isFloat } from "../../graph/dtype.ts";
import { elementCount, type Graph, type Initialiser, type Layer, operatorKey } from "../../graph/graph.ts";
import { inferShapes } from "../../graph/shape/infer.ts";
import { modernised } from "../../learn/modernise.ts";
import { InputError } from "../../units/input-error.ts";

/** `channels` times `ratio`, rounded to a multiple of `step`, at least one of it. */
const narrowedTo = (channels: number, ratio: number, step = 1): number =>
  step * Math.max(1, Math.round((channels * ratio) / step));

const NAME_ONE = "name a student with --student";

function cannot(layer: Layer, why: string): InputError {
  return new InputError(
    "cannot-narrow",
    `layer "${layer.name}" (${operatorKey(layer)}): ${why}, so the teacher cannot be narrowed as it is`,
    NAME_ONE,
  );
}

/** A network being narrowed. */
interface Narrowing {
  readonly b: NetworkBuilder;
  readonly graph: Graph;
  readonly ratio: number;
  /** Layers whose outputs keep their width: those that the network's outputs come from. */
  readonly last: ReadonlySet<Layer>;
  /** Tensors whose channels are those of a narrowed layer. */
  readonly narrowed: Set<string>;
  nextSeed(): number;
}

type Draw = (fanIn: number) => Initialiser;

const shapeOf = (n: Narrowing, weight: string): readonly number[] => n.graph.tensors.get(weight)!.shape as number[];

/** Uniform in ±1/√fan-in, as the zoo's weights begin [He2015]. */
const uniform =
  (n: Narrowing): Draw =>
  (fanIn) => ({ kind: "uniform", bound: 1 / Math.sqrt(fanIn), seed: n.nextSeed() });

const constant = (value: number): Initialiser => ({ kind: "constant", value });

/** A weight under its own name in a new shape. */
function put(n: Narrowing, name: string, shape: readonly number[], initialiser: Initialiser): void {
  n.b.stored(name, { dtype: "float32", shape }, { kind: "seeded", initialiser });
}

const isWeight = (n: Narrowing, name: string | undefined): name is string =>
  name !== undefined && n.graph.weights.has(name);

/** Writes the weights of one layer in their new shapes. */
type Rule = (n: Narrowing, layer: Layer) => void;

function biasOf(n: Narrowing, layer: Layer, index: number, length: number, fanIn: number): void {
  const bias = layer.inputs[index];
  if (isWeight(n, bias)) put(n, bias, [length], uniform(n)(fanIn));
}

const convolution: Rule = (n, layer) => {
  const [x = "", weight] = layer.inputs;
  if (!isWeight(n, weight)) throw cannot(layer, "its kernel is no stored weight");
  const [out, perGroup, ...kernel] = shapeOf(n, weight) as [number, number, ...number[]];
  const group = intAttribute(layer, "group", 1);
  const channels = n.b.length(x, 1);
  const isDepthwise = group > 1 && perGroup === 1;
  const groups = isDepthwise ? channels : group;
  if (channels % groups !== 0) throw cannot(layer, `${channels} channels do not divide into ${groups} groups`);
  const width = isDepthwise ? (channels * out) / group : narrowedTo(out, n.ratio, group);
  const kept = n.last.has(layer) ? out : width;
  const fanIn = (channels / groups) * kernel.reduce((a, b) => a * b, 1);
  put(n, weight, [kept, channels / groups, ...kernel], uniform(n)(fanIn));
  biasOf(n, layer, 2, kept, fanIn);
  const attributes = new Map(layer.attributes).set("group", { kind: "int", value: groups });
  n.b.append({ ...layer, attributes });
};

const transposed: Rule = (n, layer) => {
  const [x = "", weight] = layer.inputs;
  if (!isWeight(n, weight) || intAttribute(layer, "group", 1) !== 1)
    throw cannot(layer, "it has groups, or a kernel that is no stored weight");
  const [, out, ...kernel] = shapeOf(n, weight) as [number, number, ...number[]];
  const width = n.last.has(layer) ? out : narrowedTo(out, n.ratio);
  const channels = n.b.length(x, 1);
  const fanIn = channels * kernel.reduce((a, b) => a * b, 1);
  put(n, weight, [channels, width, ...kernel], uniform(n)(fanIn));
  biasOf(n, layer, 2, width, fanIn);
  n.b.append(layer);
};

const dense: Rule = (n, layer) => {
  const [x = "", weight] = layer.inputs;
  const isPlain = intAttribute(layer, "transA", 0) === 0 && floatAttribute(layer, "alpha", 1) === 1;
  if (!isWeight(n, weight) || shapeOf(n, weight).length !== 2 || !isPlain) {
    if (!layer.inputs.some((name) => isWeight(n, name))) return n.b.append(layer);
    throw cannot(layer, "it is no plain product with a stored matrix on its right");
  }
  const isTurned = layer.op === "Gemm" && intAttribute(layer, "transB", 0) === 1;
  const out = shapeOf(n, weight)[isTurned ? 0 : 1]!;
  const width = n.last.has(layer) ? out : narrowedTo(out, n.ratio);
  const fanIn = n.b.length(x, -1);
  put(n, weight, isTurned ? [width, fanIn] : [fanIn, width], uniform(n)(fanIn));
  biasOf(n, layer, 2, width, fanIn);
  n.b.append(layer);
};

/** Scale, shift, running mean and variance of every channel. */
const batchNorm: Rule = (n, layer) => {
  const channels = n.b.length(layer.inputs[0]!, 1);
  layer.inputs.slice(1).forEach((name, i) => {
    if (isWeight(n, name)) put(n, name, [channels], constant(i === 0 || i === 3 ? 1 : 0));
  });
  n.b.append(layer);
};

const overLast: Rule = (n, layer) => {
  const shape = n.b.shapeOf(layer.inputs[0]!).slice(intAttribute(layer, "axis", -1));
  if (shape.some((length) => typeof length !== "number")) throw cannot(layer, "its lengths are not fixed");
  layer.inputs.slice(1).forEach((name, i) => {
    if (isWeight(n, name)) put(n, name, shape as readonly number[], constant(i === 0 ? 1 : 0));
  });
  n.b.append(layer);
};

/** A weight that is added or multiplied: as long as the other operand wherever it was longer than one. */
const besides =
  (start: number): Rule =>
  (n, layer) => {
    const other = layer.inputs.find((name) => !isWeight(n, name)) ?? "";
    for (const name of layer.inputs) {
      if (!isWeight(n, name) || n.b.has(name)) continue;
      const own = shapeOf(n, name);
      const isFixed = !n.narrowed.has(other) || own.every((length) => length === 1);
      if (isFixed) {
        keep(n, name);
        continue;
      }
      const against = n.b.shapeOf(other);
      const shape = own.map((length, axis) => {
        const now = against[against.length - own.length + axis];
        return length === 1 || typeof now !== "number" ? length : now;
      });
      put(n, name, shape, constant(start));
    }
    n.b.append(layer);
  };

/** As it was, numbers included. */
function keep(n: Narrowing, name: string): void {
  if (!n.b.has(name)) n.b.stored(name, n.graph.tensors.get(name)!, n.graph.weights.get(name)!);
}

/** Small numbers beside the data (sizes, axes, limits) stay; a tensor of weights has no rule here. */
const asItIs: Rule = (n, layer) => {
  for (const name of layer.inputs) {
    if (!isWeight(n, name)) continue;
    const type = n.graph.tensors.get(name)!;
    const isLarge = isFloat(type.dtype) && (elementCount(type) ?? 0) > SMALL;
    if (isLarge && n.narrowed.has(layer.inputs[0]!)) throw cannot(layer, "nothing is known of how it shrinks");
    keep(n, name);
  }
  n.b.append(layer);
};

/** Most float numbers of an input that is no weight: the scales of a Resize. */
const SMALL = 8;

const RULES: Readonly<Record<string, Rule>> = {
  Conv: convolution,
  ConvTranspose: transposed,
  Gemm: dense,
  MatMul: dense,
  BatchNormalization: batchNorm,
  InstanceNormalization: batchNorm,
  LayerNormalization: overLast,
  Add: besides(0),
  Sub: besides(0),
  Mul: besides(1),
  Div: besides(1),
  PRelu: besides(0.25),
};
/** Rules whose layers choose a width. */
const CHOOSES: ReadonlySet<string> = new Set(["Conv", "ConvTranspose", "Gemm", "MatMul"]);

/** The layers that the outputs' widths come from: back through everything that chooses none, and through depthwise convolutions. */
function lastLayers(graph: Graph): ReadonlySet<Layer> {
  const makers = new Map(graph.layers.flatMap((layer) => layer.outputs.map((name) => [name, layer] as const)));
  const last = new Set<Layer>();
  const seen = new Set<string>();
  const walk = (tensor: string): void => {
    const layer = makers.get(tensor);
    if (layer === undefined || seen.has(tensor)) return;
    seen.add(tensor);
    const chooses = CHOOSES.has(operatorKey(layer)) && graph.weights.has(layer.inputs[1] ?? "");
    if (chooses) last.add(layer);
    else layer.inputs.forEach(walk);
  };
  graph.outputs.forEach(walk);
  return last;
}

/** A layer that moves numbers about must still find as many as it gives. */
function checkNumbers(n: Narrowing, layer: Layer): void {
  const count = (name: string) => elementCount({ dtype: "float32", shape: n.b.typeOf(name).shape });
  const sum = (names: readonly string[]) =>
    names
      .filter((name) => name !== "")
      .reduce<number | undefined>((a, name) => {
        const b = count(name);
        return a === undefined || b === undefined ? undefined : a + b;
      }, 0);
  const moves: Readonly<Record<string, readonly string[]>> = { Reshape: layer.outputs, Split: layer.outputs };
  const outputs = Object.hasOwn(moves, layer.op) ? moves[layer.op] : undefined;
  if (outputs === undefined) return;
  const [before, after] = [count(layer.inputs[0]!), sum(outputs)];
  if (before !== after) throw cannot(layer, "it writes its numbers in a shape that is fixed in the file");
}

/**
 * The network with `ratio` of the channels of every layer but the last ones, weights drawn anew.
 * @param ratio above 0, at most 1
 * @param seed first seed of the weights
 * @throws InputError "cannot-narrow" naming the layer that does not allow it
 */
export function narrowed(graph: Graph, ratio: number, seed = 0, dims: Readonly<Record<string, number>> = {}): Graph {
  if (!(ratio > 0 && ratio <= 1))
    throw new InputError(
      "out-of-range",
      `the student's width is ${ratio}, expected above 0 and up to 1`,
      "give --shrink 0.5",
    );
  const bound = modernised(inferShapes(bindDimensions(graph, { batch: 1, dims }).graph).graph);
  const shaped = inferShapes(bound);
  const inputs = graph.inputs.filter((name) => !graph.weights.has(name));
  const empty: Graph = {
    ...bound,
    inputs,
    outputs: [],
    layers: [],
    tensors: new Map(inputs.map((name) => [name, bound.tensors.get(name)!])),
    weights: new Map(),
  };
  const known = new Map([...shaped.constants].filter(([name]) => bound.weights.has(name)));
  const b = NetworkBuilder.from({ graph: empty, constants: new Map() }, bound.opsets.get("") ?? 17);
  let next = seed;
  const n: Narrowing = {
    b,
    graph: shaped.graph,
    ratio,
    last: lastLayers(shaped.graph),
    narrowed: new Set(),
    nextSeed: () => next++,
  };
  for (const [name, value] of known)
    if (!isFloat(value.dtype)) b.stored(name, bound.tensors.get(name)!, bound.weights.get(name)!, value);
  for (const layer of shaped.graph.layers) {
    checkFloat32(n, layer);
    narrow(n, layer);
    const follows = CHOOSES.has(operatorKey(layer)) || layer.inputs.some((name) => n.narrowed.has(name));
    if (follows) for (const name of layer.outputs) n.narrowed.add(name);
  }
  for (const output of graph.outputs) checkOutput(n, output);
  return reopened(b, graph, inputs);
}

/** Fresh weights are drawn as float32, and learning is done in it. */
function checkFloat32(n: Narrowing, layer: Layer): void {
  for (const name of layer.inputs) {
    const type = n.graph.tensors.get(name);
    if (isWeight(n, name) && type !== undefined && isFloat(type.dtype) && type.dtype !== "float32")
      throw cannot(layer, `its weights are ${type.dtype}, and a student is made in float32`);
  }
}

/** @throws InputError "cannot-narrow", also where the layer's shapes contradict each other now */
function narrow(n: Narrowing, layer: Layer): void {
  try {
    (RULES[operatorKey(layer)] ?? asItIs)(n, layer);
    checkNumbers(n, layer);
  } catch (error) {
    if (!(error instanceof InputError) || error.code === "cannot-narrow") throw error;
    throw new InputError("cannot-narrow", `the teacher cannot be narrowed as it is: ${error.message}`, NAME_ONE);
  }
}

function checkOutput(n: Narrowing, output: string): void {
  const [was, is] = [n.graph.tensors.get(output)?.shape, n.b.typeOf(output).shape];
  if (`${was}` !== `${is}`)
    throw new InputError(
      "cannot-narrow",
      `the narrowed network gives "${output}" as [${is}] instead of [${was}]`,
      NAME_ONE,
    );
  n.b.output(output);
}

/** With the inputs as the teacher declares them: an open batch stays open. What follows from it is inferred again when it is bound. */
function reopened(b: NetworkBuilder, teacher: Graph, inputs: readonly string[]): Graph {
  const made = b.graph();
  const kept = new Set([...inputs, ...made.weights.keys()]);
  const tensors = new Map([...made.tensors].filter(([name]) => kept.has(name)));
  for (const name of inputs) tensors.set(name, teacher.tensors.get(name)!);
  const used = new Set(made.layers.flatMap((layer) => layer.inputs));
  return {
    name: `${teacher.name}-narrow`,
    inputs,
    outputs: made.outputs,
    layers: made.layers,
    tensors: inferShapes({ ...made, inputs, tensors }).graph.tensors,
    weights: new Map([...made.weights].filter(([name]) => used.has(name))),
    opsets: made.opsets,
  };
}
