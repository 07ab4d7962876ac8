// The numbers of a weight, when they are asked for: drawn from a seeded initialiser, or fetched by the caller.
// Dice come in as an argument, so that this stays pure and the same seed gives the same network everywhere.
import { InputError } from "../units/input-error.ts";
import { elementCount, type Initialiser, type TensorType, type WeightRef } from "./graph.ts";

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

/** Raw bytes of inline and seeded weights. @throws InputError for weights that lie in a file: those the caller reads */
export function weightBytes(ref: WeightRef, type: TensorType, dice: (seed: number) => Dice): Uint8Array {
  if (ref.kind === "inline") return ref.bytes;
  const count = elementCount(type);
  if (ref.kind !== "seeded" || type.dtype !== "float32" || count === undefined) {
    throw new InputError(
      "weights-elsewhere",
      `weights of kind ${ref.kind} (${type.dtype}) are not at hand`,
      "read them from the model's file first",
    );
  }
  return new Uint8Array(drawWeight(ref.initialiser, count, dice).buffer);
}
