// Half precision: weights and what is computed from them in 16 bits, with casts where a layer needs 32 and at the network's ends, so that
// it is fed and read as before. Layers that lose too much in 16 bits, or that know no 16 bits, stay as they are.
import { type Graph, type Layer, operatorKey } from "../../graph/graph.ts";
import { numberToHalf } from "../../graph/numbers.ts";
import { inferShapes } from "../../graph/shape/infer.ts";
import { InputError } from "../../units/input-error.ts";
import { readWeight, type WeightedNetwork } from "../network.ts";
import { Rewriting } from "./rewriting.ts";

export interface HalfOptions {
  /** Layers, or blocks of them, that stay in float32. Default: none. */
  readonly isKept?: (layer: Layer) => boolean;
}

/** Operators that take and give half precision with nothing but their inputs changed [ONNX]. */
const HALF: ReadonlySet<string> = new Set([
  ...["Conv", "ConvTranspose", "Gemm", "MatMul"],
  ...["Add", "Sub", "Mul", "Div", "Max", "Min", "Mean", "Sum", "Neg", "Abs", "Sqrt", "Where"],
  ...["Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Clip"],
  ...["Softplus", "Softsign", "Erf", "Gelu", "ThresholdedRelu", "Softmax", "LogSoftmax"],
  ...["MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LpPool"],
  ...["BatchNormalization", "InstanceNormalization", "LayerNormalization", "GroupNormalization", "LRN"],
  ...["Flatten", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Identity", "Concat", "Split", "Slice", "Pad"],
  ...["Gather", "Expand", "Tile", "DepthToSpace", "SpaceToDepth", "Dropout"],
  ...["ReduceMean", "ReduceMax", "ReduceMin"],
]);
/** Operators whose weights make half precision worth while. */
const WORTH: ReadonlySet<string> = new Set(["Conv", "ConvTranspose", "Gemm", "MatMul"]);
/** What gives the answer itself stays in float32: small probabilities have no digits in half. */
const LAST: ReadonlySet<string> = new Set(["Softmax", "LogSoftmax", "Sigmoid"]);
/** Largest number that half precision has. */
const MOST = 65504;
/** ONNX's numbers of the types, for Cast. */
const CAST_TO = { float32: 1, float16: 10 } as const;

const isSmall = (numbers: Float32Array): boolean => numbers.every((value) => Math.abs(value) <= MOST);

/** A weight that only converted layers read is stored in half; the ones that do not fit keep their layer in float32. */
async function halves(
  network: WeightedNetwork,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Uint16Array | undefined>> {
  const found = new Map<string, Uint16Array | undefined>();
  for (const name of names) {
    const numbers = (await readWeight(network, name)).data as Float32Array;
    found.set(name, isSmall(numbers) ? Uint16Array.from(numbers, numberToHalf) : undefined);
  }
  return found;
}

/** Layers that could be done in half, and the float32 weights they read. */
function candidates(graph: Graph, isFloat: (tensor: string) => boolean, isKept: (layer: Layer) => boolean) {
  const layers = graph.layers.filter((layer) => {
    const known = layer.outputs.every((output) => output === "" || graph.tensors.get(output) !== undefined);
    const isLast = LAST.has(operatorKey(layer)) && layer.outputs.some((output) => graph.outputs.includes(output));
    return HALF.has(operatorKey(layer)) && known && !isLast && !isKept(layer);
  });
  const weights = layers.flatMap(({ inputs }) => inputs.filter((input) => graph.weights.has(input) && isFloat(input)));
  return { layers, weights: new Set(weights) };
}

/**
 * The network in half precision.
 * @returns the network, and how many of its convolutions and products are in half
 * @throws InputError "nothing-to-quantise" when no such layer is in float32
 */
export async function writeHalf(
  network: WeightedNetwork,
  { isKept = () => false }: HalfOptions = {},
): Promise<{ readonly network: WeightedNetwork; readonly layers: number }> {
  const { graph, weights } = network;
  const { tensors } = inferShapes(graph).graph;
  const isFloat = (tensor: string): boolean => tensors.get(tensor)?.dtype === "float32";
  const found = candidates({ ...graph, tensors }, isFloat, isKept);
  const stored = await halves(network, found.weights);
  const converted = new Set(
    found.layers.filter((layer) =>
      layer.inputs.every((input) => !stored.has(input) || stored.get(input) !== undefined),
    ),
  );
  const worth = [...converted].filter((layer) => WORTH.has(layer.op) && layer.inputs.some((name) => stored.has(name)));
  if (worth.length === 0)
    throw new InputError(
      "nothing-to-quantise",
      `${graph.name} has no convolution or product with a float32 weight that fits into half precision`,
      "`joulecast inspect` lists its layers and --json their types",
    );
  const out = new Rewriting({ ...graph, tensors });
  const half = new Map<string, string>();
  const halfName = (tensor: string): string => {
    const known = half.get(tensor);
    if (known !== undefined) return known;
    const name = out.unique(`${tensor}/half`);
    half.set(tensor, name);
    return name;
  };
  /** Forms of a tensor that are there already. */
  const inHalf = new Set<string>();
  const inFloat = new Set<string>([...graph.inputs, ...graph.weights.keys()]);
  const cast = (tensor: string, to: keyof typeof CAST_TO): void => {
    const [from, output] = to === "float16" ? [tensor, halfName(tensor)] : [halfName(tensor), tensor];
    out.layer("Cast", `${tensor}/to_${to}`, [from], {
      output,
      attributes: { to: { kind: "int", value: CAST_TO[to] } },
    });
    out.retype(output, tensor, to);
  };
  const asHalf = (tensor: string): string => {
    if (tensor === "" || !isFloat(tensor)) return tensor;
    if (inHalf.has(tensor)) return halfName(tensor);
    inHalf.add(tensor);
    const data = stored.get(tensor);
    if (data === undefined) cast(tensor, "float16");
    else {
      const shape = tensors.get(tensor)!.shape as readonly number[];
      half.set(tensor, out.weight(`${tensor}/half`, { dtype: "float16", shape, data }));
    }
    return halfName(tensor);
  };
  const asFloat = (tensor: string): void => {
    if (inFloat.has(tensor) || !inHalf.has(tensor)) return;
    inFloat.add(tensor);
    cast(tensor, "float32");
  };
  for (const layer of graph.layers) {
    if (!converted.has(layer)) {
      layer.inputs.forEach(asFloat);
      for (const captured of capturedBy(layer)) asFloat(captured);
      for (const output of layer.outputs) inFloat.add(output);
      out.append(layer);
      continue;
    }
    const outputs = layer.outputs.map((output) => {
      if (output === "" || !isFloat(output)) return output;
      inHalf.add(output);
      out.retype(halfName(output), output, "float16");
      return halfName(output);
    });
    out.append({ ...layer, inputs: layer.inputs.map(asHalf), outputs });
  }
  graph.outputs.forEach(asFloat);
  return { network: { graph: out.graph(), weights }, layers: worth.length };
}

/** Tensors that the bodies of a layer read from outside. */
function capturedBy(layer: Layer): readonly string[] {
  return [...layer.attributes.values()].flatMap((attribute) =>
    attribute.kind === "graph"
      ? attribute.value.layers.flatMap((inside) => [...inside.inputs, ...capturedBy(inside)])
      : [],
  );
}
