// What is kept of one run, and its JSON file. The samples are not here: archive.ts has them beside it, as columns.
import type { Measurement } from "../../measure/measurement.ts";
import { originLabel } from "../../measure/origin.ts";
import type { SourceInfo } from "../../measure/power-source.ts";
import type { Window } from "../../measure/trace.ts";
import { InputError } from "../../units/input-error.ts";
import type { Environment } from "./environment.ts";
import { RUN_ID } from "./run-id.ts";

/** One run, finished or recovered. */
export interface StoredRun {
  readonly id: string;
  /** Wall clock at the start, ISO 8601 in UTC. */
  readonly startedAt: string;
  /** As a person would type it. */
  readonly command: string;
  /** Of the whole run; undefined when nothing was measured. */
  readonly kind: Measurement["kind"] | undefined;
  /** False for a run that was killed: what is here was recovered from its journal. */
  readonly complete: boolean;
  readonly durationS: number;
  readonly exitCode?: number;
  /** The whole run first, then its named windows. Empty when nothing was measured. */
  readonly measurements: readonly Measurement[];
  readonly windows: readonly Window[];
  readonly sources: readonly SourceInfo[];
  readonly environment: Environment;
  /** How the numbers came about: settings, sources left out and why, remarks. */
  readonly provenance: readonly string[];
}

/** One line of `joulecast history`. */
export interface RunSummary {
  readonly id: string;
  readonly startedAt: string;
  readonly command: string;
  readonly netJ: number | undefined;
  readonly durationS: number;
  readonly kind: Measurement["kind"] | undefined;
  readonly complete: boolean;
  /** "replay" or "other root" when its readings are not of this machine then; undefined when they are. */
  readonly origin?: string;
}

/** The line of the history that stands for a run. */
export function summarise(run: StoredRun): RunSummary {
  const { id, startedAt, command, durationS, kind, complete, sources } = run;
  const origin = originLabel(sources);
  const netJ = run.measurements[0]?.netJ;
  return { id, startedAt, command, netJ, durationS, kind, complete, ...(origin !== undefined && { origin }) };
}

/** Version of run.json. Older ones are read; newer ones are refused and left alone. */
const RUN_SCHEMA = 1;

/** The text of run.json. What is not a number (NaN, infinite) is left out: absence is never a number. */
export function renderRun(run: StoredRun): string {
  const finite = (_: string, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? undefined : value;
  return `${JSON.stringify({ schema: RUN_SCHEMA, ...run }, finite, 1)}\n`;
}

const isList = (value: unknown): boolean => Array.isArray(value);

/** What must be there for the rest of the program to trust the record. */
const CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  id: (value) => typeof value === "string" && RUN_ID.test(value),
  startedAt: (value) => typeof value === "string" && !Number.isNaN(Date.parse(value)),
  command: (value) => typeof value === "string",
  complete: (value) => typeof value === "boolean",
  durationS: (value) => typeof value === "number",
  measurements: isList,
  windows: isList,
  sources: isList,
  provenance: isList,
  environment: (value) => typeof value === "object" && value !== null,
};

/** @throws InputError "bad-run" when the text is not a run, "newer-run" when a newer program wrote it */
export function parseRun(text: string, path: string): StoredRun {
  let data: Record<string, unknown> | null;
  try {
    data = JSON.parse(text);
  } catch {
    data = null;
  }
  if (typeof data?.schema === "number" && data.schema > RUN_SCHEMA)
    throw new InputError(
      "newer-run",
      `"${path}" has schema ${data.schema}, expected at most ${RUN_SCHEMA}`,
      "a newer joulecast wrote it: update this one",
    );
  const wrong = data ? Object.keys(CHECKS).find((name) => !CHECKS[name]!(data[name])) : "JSON";
  if (wrong !== undefined)
    throw new InputError("bad-run", `"${path}" is not the record of a run: ${wrong} is wrong`, "remove that folder");
  const { schema: _, ...run } = data!;
  return run as unknown as StoredRun;
}
