// A recording as JSON text and back: what `measure --record trace.json` writes and the replay meter reads.
// The schema is ours ("joulecast/recording/1"); a failed read (NaN) is null. Files are the business of node/.
import { oneLine } from "../units/error-text.ts";
import { InputError } from "../units/input-error.ts";
import { ORIGIN_KINDS } from "./origin.ts";
import type { Domain, Kind, SourceInfo } from "./power-source.ts";
import type { Mark, Recording, Trace } from "./trace.ts";

export const RECORDING_SCHEMA = "joulecast/recording/1";

const DOMAINS: Readonly<Record<Domain, true>> = {
  package: true,
  core: true,
  uncore: true,
  dram: true,
  platform: true,
  gpu: true,
  soc: true,
  rail: true,
  battery: true,
  wall: true,
  cpu: true,
  other: true,
};
const KINDS: Readonly<Record<Kind, true>> = { measured: true, integrated: true, modelled: true };
const TEXTS = ["id", "name", "domain", "kind", "reads", "provenance"] as const;
const NUMBERS = [
  "wrapJ",
  "maxPowerW",
  "assumedPowerW",
  "updatePeriodS",
  "dutyRatio",
  "resolution",
  "toleranceRatio",
] as const satisfies readonly (keyof SourceInfo)[];

/** JSON text of a recording, one line. Numbers in full precision; NaN (a failed read) becomes null. */
export function encodeRecording(recording: Recording): string {
  return JSON.stringify({
    schema: RECORDING_SCHEMA,
    traces: recording.traces.map(({ info, timeS, values }) => ({ info, timeS: column(timeS), values: column(values) })),
    marks: recording.marks,
    load: recording.load.map(({ name, timeS, ratio }) => ({ name, timeS: column(timeS), ratio: column(ratio) })),
  });
}

const column = (values: Float64Array) => Array.from(values); // JSON.stringify writes NaN as null

/**
 * A recording from JSON text.
 * @param shown name of the file, for messages
 * @throws InputError "bad-recording" with the place of the first thing that is not as it should be
 */
export function decodeRecording(text: string, shown: string): Recording {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return refuse(shown, `is not JSON: ${oneLine(error)}`);
  }
  const root = recordAt(document, shown, "");
  if (root.schema !== RECORDING_SCHEMA) {
    const newer = typeof root.schema === "string" && root.schema.startsWith("joulecast/recording/");
    refuse(
      shown,
      `has schema ${JSON.stringify(root.schema) ?? "none"}, expected "${RECORDING_SCHEMA}"`,
      newer ? "read it with the version of joulecast that wrote it" : undefined,
    );
  }
  const traces = listAt(root.traces, shown, "traces").map((entry, i) => traceAt(entry, shown, `traces[${i}]`));
  const ids = new Set(traces.map(({ info }) => info.id));
  if (ids.size < traces.length) refuse(shown, "has two traces of one id");
  return {
    traces,
    marks: listAt(root.marks, shown, "marks").map((entry, i) => markAt(entry, shown, `marks[${i}]`)),
    load: listAt(root.load, shown, "load").map((entry, i) => loadAt(entry, shown, `load[${i}]`)),
  };
}

function refuse(shown: string, problem: string, hint = "record it again with `joulecast measure --record`"): never {
  throw new InputError("bad-recording", `"${shown}" ${problem}`, hint);
}

function recordAt(value: unknown, shown: string, place: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  return refuse(shown, `${place === "" ? "" : `at ${place} `}is not an object`);
}

function listAt(value: unknown, shown: string, place: string): readonly unknown[] {
  return Array.isArray(value) ? value : refuse(shown, `at ${place} has no list`);
}

/** Finite numbers, and NaN for null where a read may have failed. */
function numbersAt(value: unknown, shown: string, place: string, mayFail: boolean): Float64Array {
  const list = listAt(value, shown, place);
  return Float64Array.from(list, (entry, i) => {
    if (typeof entry === "number" && Number.isFinite(entry)) return entry;
    if (entry === null && mayFail) return Number.NaN;
    return refuse(shown, `at ${place}[${i}] has ${JSON.stringify(entry)}, expected a number`);
  });
}

