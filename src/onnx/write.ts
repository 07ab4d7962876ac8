// Graph -> .onnx bytes, as a stream: every weight is asked for when its place comes, and let go [ONNX, onnx.proto, IR.md].
// Everything goes into the one file (protobuf allows 2 GiB); side files are not written.
import { sizeBytesOf } from "../graph/dtype.ts";
import {
  type Attribute,
  elementCount,
  type Graph,
  type Layer,
  type TensorType,
  UNKNOWN_DIM,
  type WeightRef,
} from "../graph/graph.ts";
import { InputError } from "../units/input-error.ts";
import { WIRE_DTYPES } from "./dtype.ts";
import { type Hole, Message, type Piece } from "./pieces.ts";
import { contradictory } from "./repack.ts";
import type { WeightBytes } from "./weights.ts";

/** Largest message that protobuf readers take: 2 GiB - 1. */
const MOST_BYTES = 2 ** 31 - 1;
/** Small pieces are gathered into chunks of this size. */
const CHUNK_BYTES = 64 * 1024;

/** IR version that came with an operator set [ONNX, Versioning.md]: the first row that is new enough counts. */
const IR_BY_OPSET: readonly { readonly opset: number; readonly ir: number }[] = [
  { opset: 18, ir: 8 },
  { opset: 20, ir: 9 },
  { opset: 22, ir: 10 },
  { opset: 23, ir: 11 },
  { opset: 24, ir: 12 },
];
const NEWEST_IR = 13;

/** AttributeProto: its `type` and the field of the value, by our kind. */
const ATTRIBUTE_WIRE: Readonly<Record<Attribute["kind"], { readonly type: number; readonly field: number }>> = {
  float: { type: 1, field: 2 },
  int: { type: 2, field: 3 },
  string: { type: 3, field: 4 },
  tensor: { type: 4, field: 5 },
  graph: { type: 5, field: 6 },
  floats: { type: 6, field: 7 },
  ints: { type: 7, field: 8 },
  strings: { type: 8, field: 9 },
};

/**
 * Writes a model that ONNX Runtime runs, in chunks.
 * @param weightBytes gives one weight's bytes (raw_data; for strings see strings.ts): `weightsOf` for a file that was read
 * @throws InputError "model-too-large" above 2 GiB, "contradictory-tensor" when a weight has no fixed shape or its bytes do not
 *   fill it (sparse weights above 4096 bytes among them); both before or while streaming, so write to a temporary file
 */
export async function* writeOnnx(graph: Graph, weightBytes: WeightBytes): AsyncGenerator<Uint8Array> {
  const model = modelMessage(graph);
  if (model.length > MOST_BYTES)
    throw new InputError(
      "model-too-large",
      `${graph.name} would take ${model.length} bytes, an .onnx file can have ${MOST_BYTES}`,
      "write a smaller network, or one with 16-bit weights",
    );
  let gathered: Uint8Array[] = [];
  let gatheredBytes = 0;
  for (const piece of model.pieces()) {
    const bytes = piece instanceof Uint8Array ? piece : await filled(piece, weightBytes);
    if (gatheredBytes + bytes.length > CHUNK_BYTES && gatheredBytes > 0) {
      yield joined(gathered, gatheredBytes);
      gathered = [];
      gatheredBytes = 0;
    }
    if (bytes.length > CHUNK_BYTES) yield bytes;
    else {
      gathered.push(bytes);
      gatheredBytes += bytes.length;
    }
  }
  if (gatheredBytes > 0) yield joined(gathered, gatheredBytes);
}

