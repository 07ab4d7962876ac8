// Brings a network of operator sets 7 to 12 to the form of set 17, which the gradient rules write: settings that were
// attributes become inputs. Not a general converter: an operator whose meaning changed is refused with its layer [ONNX, Changelog.md].
import type { DataType } from "../graph/dtype.ts";
import {
  type Attribute,
  type Graph,
  type Layer,
  operatorKey,
  type TensorType,
  type WeightRef,
} from "../graph/graph.ts";
import { encodeNumbers } from "../graph/numbers.ts";
import { InputError } from "../units/input-error.ts";

/** Sets below this one have operators in other forms. */
const MODERN = 13;
const OLDEST = 7;
/** The set that the converted layers are written in. */
const WRITTEN = 17;

/** Attributes that became inputs: the operator set that brought the change, and the attributes in the order of the inputs after the first. */
interface Moved {
  readonly since: number;
  readonly attributes: readonly { readonly name: string; readonly dtype: DataType | "as input" }[];
}

const ints = (name: string) => ({ name, dtype: "int64" as const });
const float = (name: string) => ({ name, dtype: "as input" as const });

const MOVED: Readonly<Record<string, Moved>> = {
  Squeeze: { since: 13, attributes: [ints("axes")] },
  Unsqueeze: { since: 13, attributes: [ints("axes")] },
  ReduceSum: { since: 13, attributes: [ints("axes")] },
  Split: { since: 13, attributes: [ints("split")] },
  Slice: { since: 10, attributes: [ints("starts"), ints("ends"), ints("axes")] },
  Clip: { since: 11, attributes: [float("min"), float("max")] },
  Pad: { since: 11, attributes: [ints("pads"), float("value")] },
  Dropout: { since: 12, attributes: [float("ratio")] },
};

/** Operators whose older form means something else. */
const CHANGED = new Map([
  ["Upsample", "Upsample is no longer an operator"],
  ["Resize", "Resize had other coordinates"],
]);
/** Resize has today's form since this set. */
const RESIZE_SINCE = 11;

interface Extra {
  readonly tensors: Map<string, TensorType>;
  readonly weights: Map<string, WeightRef>;
}

function refused(layer: Layer, opset: number, why: string): InputError {
  return new InputError(
    "old-operator-set",
    `layer "${layer.name}" (${operatorKey(layer)}) of operator set ${opset}: ${why}`,
    "export the network again with opset_version 17, or convert it with onnx.version_converter",
  );
}

/**
 * The same network in operator set 17; one of set 13 or newer is returned as it is.
 * @throws InputError "old-operator-set" below set 7, and for layers whose meaning changed
 */
export function modernised(graph: Graph): Graph {
  const opset = graph.opsets.get("") ?? WRITTEN;
  if (opset >= MODERN) return graph;
  if (opset < OLDEST)
    throw new InputError(
      "old-operator-set",
      `the network is written in operator set ${opset}, training needs ${OLDEST} or newer`,
      "export it again with opset_version 17, or convert it with onnx.version_converter",
    );
  const extra: Extra = { tensors: new Map(graph.tensors), weights: new Map(graph.weights) };
  const layers = graph.layers.map((layer) => modernLayer(layer, opset, graph, extra));
  return { ...graph, ...extra, layers, opsets: new Map(graph.opsets).set("", WRITTEN) };
}

function modernLayer(layer: Layer, opset: number, graph: Graph, extra: Extra): Layer {
  const key = operatorKey(layer);
  if (key === "Softmax" || key === "LogSoftmax") return modernSoftmax(layer, opset, graph);
  const changed = CHANGED.get(key);
  if (changed !== undefined && !(key === "Resize" && opset >= RESIZE_SINCE)) throw refused(layer, opset, changed);
  const moved = Object.hasOwn(MOVED, key) ? MOVED[key] : undefined;
  if (moved === undefined || opset >= moved.since) return layer;
  const attributes = new Map(layer.attributes);
  const inputs = [layer.inputs[0]!];
  for (const { name, dtype } of moved.attributes) {
    const attribute = attributes.get(name);
    attributes.delete(name);
    inputs.push(
      attribute === undefined ? "" : constantOf(`${layer.name}/${name}`, attribute, dtype, layer, graph, extra),
    );
  }
  while (inputs.at(-1) === "") inputs.pop();
  return { ...layer, inputs, attributes };
}

/** Before set 13 the axes from `axis` (default 1) on were taken together; the same only where that is one axis. */
function modernSoftmax(layer: Layer, opset: number, graph: Graph): Layer {
  const rank = graph.tensors.get(layer.inputs[0]!)?.shape?.length;
  const given = layer.attributes.get("axis");
  const axis = given?.kind === "int" ? given.value : 1;
  const last = axis === -1 || (rank !== undefined && axis === rank - 1);
  if (!last) throw refused(layer, opset, `its axis is ${axis}, expected the last one of known rank`);
  return { ...layer, attributes: new Map(layer.attributes).set("axis", { kind: "int", value: -1 }) };
}

function constantOf(
  name: string,
  attribute: Attribute,
  dtype: DataType | "as input",
  layer: Layer,
  graph: Graph,
  { tensors, weights }: Extra,
): string {
  const type = dtype === "as input" ? (graph.tensors.get(layer.inputs[0]!)?.dtype ?? "float32") : dtype;
  const data = attribute.kind === "ints" ? attribute.value : [Number((attribute as { readonly value: unknown }).value)];
  tensors.set(name, { dtype: type, shape: attribute.kind === "ints" ? [data.length] : [] });
  weights.set(name, { kind: "inline", bytes: encodeNumbers(type, data) });
  return name;
}
