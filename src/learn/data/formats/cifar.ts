// CIFAR-10 and CIFAR-100, "binary version" [Krizhevsky2009]: records of one label byte (CIFAR-100: coarse and fine) and 3,072 pixels,
// red, green and blue planes of 32 rows.
import { InputError } from "../../../units/input-error.ts";
import { type Column, classes, pixels } from "../data-set.ts";
import { truncated } from "./idx.ts";

const SHAPE = [3, 32, 32] as const;
const PIXELS = 3 * 32 * 32;

/** Label bytes before the pixels; the last one is the class that is learned. */
export type CifarLabels = 1 | 2;

/** @throws InputError "truncated" when the length is no whole number of records */
export function parseCifar(
  name: string,
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  labelBytes: CifarLabels,
): readonly Column[] {
  const record = labelBytes + PIXELS;
  for (const file of files) {
    const rest = file.bytes.length % record;
    if (rest !== 0) throw truncated(file.name, file.bytes.length + record - rest, file.bytes.length);
  }
  const samples = files.reduce((sum, { bytes }) => sum + bytes.length / record, 0);
  if (samples === 0) throw new InputError("no-samples", `${name} has no samples`, "fetch the files again");
  const images = new Uint8Array(samples * PIXELS);
  const labels = new Uint8Array(samples);
  let sample = 0;
  for (const { bytes } of files) {
    for (let at = 0; at < bytes.length; at += record, sample++) {
      labels[sample] = bytes[at + labelBytes - 1]!;
      images.set(bytes.subarray(at + labelBytes, at + record), sample * PIXELS);
    }
  }
  return [pixels(`${name} images`, SHAPE, images), classes(`${name} labels`, labels)];
}
