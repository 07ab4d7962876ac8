// What a data set IS: columns of numbers, one entry per sample, as they were stored. Where files are read is node/data;
// how samples become the tensors of a step is batches.ts.
import { lengthOf } from "../../runtime/tensor.ts";
import { InputError } from "../../units/input-error.ts";

/** What a column is for: fed to the network, compared with its output, weights of that comparison, or what a teacher said. */
export type Role = "data" | "label" | "mask" | "teacher";

export type Values = Uint8Array | Int8Array | Uint16Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** The same tensor of every sample. */
export interface Column {
  readonly role: Role;
  /** Where it comes from, for messages: "train-images-idx3-ubyte". */
  readonly name: string;
  /** Shape of one sample; [] for a class number. */
  readonly shape: readonly number[];
  /** Row-major, samples first. */
  readonly values: Values;
  /** The network sees value × scale: 1/255 for pixels, so that they lie in [0, 1]. */
  readonly scale: number;
}

export interface DataSet {
  readonly name: string;
  readonly samples: number;
  readonly columns: readonly Column[];
}

/** What is learned from, and what only tells how well; `test` undefined when there is none. */
export interface DataSplit {
  readonly train: DataSet;
  readonly test: DataSet | undefined;
}

const PIXEL_SCALE = 1 / 255;

/** A column of pictures as bytes: pixels come into [0, 1]. */
export function pixels(name: string, shape: readonly number[], values: Uint8Array): Column {
  return { role: "data", name, shape, values, scale: PIXEL_SCALE };
}

/** A column of class numbers from 0. */
export function classes(name: string, values: Values): Column {
  return { role: "label", name, shape: [], values, scale: 1 };
}

/**
 * Puts columns together and checks what can be checked before a network is known: equal numbers of samples, no NaN or infinity.
 * @throws InputError "unequal-columns", "no-samples" or "not-finite"
 */
export function dataSet(name: string, columns: readonly Column[]): DataSet {
  const counts = columns.map(({ values, shape }) => values.length / lengthOf(shape));
  const [samples = 0] = counts;
  const odd = counts.findIndex((count) => count !== samples);
  if (odd >= 0)
    throw new InputError(
      "unequal-columns",
      `${columns[odd]!.name} has ${counts[odd]} samples, ${columns[0]!.name} has ${samples}`,
      "one of the files is cut off, or they do not belong together",
    );
  if (samples === 0) throw new InputError("no-samples", `${name} has no samples`, "give a data set with at least one");
  for (const column of columns) checkFinite(column);
  return { name, samples, columns };
}

function checkFinite({ name, values, shape }: Column): void {
  if (!(values instanceof Float32Array || values instanceof Float64Array)) return;
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new InputError(
    "not-finite",
    `${name}: sample ${Math.floor(at / lengthOf(shape))} holds ${values[at]}`,
    "mend or leave out that sample: one NaN makes every weight NaN",
  );
}

/** Samples `from` up to `to` (excluded), sharing the numbers. */
export function slice(set: DataSet, from: number, to: number): DataSet {
  const columns = set.columns.map((column) => {
    const size = lengthOf(column.shape);
    return { ...column, values: column.values.subarray(from * size, to * size) };
  });
  return { name: set.name, samples: Math.min(to, set.samples) - from, columns };
}

/** The first `count` samples, all when there are fewer. Default: all. */
export function limited(set: DataSet, count = set.samples): DataSet {
  return count >= set.samples ? set : slice(set, 0, count);
}

/** The classes of a label column are 0 to `count` - 1. @throws InputError "label-out-of-range" */
export function checkLabels({ name, values }: Column, count: number): void {
  const at = values.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < count));
  if (at < 0) return;
  throw new InputError(
    "label-out-of-range",
    `${name}: the label of sample ${at} is ${values[at]}, the network has classes 0 to ${count - 1}`,
    "use a network with as many classes as the data, or mend the labels",
  );
}
