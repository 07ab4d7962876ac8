// All formats that can be imported, the most particular first; a file is asked which it is.
import { InputError } from "../../units/input-error.ts";
import { unknownName } from "../../units/nearest.ts";
import { codecarbon } from "./codecarbon.ts";
import { energibridge } from "./energibridge.ts";
import type { Imported, ImportFormat } from "./format.ts";
import { impactTracker } from "./impact-tracker.ts";
import { nvidiaDmon } from "./nvidia-dmon.ts";
import { nvidiaSmi } from "./nvidia-smi.ts";
import { perun } from "./perun.ts";
import { powerGadget } from "./power-gadget.ts";
import { scaphandre } from "./scaphandre.ts";
import { wallMeter } from "./wall-meter.ts";
import { zeus } from "./zeus.ts";

export const IMPORT_FORMATS: readonly ImportFormat[] = [
  nvidiaSmi,
  nvidiaDmon,
  codecarbon,
  energibridge,
  powerGadget,
  impactTracker,
  scaphandre,
  perun,
  zeus,
  wallMeter,
];

/**
 * Reads a file of another tool.
 * @param text the whole file
 * @param format id of the format; without it the file's first lines decide
 * @throws InputError "unknown-format" when nothing fits, "unknown-import-format" for a misspelt id, "bad-import" with the row
 */
export function importText(text: string, format?: string): Imported {
  const ids = IMPORT_FORMATS.map(({ id }) => id);
  const found =
    format === undefined
      ? IMPORT_FORMATS.find(({ detect }) => detect(text))
      : IMPORT_FORMATS.find(({ id }) => id === format);
  if (found && (format === undefined || found.detect(text))) return found.read(text);
  if (found)
    throw new InputError(
      "bad-import",
      `the file does not look like ${found.name}`,
      "leave the format out to have it found",
    );
  if (format !== undefined) throw unknownName("import format", format, ids, `formats: ${ids.join(", ")}`);
  const start = text.slice(0, 60).split("\n")[0];
  throw new InputError("unknown-format", `no known format begins like "${start}"`, `formats: ${ids.join(", ")}`);
}
