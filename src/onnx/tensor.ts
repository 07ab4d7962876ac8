// Reads a TensorProto or SparseTensorProto: its type, and where its numbers are. Small numbers are taken along, large
// ones are passed over by seeking; no weight is ever read [ONNX, onnx.proto].
import { type DataType, sizeBytesOf } from "../graph/dtype.ts";
import type { TensorType, WeightRef } from "../graph/graph.ts";
import { decodeNumbers } from "../graph/numbers.ts";
import { InputError } from "../units/input-error.ts";
import { dtypeOfNumber, type TypedField, WIRE_DTYPES } from "./dtype.ts";
import { externalRef } from "./external.ts";
import type { RawTensor } from "./proto.ts";
import { concatenate, contradictory, entryBytes, isVarintField, repack } from "./repack.ts";
import { stringRecord } from "./strings.ts";
import { readEntry } from "./value.ts";
import { HEAD_BYTES, type Walk, type Window } from "./window.ts";

/** Tensors up to this size become "inline": shapes, axes, scales, biases. In bytes of raw_data. */
const INLINE_BYTES = 4096;
/** A typed field of an inline tensor is at most this long: 10 bytes for each number of one byte. */
const COPIED_BYTES = 10 * INLINE_BYTES;

interface Run {
  readonly offset: number;
  readonly length: number;
}

/** The pieces of one typed field: where they are and, while they are small, what they are. */
class TypedData {
  readonly runs: Run[] = [];
  readonly copies: Uint8Array[] = [];
  lengthBytes = 0;
  entries = 0;

  add(offset: number, length: number): void {
    this.entries++;
    this.lengthBytes += length;
    const last = this.runs.at(-1);
    if (last !== undefined && last.offset + last.length === offset)
      this.runs[this.runs.length - 1] = { offset: last.offset, length: last.length + length };
    else this.runs.push({ offset, length });
  }
}

interface Scratch {
  name: string;
  number: number;
  isExternal: boolean;
  readonly dims: number[];
  readonly typed: Map<TypedField, TypedData>;
  readonly external: Map<string, string>;
  raw: { readonly offset: number; readonly length: number; readonly bytes: Uint8Array | undefined } | undefined;
}

/** Reads the tensor that the window's field holds. @throws InputError when shape, type and data contradict each other */
export function* walkTensor(window: Window): Walk<RawTensor> {
  const end = window.enter();
  const scratch: Scratch = {
    name: "",
    number: 0,
    isExternal: false,
    dims: [],
    typed: new Map(),
    external: new Map(),
    raw: undefined,
  };
  for (;;) {
    if (window.short) yield HEAD_BYTES;
    if (!window.next(end)) break;
    switch (window.field) {
      case 1:
        yield* window.ints(scratch.dims);
        break;
      case 2:
        scratch.number = window.int();
        break;
      case 4:
      case 5:
      case 6:
      case 7:
      case 10:
      case 11:
        yield* walkTyped(window, window.field, scratch.typed);
        break;
      case 8:
        scratch.name = yield* window.text();
        break;
      case 9:
        scratch.raw = yield* walkRaw(window);
        break;
      case 13: {
        yield* window.whole();
        const [key, value] = readEntry(window);
        scratch.external.set(key, value);
        break;
      }
      case 14:
        scratch.isExternal = window.int() === 1;
        break;
      default:
        window.skip();
    }
  }
  window.leave();
  return resolve(scratch);
}

function* walkRaw(window: Window): Walk<NonNullable<Scratch["raw"]>> {
  if (!window.isBytes) throw window.damaged("raw_data is not bytes");
  const { payloadAt: offset, length } = window;
  if (length <= INLINE_BYTES) return { offset, length, bytes: yield* window.copy() };
  window.skip();
  return { offset, length, bytes: undefined };
}

function* walkTyped(window: Window, field: TypedField, typed: Map<TypedField, TypedData>): Walk<void> {
  const data = typed.get(field) ?? new TypedData();
  typed.set(field, data);
  if (field === 6 && !window.isBytes) throw window.damaged("string_data is not bytes");
  const before = data.lengthBytes;
  const isShort = before + (window.isBytes ? window.length : 8) <= COPIED_BYTES;
  const from = field === 6 ? window.fieldAt : window.payloadAt;
  if (isShort) {
    const copy = yield* window.copy();
    data.copies.push(field === 6 ? stringRecord(copy) : copy);
  } else window.skip();
  data.add(from, window.position - from);
}

/** Type and reference of a tensor that was passed over. */
function resolve(scratch: Scratch): RawTensor {
  const { name } = scratch;
  const dtype = dtypeOfNumber(scratch.number, name);
  const count = checkedCount(scratch.dims, name);
  return { name, type: { dtype, shape: scratch.dims }, ref: refOf(scratch, dtype, count) };
}

