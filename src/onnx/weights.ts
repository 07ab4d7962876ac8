// The numbers of a weight, when somebody wants them after all: one at a time, from where `readOnnx` found them.
import type { ByteSource } from "../graph/byte-source.ts";
import { sizeBytesOf } from "../graph/dtype.ts";
import { elementCount, type TensorType, type WeightRef } from "../graph/graph.ts";
import { InputError } from "../units/input-error.ts";
import { concatenate, repack } from "./repack.ts";

/** Gives the bytes of one weight as raw_data packs them; strings as in strings.ts. */
export type WeightBytes = (ref: WeightRef, type: TensorType) => Promise<Uint8Array>;

/**
 * Reads weights of one model file.
 * @param source the model file
 * @param openExternal opens a side file by its path relative to the model's folder. Default: none can be opened
 * @returns a function for `writeOnnx`; it throws InputError "no-external-data", "truncated" or "contradictory-tensor", and Error for a
 *   seeded weight, which is drawn and not read
 */
export function weightsOf(source: ByteSource, openExternal?: (file: string) => Promise<ByteSource>): WeightBytes {
  const open = async (file: string | undefined): Promise<ByteSource> => {
    if (file === undefined) return source;
    if (openExternal !== undefined) return openExternal(file);
    throw new InputError(
      "no-external-data",
      `a weight is in "${file}", which is not open here`,
      "give the model's folder",
    );
  };
  return async (ref, type) => {
    if (ref.kind === "inline") return ref.bytes;
    if (ref.kind === "seeded") throw new Error("a seeded weight is drawn, not read from a file");
    if (ref.kind === "range") return readRange(await open(ref.file), ref.offset, ref.length, ref.file);
    const chunks: Uint8Array[] = [];
    for (const { offset, length } of ref.runs) chunks.push(await readRange(source, offset, length, undefined));
    return repack(type.dtype, concatenate(chunks), sizeBytesOf(type.dtype, elementCount(type) ?? 0), "(weight)");
  };
}

async function readRange(source: ByteSource, offset: number, length: number, file: string | undefined) {
  if (offset + length <= source.size) return source.read(offset, length);
  throw new InputError(
    "truncated",
    `${file ?? "the model file"} has ${source.size} bytes, a weight is at ${offset} to ${offset + length}`,
    "fetch the file again: it may have been cut off on the way",
  );
}
