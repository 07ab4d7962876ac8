// Where a weight in a side file lies (TensorProto.external_data) [ONNX, ExternalData.md]. The side file is never opened here.
import type { WeightRef } from "../graph/graph.ts";
import { InputError } from "../units/input-error.ts";

/**
 * The reference to `sizeBytes` bytes in a side file.
 * @param entries external_data's keys: location (required), offset in bytes (default 0), length in bytes (default: by shape)
 * @throws InputError "external-data-outside" when the file is not inside the model's folder, "bad-external-data",
 *   "contradictory-tensor"
 */
export function externalRef(entries: ReadonlyMap<string, string>, sizeBytes: number, tensor: string): WeightRef {
  const file = insideFolder(entries.get("location") ?? "", tensor);
  const offset = wholeNumber(entries, "offset", 0, tensor);
  const length = wholeNumber(entries, "length", sizeBytes, tensor);
  if (length !== sizeBytes)
    throw new InputError(
      "contradictory-tensor",
      `tensor "${tensor}": its shape and type need ${sizeBytes} bytes, its external data have ${length}`,
      "the model file is damaged; export it again",
    );
  return { kind: "range", file, offset, length };
}

/** The path without "." and ".."; InputError when it is absolute, has a drive letter, or climbs out of the folder. */
function insideFolder(location: string, tensor: string): string {
  const parts: string[] = [];
  let outside = location === "" || /^[/\\]|^[A-Za-z]:|\0/.test(location);
  for (const part of location.split(/[/\\]/)) {
    if (part === "..") outside ||= parts.pop() === undefined;
    else if (part !== "." && part !== "") parts.push(part);
  }
  if (!outside && parts.length > 0) return parts.join("/");
  throw new InputError(
    "external-data-outside",
    `tensor "${tensor}": its external data are at "${location}", expected a path inside the model's folder`,
    "save the model again with its data file beside it: onnx.save(model, path, save_as_external_data=True)",
  );
}

function wholeNumber(entries: ReadonlyMap<string, string>, key: string, fallback: number, tensor: string): number {
  const text = entries.get(key);
  if (text === undefined) return fallback;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new InputError(
    "bad-external-data",
    `tensor "${tensor}": external data ${key} is "${text}", expected a whole number of bytes`,
    "the model file is damaged; export it again",
  );
}