function joined(chunks: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const whole = new Uint8Array(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

async function filled(hole: Hole, weightBytes: WeightBytes): Promise<Uint8Array> {
  const bytes = await weightBytes(hole.ref, hole.type);
  if (bytes.length !== hole.length) throw contradictory(hole.tensor, hole.length, bytes.length);
  return bytes;
}

function modelMessage(graph: Graph): Message {
  const opset = graph.opsets.get("") ?? 1;
  const model = new Message()
    .int(1, IR_BY_OPSET.find((row) => opset <= row.opset)?.ir ?? NEWEST_IR)
    .text(2, "joulecast")
    .message(7, graphMessage(graph));
  for (const [domain, version] of graph.opsets) model.message(8, new Message().text(1, domain).int(2, version));
  return model;
}

function graphMessage(graph: Graph): Message {
  const message = new Message();
  for (const layer of graph.layers) message.message(1, nodeMessage(layer));
  message.text(2, graph.name);
  for (const [name, ref] of graph.weights) message.message(5, tensorMessage(name, graph.tensors.get(name), ref));
  for (const name of graph.inputs) message.message(11, valueMessage(name, graph.tensors.get(name)));
  for (const name of graph.outputs) message.message(12, valueMessage(name, graph.tensors.get(name)));
  const ends = new Set([...graph.inputs, ...graph.outputs]);
  for (const [name, type] of graph.tensors)
    if (!ends.has(name) && !graph.weights.has(name) && isKnown(type)) message.message(13, valueMessage(name, type));
  return message;
}

const isKnown = (type: TensorType): boolean => type.shape?.every((dim) => dim !== UNKNOWN_DIM) ?? false;

function nodeMessage(layer: Layer): Message {
  const message = new Message().texts(1, layer.inputs).texts(2, layer.outputs).text(3, layer.name).text(4, layer.op);
  for (const [name, attribute] of layer.attributes) message.message(5, attributeMessage(name, attribute));
  return layer.domain === "" ? message : message.text(7, layer.domain);
}

function attributeMessage(name: string, attribute: Attribute): Message {
  const { type, field } = ATTRIBUTE_WIRE[attribute.kind];
  const message = new Message().text(1, name).int(20, type);
  switch (attribute.kind) {
    case "float":
      return message.float(field, attribute.value);
    case "int":
      return message.int(field, attribute.value);
    case "string":
      return message.text(field, attribute.value);
    case "floats":
      return message.floats(field, attribute.value);
    case "ints":
      return message.ints(field, attribute.value);
    case "strings":
      return message.texts(field, attribute.value);
    case "graph":
      return message.message(field, graphMessage(attribute.value));
    case "tensor":
      return message.message(field, tensorMessage("", attribute.type, attribute.value));
  }
}

function tensorMessage(name: string, type: TensorType | undefined, ref: WeightRef): Message {
  const count = elementCount(type);
  if (type?.shape === undefined || count === undefined)
    throw new InputError(
      "contradictory-tensor",
      `weight "${name}" has no fixed shape`,
      "give every weight a type with whole lengths",
    );
  const message = new Message().ints(1, type.shape as readonly number[]).int(2, WIRE_DTYPES[type.dtype].number);
  if (name !== "") message.text(8, name);
  if (type.dtype === "string") return message.raw(dataOf(ref, type, name, stringBytes(ref)));
  return message.data(9, dataOf(ref, type, name, sizeBytesOf(type.dtype, count)));
}

function dataOf(ref: WeightRef, type: TensorType, tensor: string, length: number): Piece {
  if (ref.kind !== "inline") return { ref, type, tensor, length };
  if (ref.bytes.length !== length) throw contradictory(tensor, length, ref.bytes.length);
  return ref.bytes;
}

/** Length of string_data, which no shape tells. */
function stringBytes(ref: WeightRef): number {
  if (ref.kind === "inline") return ref.bytes.length;
  if (ref.kind === "range") return ref.length;
  if (ref.kind === "field") return ref.runs.reduce((sum, run) => sum + run.length, 0);
  throw new Error("strings cannot be drawn from a seed");
}

function valueMessage(name: string, type: TensorType | undefined): Message {
  const value = new Message().text(1, name);
  if (type === undefined) return value;
  const tensor = new Message().int(1, WIRE_DTYPES[type.dtype].number);
  if (type.shape !== undefined) {
    const shape = new Message();
    for (const dim of type.shape) {
      const axis = new Message();
      if (typeof dim === "number") axis.int(1, dim);
      else if (dim !== UNKNOWN_DIM) axis.text(2, dim);
      shape.message(1, axis);
    }
    tensor.message(2, shape);
  }
  return value.message(2, new Message().message(1, tensor));
}
