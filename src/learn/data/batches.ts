// From samples to the tensors of a step: shuffled by a seed for learning, in order for evaluating. A generator (a radio channel,
// say) offers the same interface without any data set behind it.
import type { TensorType } from "../../graph/graph.ts";
import { type Random, seededRandom } from "../../math/random.ts";
import type { Tensors } from "../../runtime/runtime.ts";
import { isTensorType, lengthOf, type Tensor, type TensorDataType, zeros } from "../../runtime/tensor.ts";
import { InputError } from "../../units/input-error.ts";
import type { FedTensor } from "../training-graph.ts";
import type { Column, DataSet } from "./data-set.ts";

/** Where steps get their numbers from. The same epoch gives the same numbers, whoever asks and when. */
export interface Batches {
  readonly batchesPerEpoch: number;
  /** Samples in a batch. */
  readonly batch: number;
  /**
   * What the steps of an epoch are fed, by the graph's input names. The arrays may be overwritten by the next batch.
   * @param from batches left out at the beginning: where an interrupted epoch goes on. Default 0
   */
  epoch(epoch: number, from?: number): Iterable<Tensors> | AsyncIterable<Tensors>;
}

const withoutOnes = (shape: readonly number[]): string => shape.filter((length) => length !== 1).join("×");

/** Copies some samples of a column to the front of a tensor. */
type Copy = (samples: ArrayLike<number>) => void;

interface Fill {
  readonly input: string;
  readonly tensor: Tensor;
  readonly copy: Copy;
}

function copyInto(column: Column, data: Tensor["data"]): Copy {
  const { values, scale } = column;
  const size = lengthOf(column.shape);
  if (data instanceof BigInt64Array) {
    return (samples) => {
      for (let i = 0; i < samples.length; i++)
        for (let k = 0; k < size; k++) data[i * size + k] = BigInt(values[samples[i]! * size + k]!);
    };
  }
  const numbers = data as Float32Array;
  const table =
    values instanceof Uint8Array ? Float32Array.from({ length: 256 }, (_, byte) => byte * scale) : undefined;
  return (samples) => {
    for (let i = 0; i < samples.length; i++) {
      const from = samples[i]! * size;
      const to = i * size;
      if (table !== undefined) for (let k = 0; k < size; k++) numbers[to + k] = table[values[from + k]!]!;
      else if (scale === 1) numbers.set(values.subarray(from, from + size) as Float32Array, to);
      else for (let k = 0; k < size; k++) numbers[to + k] = values[from + k]! * scale;
    }
  };
}

function fixedShape(
  name: string,
  type: TensorType,
): { readonly shape: readonly number[]; readonly dtype: TensorDataType } {
  const { shape, dtype } = type;
  if (shape === undefined || shape.some((dim) => typeof dim !== "number") || !isTensorType(dtype))
    throw new Error(`input ${name} of a training graph has no fixed shape`);
  return { shape: shape as readonly number[], dtype };
}

/** Fractions cut off would be labels changed in silence. */
function checkWhole({ name, values }: Column): void {
  const at = (values as Float32Array).findIndex((value) => !Number.isInteger(value));
  if (at >= 0)
    throw new InputError(
      "label-out-of-range",
      `${name}: label ${at} is ${values[at]}, expected a class number`,
      "give whole numbers from 0",
    );
}

function fillFor({ name, type }: FedTensor, column: Column): Fill {
  const { shape, dtype } = fixedShape(name, type);
  const wanted = shape.slice(1);
  if (withoutOnes(wanted) !== withoutOnes(column.shape))
    throw new InputError(
      "wrong-shape",
      `a sample of ${column.name} is [${column.shape.join(", ")}], input "${name}" of the network takes [${wanted.join(", ")}]`,
      dtype === "int64" && column.role === "label"
        ? "give one class number per place, from 0: y.argmax(1) turns one-hot labels into them"
        : "use a network for that shape, or store the data in it",
    );
  if (dtype === "int64") checkWhole(column);
  const data = zeros(dtype, lengthOf(shape));
  return { input: name, tensor: { dtype, shape, data }, copy: copyInto(column, data) };
}

/**
 * Pairs the inputs of a graph with columns: by role, in order.
 * @throws InputError "no-column" or "wrong-shape"
 */
function fillsFor(inputs: readonly FedTensor[], set: DataSet): readonly Fill[] {
  const used = new Map<string, number>();
  return inputs.map((input) => {
    const index = used.get(input.role) ?? 0;
    used.set(input.role, index + 1);
    const column = set.columns.filter(({ role }) => role === input.role)[index];
    if (column !== undefined) return fillFor(input, column);
    throw new InputError(
      "no-column",
      `${set.name} has nothing for input "${input.name}" (${input.role})`,
      `it has ${set.columns.map(({ name, role }) => `${name} (${role})`).join(", ")}`,
    );
  });
}

/** 0 … count - 1 in random order (Fisher and Yates). */
function shuffledIndices(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}

function batchOf(inputs: readonly FedTensor[]): number {
  const [first] = inputs;
  if (first === undefined) throw new Error("a training graph without inputs");
  return fixedShape(first.name, first.type).shape[0] ?? 1;
}

function batchesOf(set: DataSet, inputs: readonly FedTensor[], orderOf: (epoch: number) => Uint32Array): Batches {
  const batch = batchOf(inputs);
  const batchesPerEpoch = Math.floor(set.samples / batch);
  if (batchesPerEpoch === 0)
    throw new InputError(
      "few-samples",
      `${set.name} has ${set.samples} samples, one batch takes ${batch}`,
      `give --batch ${set.samples} or less`,
    );
  const fills = fillsFor(inputs, set);
  const feeds = Object.fromEntries(fills.map(({ input, tensor }) => [input, tensor]));
  return {
    batch,
    batchesPerEpoch,
    *epoch(epoch, from = 0) {
      const order = orderOf(epoch);
      for (let i = from; i < batchesPerEpoch; i++) {
        const samples = order.subarray(i * batch, (i + 1) * batch);
        for (const { copy } of fills) copy(samples);
        yield feeds;
      }
    },
  };
}

/**
 * Batches for learning: another order in every epoch, given by the seed. Samples that fill no whole batch are left out of that
 * epoch; the next one leaves out others.
 * @throws InputError "few-samples" when there is no whole batch, "no-column", "wrong-shape"
 */
export function shuffledBatches(set: DataSet, inputs: readonly FedTensor[], seed: number): Batches {
  return batchesOf(set, inputs, (epoch) => shuffledIndices(set.samples, seededRandom(seed).fork(epoch)));
}

/** Batches for evaluating: the samples in order. What fills no whole batch is left out: train/evaluate.ts gives it a graph of its own. */
export function orderedBatches(set: DataSet, inputs: readonly FedTensor[]): Batches {
  const order = Uint32Array.from({ length: set.samples }, (_, i) => i);
  return batchesOf(set, inputs, () => order);
}
