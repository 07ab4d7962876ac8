// The device catalogue on disk: data/hardware/*.json of the package, and a user's own file.
import { readdirSync, readFileSync } from "node:fs";
import { findDevice, hasDevice, mergeDevices } from "../hardware/find.ts";
import type { Hardware } from "../hardware/hardware.ts";
import { loadTailDevices } from "../hardware/long-tail.ts";
import { parseHardware } from "../hardware/parse.ts";
import { oneLine } from "../units/error-text.ts";
import { InputError } from "../units/input-error.ts";
import { explainRefusal } from "./files.ts";

const FOLDER = new URL("../../data/hardware/", import.meta.url);

function readDevice(path: string | URL, shown: string): Hardware {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw explainRefusal(error, shown, "read");
  }
  try {
    return parseHardware(JSON.parse(text), shown);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError(
      "bad-device",
      `"${shown}" is not JSON: ${oneLine(error)}`,
      "compare it with a file of data/hardware",
    );
  }
}

/** All devices of the package, by id. Read one after another: through the thread pool the small files take five times as long. */
export async function readCatalogue(): Promise<readonly Hardware[]> {
  const names = readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .sort();
  return names.map((name) => readDevice(new URL(name, FOLDER), name));
}

/** Our own devices and the long tail of @huggingface/tasks, ours first. */
export async function readWholeCatalogue(): Promise<readonly Hardware[]> {
  return mergeDevices(await readCatalogue(), await loadTailDevices());
}

/**
 * A device by name, or by path when `name` looks like one ("./mine.json").
 * @param own the package's devices; the long tail is loaded only for a name that is not among them
 * @throws InputError with the nearest names
 */
export async function resolveDevice(name: string, own: readonly Hardware[]): Promise<Hardware> {
  if (name.endsWith(".json")) return readDevice(name, name);
  return findDevice(hasDevice(own, name) ? own : mergeDevices(own, await loadTailDevices()), name);
}