function refOf(scratch: Scratch, dtype: DataType, count: number): WeightRef {
  const { name, raw } = scratch;
  const sizeBytes = sizeBytesOf(dtype, count);
  if (scratch.isExternal) return externalRef(scratch.external, sizeBytes, name);
  const typed = scratch.typed.get(WIRE_DTYPES[dtype].field);
  if (raw !== undefined && (raw.length > 0 || typed === undefined) && dtype !== "string") {
    if (raw.length !== sizeBytes) throw contradictory(name, sizeBytes, raw.length);
    if (raw.bytes !== undefined) return { kind: "inline", bytes: raw.bytes };
    return { kind: "range", file: undefined, offset: raw.offset, length: raw.length };
  }
  if (typed === undefined) {
    if (count > 0) throw contradictory(name, sizeBytes, 0);
    return { kind: "inline", bytes: new Uint8Array(0) };
  }
  if (dtype === "string") return stringsRef(typed, count, name);
  if (sizeBytes <= INLINE_BYTES && typed.copies.length === typed.entries)
    return { kind: "inline", bytes: repack(dtype, concatenate(typed.copies), sizeBytes, name) };
  const entries = sizeBytes / entryBytes(dtype);
  const [least, most] = isVarintField(dtype) ? [entries, 10 * entries] : [sizeBytes, sizeBytes];
  if (typed.lengthBytes < least || typed.lengthBytes > most) throw contradictory(name, sizeBytes, typed.lengthBytes);
  return { kind: "field", field: WIRE_DTYPES[dtype].field, runs: typed.runs };
}

function stringsRef(typed: TypedData, count: number, name: string): WeightRef {
  if (typed.entries !== count)
    throw new InputError(
      "contradictory-tensor",
      `tensor "${name}": its shape needs ${count} strings, its data have ${typed.entries}`,
      "the model file is damaged; export it again",
    );
  if (typed.lengthBytes > INLINE_BYTES) return { kind: "field", field: 6, runs: typed.runs };
  return { kind: "inline", bytes: concatenate(typed.copies) };
}

/** Number of elements. @throws InputError "bad-dimension" for a negative length or more elements than 2^53 */
function checkedCount(dims: readonly number[], name: string): number {
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (dims.every((dim) => dim >= 0) && count <= Number.MAX_SAFE_INTEGER / 16) return count;
  throw new InputError(
    "bad-dimension",
    `tensor "${name}" has shape [${dims.slice(0, 8)}${dims.length > 8 ? ",…" : ""}], expected lengths of 0 or more and a size that memory can hold`,
    "the model file is damaged; export it again",
  );
}

/**
 * Reads a SparseTensorProto: the dense shape, and the reference to its non-zero values. A tensor that is small when
 * dense is made dense, so that it reads like any other.
 */
export function* walkSparse(window: Window): Walk<RawTensor> {
  const end = window.enter();
  const dims: number[] = [];
  let values: RawTensor | undefined;
  let indices: RawTensor | undefined;
  for (;;) {
    if (window.short) yield HEAD_BYTES;
    if (!window.next(end)) break;
    if (window.field === 1) values = yield* walkTensor(window);
    else if (window.field === 2) indices = yield* walkTensor(window);
    else if (window.field === 3) yield* window.ints(dims);
    else window.skip();
  }
  window.leave();
  if (values === undefined || indices === undefined)
    throw window.damaged("a sparse tensor has no values or no indices");
  const { name } = values;
  const type: TensorType = { dtype: values.type.dtype, shape: dims };
  const sizeBytes = sizeBytesOf(type.dtype, checkedCount(dims, name));
  const isSmall = sizeBytes <= INLINE_BYTES && type.dtype !== "string" && entryBytes(type.dtype) * 8 <= 64;
  if (!isSmall || values.ref.kind !== "inline" || indices.ref.kind !== "inline") return { name, type, ref: values.ref };
  return { name, type, ref: { kind: "inline", bytes: scatter(values, indices, dims, sizeBytes) } };
}

/** Puts the values where the indices say: flat indices [n], or one row of coordinates per value [n, rank]. */
function scatter(values: RawTensor, indices: RawTensor, dims: readonly number[], sizeBytes: number): Uint8Array {
  const count = Number(values.type.shape?.[0] ?? 0);
  const places = checkedCount((indices.type.shape ?? []) as number[], values.name);
  const isFlat = indices.type.shape?.length === 1;
  const from = (values.ref as { readonly bytes: Uint8Array }).bytes;
  const at = decodeNumbers(indices.type.dtype, (indices.ref as { readonly bytes: Uint8Array }).bytes, places);
  const rank = isFlat ? 1 : dims.length;
  const dense = new Uint8Array(sizeBytes);
  const width = count === 0 ? 0 : from.length / count;
  for (let i = 0; i < count; i++) {
    const flat = isFlat ? at[i]! : dims.reduce((sum, dim, axis) => sum * dim + at[i * rank + axis]!, 0);
    if (!(flat >= 0 && (flat + 1) * width <= sizeBytes) || places !== count * rank)
      throw new InputError(
        "contradictory-tensor",
        `sparse tensor "${values.name}": index ${flat} of value ${i} lies outside its shape [${dims}]`,
        "the model file is damaged; export it again",
      );
    dense.set(from.subarray(i * width, (i + 1) * width), flat * width);
  }
  return dense;
}
