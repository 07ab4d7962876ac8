// Random inputs for a network: what it computes does not matter, that its operators get numbers they can work on does.
import type { DataType } from "../../graph/dtype.ts";
import { type Random, seededRandom } from "../../math/random.ts";
import { InputError } from "../../units/input-error.ts";
import type { InputSpec } from "./model-protocol.ts";

/** Data as ONNX Runtime's Tensor takes it. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | string[];

/** Bits of a half-precision number in [0, 1): 1 + fraction/1024, halved. Between 0.5 and 1, so that no exponent is to be found. */
const halfBits = (random: Random): number => (14 << 10) | random.below(1024);

/**
 * How each type is filled. Floats lie in [0, 1) (half precision: [0.5, 1)), as pixels do. 32- and 64-bit whole numbers are indices or
 * masks most of the time: 0 and 1 are valid in every vocabulary of two words or more. Narrow ones are quantised data: full range.
 */
const FILL: Readonly<Partial<Record<DataType, (count: number, random: Random) => TensorData>>> = {
  float32: (count, random) => new Float32Array(count).map(() => random.uniform()),
  float64: (count, random) => new Float64Array(count).map(() => random.uniform()),
  float16: (count, random) => new Uint16Array(count).map(() => halfBits(random)),
  int64: (count, random) => new BigInt64Array(count).map(() => BigInt(random.below(2))),
  uint64: (count, random) => new BigUint64Array(count).map(() => BigInt(random.below(2))),
  int32: (count, random) => new Int32Array(count).map(() => random.below(2)),
  uint32: (count, random) => new Uint32Array(count).map(() => random.below(2)),
  int16: (count, random) => new Int16Array(count).map(() => random.below(2 ** 16) - 2 ** 15),
  uint16: (count, random) => new Uint16Array(count).map(() => random.below(2 ** 16)),
  int8: (count, random) => new Int8Array(count).map(() => random.below(256) - 128),
  uint8: (count, random) => new Uint8Array(count).map(() => random.below(256)),
  bool: (count, random) => new Uint8Array(count).map(() => random.below(2)),
  string: (count) => Array.from({ length: count }, () => "a"),
};

/**
 * Numbers for one input, row-major; the same seed gives the same ones.
 * @throws InputError "unsupported-input" for types that ONNX Runtime's binding does not take
 */
export function randomInput({ name, dtype, shape }: InputSpec, seed: number): TensorData {
  const fill = FILL[dtype];
  if (fill === undefined)
    throw new InputError(
      "unsupported-input",
      `input ${name} has elements of ${dtype}, which cannot be fed from here; expected one of ${Object.keys(FILL).join(", ")}`,
      "export the network with float32 or float16 inputs, or measure the program that runs it: measure -- COMMAND",
    );
  const count = shape.reduce((product, length) => product * length, 1);
  return fill(count, seededRandom(seed));
}
