// The numbers of a seeded weight, drawn when they are asked for. Weights that lie in files are onnx/weights.ts.
// Dice come in as an argument, so that this stays pure and the same seed gives the same network everywhere.
import { elementCount, type Initialiser, type TensorType } from "./graph.ts";

/** The two draws an initialiser needs; math/random.ts makes them. */
export interface Dice {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Normal with mean 0 and standard deviation 1. */
  normal(): number;
}

/** Numbers of a seeded weight, float32, row-major. `dice` gets the initialiser's seed. */
export function drawWeight(initialiser: Initialiser, count: number, dice: (seed: number) => Dice): Float32Array {
  const numbers = new Float32Array(count);
  if (initialiser.kind === "constant") return numbers.fill(initialiser.value);
  const source = dice(initialiser.seed);
  if (initialiser.kind === "uniform") {
    for (let i = 0; i < count; i++) numbers[i] = (2 * source.uniform() - 1) * initialiser.bound;
  } else {
    for (let i = 0; i < count; i++) numbers[i] = source.normal() * initialiser.std;
  }
  return numbers;
}

/** A seeded weight as raw_data packs it. @throws Error when its shape is not numeric: zoo weights always are */
export function seededBytes(initialiser: Initialiser, type: TensorType, dice: (seed: number) => Dice): Uint8Array {
  const count = elementCount(type);
  if (type.dtype !== "float32" || count === undefined)
    throw new Error(`a seeded weight of ${type.dtype} has no known size`);
  return new Uint8Array(drawWeight(initialiser, count, dice).buffer);
}
