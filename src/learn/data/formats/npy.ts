// NPY, NumPy's format for one array [NPY]: magic, version, a Python dictionary as text, numbers. Row-major and little-endian only.
import { lengthOf } from "../../../runtime/tensor.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Values } from "../data-set.ts";
import { type IdxArray, truncated } from "./idx.ts";

type Maker = { readonly BYTES_PER_ELEMENT: number; new (buffer: ArrayBuffer): Values };

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Element types by NumPy's names without the byte order. */
const TYPES: Readonly<Record<string, Maker>> = {
  u1: Uint8Array,
  b1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  i4: Int32Array,
  f4: Float32Array,
  f8: Float64Array,
};

function notNpy(name: string, why: string, hint: string): InputError {
  return new InputError("not-npy", `"${name}": ${why}`, hint);
}

/** 64-bit whole numbers, as NumPy makes labels by default, as 32-bit ones. */
function narrowed(name: string, bytes: ArrayBuffer): Int32Array {
  const wide = new BigInt64Array(bytes);
  const narrow = Int32Array.from(wide, Number);
  const at = wide.findIndex((value, i) => BigInt(narrow[i]!) !== value);
  if (at < 0) return narrow;
  throw notNpy(name, `number ${at} is ${wide[at]}, which takes more than 32 bits`, "store it as float32 or int32");
}

/** @throws InputError "not-npy" or "truncated" */
export function parseNpy(name: string, bytes: Uint8Array): IdxArray {
  if (MAGIC.some((byte, i) => bytes[i] !== byte))
    throw notNpy(name, "does not begin as an NPY file does", "write it with numpy.save");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isFirst = bytes[6] === 1;
  const start = isFirst ? 10 : 12;
  if (bytes.length < start) throw truncated(name, start, bytes.length);
  const end = start + (isFirst ? view.getUint16(8, true) : view.getUint32(8, true));
  if (bytes.length < end) throw truncated(name, end, bytes.length);
  const header = String.fromCharCode(...bytes.subarray(start, end));
  const descr = /'descr':\s*'([<>|=])(\w+)'/.exec(header);
  const shapeText = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (descr === null || shapeText === undefined)
    throw notNpy(name, `its header is ${header.trim().slice(0, 80)}`, "write it with numpy.save, one plain array");
  if (/'fortran_order':\s*True/.test(header))
    throw notNpy(name, "is stored column by column", "write numpy.ascontiguousarray(x)");
  const shape = shapeText
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "")
    .map(Number);
  const [, order, type = ""] = descr;
  const maker = type === "i8" ? undefined : TYPES[type];
  if (order === ">" || (maker === undefined && type !== "i8"))
    throw notNpy(
      name,
      `its numbers are ${order}${type}`,
      `use little-endian ${Object.keys(TYPES).join(", ")} or i8: x.astype("float32")`,
    );
  const count = lengthOf(shape);
  const expected = end + count * (maker?.BYTES_PER_ELEMENT ?? 8);
  if (bytes.length !== expected) throw truncated(name, expected, bytes.length);
  const numbers = new Uint8Array(bytes.subarray(end)).buffer;
  return { shape, values: maker === undefined ? narrowed(name, numbers) : new maker(numbers) };
}
