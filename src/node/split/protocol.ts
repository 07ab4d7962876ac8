// What device and server say to each other: the tensors of a cut as bytes, one behind the other, and what stands in the headers. The
// lengths follow from the model and the cut, so a message of any other length is refused before it is read.
import { createHash } from "node:crypto";
import { DTYPE_BITS } from "../../graph/dtype.ts";
import { elementCount, type Graph, type TensorType } from "../../graph/graph.ts";
import type { Tensors, WeightReader } from "../../runtime/runtime.ts";
import { arrayFromBytes, bytesOf, isTensorType, type Tensor } from "../../runtime/tensor.ts";
import { FEATURE_BITS, type FeatureBits, featureBytes, packFeatures, unpackFeatures } from "../../split/features.ts";
import { InputError } from "../../units/input-error.ts";
import { onnxBytes } from "../runtime/onnx-runtime.ts";

export const PATHS = { about: "/", model: "/model.onnx", infer: "/infer" } as const;
export const HEADERS = {
  /** SHA-256 of the whole model as .onnx, hexadecimal. */
  digest: "x-joulecast-digest",
  /** Which layers ran on the device: a bit each, hexadecimal, first layer first. */
  cut: "x-joulecast-cut",
  /** Bits of a sent float. */
  bits: "x-joulecast-bits",
} as const;

/** Most bytes of one representation. */
export const MOST_BYTES = 256 * 1024 * 1024;

/** What a server says of itself at PATHS.about. */
export interface About {
  readonly protocol: 1;
  readonly model: string;
  readonly digest: string;
  readonly modelBytes: number;
  readonly layers: number;
}

/** What a server says when it refuses. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** The digest that both sides compare: of the model as one .onnx file. */
export const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** The whole model as one file, as the server hands it out. */
export const modelFile = (graph: Graph, weights: WeightReader): Promise<Uint8Array> => onnxBytes(graph, weights);

/** "a41" of bits 1010 0100 0001. */
export function cutToText(onDevice: Uint8Array): string {
  let text = "";
  for (let at = 0; at < onDevice.length; at += 4) {
    const digit = [0, 1, 2, 3].reduce((sum, i) => sum * 2 + (onDevice[at + i] ?? 0), 0);
    text += digit.toString(16);
  }
  return text;
}

/** @throws InputError "bad-cut" for a text of another length or with other signs */
export function cutFromText(text: string, layers: number): Uint8Array {
  if (text.length !== Math.ceil(layers / 4) || !/^[0-9a-f]*$/.test(text))
    throw new InputError("bad-cut", `"${text.slice(0, 40)}" is no cut of ${layers} layers`, "send one bit per layer");
  return Uint8Array.from({ length: layers }, (_, i) => (Number.parseInt(text[i >> 2]!, 16) >> (3 - (i % 4))) & 1);
}

/** @throws InputError "bad-bits" */
export function bitsFromText(text: string | undefined): FeatureBits {
  const bits = FEATURE_BITS.find((one) => String(one) === text);
  if (bits !== undefined) return bits;
  throw new InputError("bad-bits", `"${text ?? ""}" bits are not offered`, `send ${FEATURE_BITS.join(", ")}`);
}

/** Bytes that a tensor of this type takes. @throws InputError "unsupported-tensor" */
function sizeOf(name: string, type: TensorType | undefined, bits: FeatureBits): number {
  const count = elementCount(type);
  if (type === undefined || count === undefined || !isTensorType(type.dtype))
    throw new InputError(
      "unsupported-tensor",
      `tensor "${name}" has no type or size that can be sent`,
      "cut elsewhere",
    );
  return type.dtype === "float32" ? featureBytes(count, bits) : (count * DTYPE_BITS[type.dtype]) / 8;
}

type Types = ReadonlyMap<string, TensorType>;

/** Bytes of these tensors as one message. @throws InputError "too-large" */
export function messageBytes(names: readonly string[], types: Types, bits: FeatureBits): number {
  const bytes = names.reduce((sum, name) => sum + sizeOf(name, types.get(name), bits), 0);
  if (bytes <= MOST_BYTES) return bytes;
  throw new InputError(
    "too-large",
    `the representation takes ${bytes} bytes, at most ${MOST_BYTES} are sent`,
    "cut elsewhere, send fewer --bits or a smaller --batch",
  );
}

/** Tensors as one message: float32 in `bits` bits, other types as they are. */
export function packTensors(names: readonly string[], tensors: Tensors, bits: FeatureBits): Uint8Array {
  return Buffer.concat(
    names.map((name) => {
      const { dtype, data } = tensors[name]!;
      return dtype === "float32" ? packFeatures(data as Float32Array, bits) : bytesOf(data);
    }),
  );
}

/** @throws InputError "bad-length" for a message that is no such tensors */
export function unpackTensors(bytes: Uint8Array, names: readonly string[], types: Types, bits: FeatureBits): Tensors {
  const expected = messageBytes(names, types, bits);
  if (bytes.length !== expected)
    throw new InputError(
      "bad-length",
      `${bytes.length} bytes, expected ${expected}`,
      "both sides must mean the same cut",
    );
  let at = 0;
  const entries = names.map((name): readonly [string, Tensor] => {
    const type = types.get(name)!;
    const size = sizeOf(name, type, bits);
    const own = bytes.subarray(at, at + size);
    at += size;
    const dtype = type.dtype as Tensor["dtype"];
    const data = dtype === "float32" ? unpackFeatures(own, elementCount(type)!, bits) : arrayFromBytes(dtype, own);
    return [name, { dtype, shape: type.shape as readonly number[], data }];
  });
  return Object.fromEntries(entries);
}
