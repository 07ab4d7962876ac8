// Raw tensors: little-endian numbers in plain files, described by a dataset.json beside them, so that any program can write a data set.
// A "sha256" beside a file is checked where it is given.
// { "train": [{ "role": "data", "file": "x.bin", "dtype": "float32", "shape": [1, 28, 28] }, …], "test": […] }; shapes are of one sample.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Column, type DataSet, type DataSplit, dataSet } from "../../learn/data/data-set.ts";
import { truncated } from "../../learn/data/formats/idx.ts";
import { lengthOf } from "../../runtime/tensor.ts";
import { InputError } from "../../units/input-error.ts";
import { unknownName } from "../../units/nearest.ts";
import { explainRefusal } from "../files.ts";
import { readBytes } from "./bytes.ts";

export const DESCRIPTION = "dataset.json";

const ARRAYS = {
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;
const ROLES = ["data", "label", "mask"] as const;

interface RawColumn {
  readonly role: (typeof ROLES)[number];
  readonly file: string;
  readonly dtype: keyof typeof ARRAYS;
  readonly shape: readonly number[];
  readonly scale?: number;
  /** Of the file, as it is stored, 64 hexadecimal digits. */
  readonly sha256?: string;
}

function bad(path: string, why: string): InputError {
  return new InputError(
    "bad-description",
    `"${path}": ${why}`,
    'write { "train": [{ "role": "data", "file": "x.bin", "dtype": "float32", "shape": [1, 28, 28] }] }',
  );
}

const isLength = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;

function readColumn(path: string, entry: Partial<RawColumn>): Column {
  const { role, file, dtype, shape, scale = 1, sha256 } = entry;
  if (typeof file !== "string") throw bad(path, "an entry has no file");
  if (!ROLES.includes(role as RawColumn["role"]))
    throw unknownName("role", String(role), ROLES, "give data, label or mask");
  if (!Object.hasOwn(ARRAYS, String(dtype)))
    throw unknownName("dtype", String(dtype), Object.keys(ARRAYS), `give one of ${Object.keys(ARRAYS).join(", ")}`);
  if (!Array.isArray(shape) || !shape.every(isLength)) throw bad(path, `the shape of ${file} is no list of lengths`);
  if (!Number.isFinite(scale)) throw bad(path, `the scale of ${file} is no number`);
  if (sha256 !== undefined) checkDigest(path, join(dirname(path), file), sha256);
  const { bytes } = readBytes(join(dirname(path), file));
  const array = ARRAYS[dtype!];
  const sampleBytes = array.BYTES_PER_ELEMENT * lengthOf(shape);
  const rest = bytes.length % sampleBytes;
  if (rest !== 0) throw truncated(file, bytes.length + sampleBytes - rest, bytes.length);
  return { role: role!, name: file, shape, values: new array(new Uint8Array(bytes).buffer), scale };
}

/** @throws InputError "wrong-checksum" for a file that is not the one that was described */
function checkDigest(description: string, path: string, expected: string): void {
  let found: string;
  try {
    found = createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
  if (found === String(expected).toLowerCase()) return;
  throw new InputError(
    "wrong-checksum",
    `"${path}" has SHA-256 ${found}, "${description}" says ${expected}`,
    "the file is damaged or another one: fetch it again, or mend the description",
  );
}

/** @param path of the dataset.json */
export function readRaw(path: string): DataSplit {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
  let description: { readonly train?: unknown; readonly test?: unknown };
  try {
    description = JSON.parse(text);
  } catch (error) {
    throw bad(path, (error as Error).message);
  }
  const read = (part: unknown, name: string): DataSet => {
    if (!Array.isArray(part)) throw bad(path, `"${name}" is no list of columns`);
    return dataSet(
      `${path} (${name})`,
      part.map((entry) => readColumn(path, entry)),
    );
  };
  return {
    train: read(description?.train, "train"),
    test: description.test === undefined ? undefined : read(description.test, "test"),
  };
}