function timesAt(value: unknown, shown: string, place: string): Float64Array {
  const times = numbersAt(value, shown, place, false);
  const back = times.findIndex((time, i) => i > 0 && time < (times[i - 1] as number));
  if (back >= 0) refuse(shown, `at ${place}[${back}] goes back in time: ${times[back]} s after ${times[back - 1]} s`);
  return times;
}

function sameLength(times: Float64Array, values: Float64Array, shown: string, place: string): void {
  if (times.length === values.length) return;
  refuse(shown, `at ${place} has ${times.length} times and ${values.length} values`);
}

function traceAt(value: unknown, shown: string, place: string): Trace {
  const entry = recordAt(value, shown, place);
  const timeS = timesAt(entry.timeS, shown, `${place}.timeS`);
  const values = numbersAt(entry.values, shown, `${place}.values`, true);
  sameLength(timeS, values, shown, place);
  return { info: infoAt(entry.info, shown, `${place}.info`), timeS, values };
}

function infoAt(value: unknown, shown: string, place: string): SourceInfo {
  const entry = recordAt(value, shown, place);
  for (const key of TEXTS) {
    if (typeof entry[key] !== "string") refuse(shown, `at ${place}.${key} has no text`);
  }
  for (const key of NUMBERS) {
    const number = entry[key];
    if (number === undefined || (typeof number === "number" && Number.isFinite(number))) continue;
    refuse(shown, `at ${place}.${key} has ${JSON.stringify(number)}, expected a number`);
  }
  const { domain, kind, reads } = entry as { domain: string; kind: string; reads: string };
  if (!Object.hasOwn(DOMAINS, domain)) refuse(shown, `at ${place}.domain has "${domain}"`);
  if (!Object.hasOwn(KINDS, kind)) refuse(shown, `at ${place}.kind has "${kind}"`);
  if (reads !== "energy" && reads !== "power") refuse(shown, `at ${place}.reads has "${reads}"`);
  if (!["string", "undefined"].includes(typeof entry.partOf)) refuse(shown, `at ${place}.partOf has no text`);
  if (!["boolean", "undefined"].includes(typeof entry.counted))
    refuse(shown, `at ${place}.counted is not true or false`);
  checkOrigin(entry.origin, shown, `${place}.origin`);
  const kept = [...TEXTS, ...NUMBERS, "partOf", "counted", "origin"].filter((key) => entry[key] !== undefined);
  return Object.fromEntries(kept.map((key) => [key, entry[key]])) as unknown as SourceInfo;
}

function checkOrigin(value: unknown, shown: string, place: string): void {
  if (value === undefined) return;
  const { kind, where } = recordAt(value, shown, place);
  if (typeof kind !== "string" || !Object.hasOwn(ORIGIN_KINDS, kind))
    refuse(shown, `at ${place}.kind has ${JSON.stringify(kind) ?? "nothing"}`);
  if (typeof where !== "string") refuse(shown, `at ${place}.where has no text`);
}

function markAt(value: unknown, shown: string, place: string): Mark {
  const entry = recordAt(value, shown, place);
  const { timeS, name, value: said } = entry;
  if (typeof timeS !== "number" || !Number.isFinite(timeS)) return refuse(shown, `at ${place}.timeS has no number`);
  if (typeof name !== "string") return refuse(shown, `at ${place}.name has no text`);
  if (said === undefined) return { timeS, name };
  if (typeof said !== "string" && typeof said !== "number") {
    return refuse(shown, `at ${place}.value has neither text nor number`);
  }
  return { timeS, name, value: said };
}

function loadAt(value: unknown, shown: string, place: string): Recording["load"][number] {
  const entry = recordAt(value, shown, place);
  if (typeof entry.name !== "string") return refuse(shown, `at ${place}.name has no text`);
  const timeS = timesAt(entry.timeS, shown, `${place}.timeS`);
  const ratio = numbersAt(entry.ratio, shown, `${place}.ratio`, true);
  sameLength(timeS, ratio, shown, place);
  return { name: entry.name, timeS, ratio };
}
