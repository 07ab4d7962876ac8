// What another tool's file held, as runs of the store. Readings are integrated by us, with gaps and doubts; sums are taken as the tool
// wrote them. Only shapes change here: measure/imports/ reads the text, runs.ts keeps the run.
import { createHash } from "node:crypto";
import type { Imported, ImportedRun } from "../../measure/imports/format.ts";
import { accountsOf, kindOf, measureWindow } from "../../measure/measure.ts";
import type { Measurement, SourceEnergy } from "../../measure/measurement.ts";
import type { Recording, Window } from "../../measure/trace.ts";
import { windowsFrom } from "../../measure/windows.ts";
import { InputError } from "../../units/input-error.ts";
import { lastTimeS } from "./journal-read.ts";
import { newRunId, RUN_ID } from "./run-id.ts";
import type { StoredRun } from "./stored-run.ts";

/** A file that was read. */
export interface ImportedFile {
  /** Its name without folders: what provenance says. */
  readonly name: string;
  readonly text: string;
  /** When it was last written, ms since 1970: stands in where the file holds no dates. */
  readonly modifiedMs: number;
  readonly imported: Imported;
}

/** A run with what belongs into its folder. */
export interface MadeRun {
  readonly run: StoredRun;
  /** Line of its provenance by which the same content is known again. */
  readonly origin: string;
  readonly recording: Recording;
  /** The run was exported by joulecast, under this very id. */
  readonly isOwn: boolean;
}

const NO_SAMPLES: Recording = { traces: [], marks: [], load: [] };
const SUMS_ONLY = "sums as the tool wrote them: their interval and coverage are not known";
/** Times from here on are dates, s: clocks that count from a start do not come so far. 2001-09-09. */
const FIRST_DATE_S = 1e9;

/** A name as part of an id: "CPU package 0" → "cpu-package-0". */
const asId = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");

/** Wall clock of a file: seconds since 1970, or a date. Without a zone it is taken as UTC. */
function wallClockMs(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return seconds >= FIRST_DATE_S ? seconds * 1000 : undefined;
  const date = text.trim().replace(" ", "T");
  const ms = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(date) ? date : `${date}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

function componentsOf({ components, own }: ImportedRun, format: string, durationS: number): SourceEnergy[] {
  return components.map(({ name, domain, kind, energyJ }) => ({
    info: {
      id: `${format}/${asId(name)}`,
      name,
      domain,
      kind,
      reads: "energy",
      provenance: `${format}, summed by it`,
      ...(own?.origin && { origin: { kind: own.origin, where: `run ${own.id}` } }),
    },
    kind,
    grossJ: energyJ,
    baselineJ: undefined,
    netJ: energyJ,
    coverage: 1,
    meanPowerW: energyJ / durationS,
    peakPowerW: undefined,
    doubts: [],
    counted: true,
    remarks: [],
  }));
}

function measurementOfSum(sum: ImportedRun, durationS: number, format: string): Measurement {
  const sources = componentsOf(sum, format, durationS);
  return {
    window: "run",
    durationS,
    kind: sum.own?.kind ?? kindOf(sources.length === 0 ? ["integrated"] : sources.map(({ kind }) => kind)),
    grossJ: sum.energyJ,
    baselineJ: undefined,
    netJ: sum.energyJ,
    netLowJ: sum.energyJ,
    netHighJ: sum.energyJ,
    meanPowerW: sum.energyJ / durationS,
    peakPowerW: undefined,
    coverage: 1,
    sources,
    doubts: [],
    remarks: ["no baseline: net is gross", SUMS_ONLY],
  };
}

/** The part of a recording inside a window, its times from 0 on. */
function cut(recording: Recording, { fromS, toS }: Window): Recording {
  const inside = (timeS: Float64Array): readonly [number, number] => {
    const first = timeS.findIndex((time) => time >= fromS);
    const after = timeS.findIndex((time) => time > toS);
    return first < 0 ? [0, 0] : [first, after < 0 ? timeS.length : after];
  };
  const shifted = (timeS: Float64Array) => timeS.map((time) => time - fromS);
  return {
    traces: recording.traces.map(({ info, timeS, values }) => {
      const [first, after] = inside(timeS);
      return { info, timeS: shifted(timeS.slice(first, after)), values: values.slice(first, after) };
    }),
    marks: [],
    load: recording.load.map(({ name, timeS, ratio }) => {
      const [first, after] = inside(timeS);
      return { name, timeS: shifted(timeS.slice(first, after)), ratio: ratio.slice(first, after) };
    }),
  };
}

/** Each window of the tool's is a run of its own; without windows the whole recording is one. */
function stretchesOf(
  recording: Recording,
): { readonly name: string; readonly startS: number; readonly part: Recording }[] {
  const { windows } = windowsFrom(recording.marks, lastTimeS(recording));
  if (windows.length === 0) return [{ name: "", startS: 0, part: recording }];
  return windows.map((window) => ({ name: window.name, startS: window.fromS, part: cut(recording, window) }));
}

type Draft = Omit<StoredRun, "id" | "startedAt" | "environment" | "provenance" | "complete"> & {
  readonly startedMs: number | undefined;
  readonly recording: Recording;
  /** Id that joulecast gave the run. */
  readonly ownId?: string;
};

function draftsOfReadings({ imported, name: file }: ImportedFile): Draft[] {
  const { recording, startS } = imported;
  if (recording === undefined) return [];
  return stretchesOf(recording).map(({ name, startS: fromS, part }) => {
    const durationS = lastTimeS(part);
    if (!(durationS > 0))
      throw new InputError("empty-import", `"${file}" holds one instant only`, "a log needs two rows or more");
    const whole = { name: "run", fromS: 0, toS: durationS };
    const measurement = measureWindow(accountsOf(part), whole);
    return {
      command: name === "" ? file : `${file}: ${name}`,
      kind: measurement.kind,
      durationS,
      measurements: [measurement],
      windows: [whole],
      sources: part.traces.map(({ info }) => info),
      startedMs: startS !== undefined && startS >= FIRST_DATE_S ? (startS + fromS) * 1000 : undefined,
      recording: part,
    };
  });
}

function draftsOfSums({ imported: { runs, format }, name: file }: ImportedFile): Draft[] {
  return runs.map((sum) => {
    const { durationS } = sum;
    if (durationS === undefined || !(durationS > 0))
      throw new InputError(
        "bad-import",
        `"${file}", run "${sum.name}": its duration is ${durationS ?? "not known"}, expected more than 0 s`,
        "remove that run, or export it again with its duration",
      );
    const measurement = measurementOfSum(sum, durationS, format);
    return {
      command: `${file}: ${sum.name}`,
      kind: measurement.kind,
      durationS,
      measurements: [measurement],
      windows: [{ name: "run", fromS: 0, toS: durationS }],
      sources: measurement.sources.map(({ info }) => info),
      startedMs: wallClockMs(sum.startedAt),
      recording: NO_SAMPLES,
      ...(sum.own && RUN_ID.test(sum.own.id) && { ownId: sum.own.id }),
    };
  });
}

/**
 * The runs of a file. The same content gives the same ids again, so that importing twice adds nothing; our own runs keep their ids.
 * @param version of this program
 * @throws InputError "bad-import" | "empty-import" when a run has no duration
 */
export function runsOfImport(file: ImportedFile, version: string): readonly MadeRun[] {
  const { name, text, modifiedMs, imported } = file;
  const digest = createHash("sha256").update(text).digest("hex");
  // Sums that come beside readings are the tool's own view of the same joules: the readings count.
  const readings = draftsOfReadings(file);
  const drafts = readings.length > 0 ? readings : draftsOfSums(file);
  return drafts.map(({ startedMs, recording, ownId, ...draft }, index) => {
    const startMs = Math.round(startedMs ?? modifiedMs - draft.durationS * 1000);
    const origin = `content ${digest.slice(0, 16)}, run ${index + 1}`;
    const dice = Number.parseInt(createHash("sha256").update(`${digest}/${index}`).digest("hex").slice(0, 8), 16);
    const run: StoredRun = {
      ...draft,
      id: ownId ?? newRunId(startMs, (below) => dice % below),
      startedAt: new Date(startMs).toISOString(),
      complete: true,
      environment: { joulecast: version, gpus: [] },
      provenance: [
        `imported from ${imported.format}, file "${name}"`,
        origin,
        startedMs === undefined
          ? "its start is taken from the file's date"
          : "its start is the file's, taken as UTC where no zone is given",
        ...imported.remarks,
      ],
    };
    return { run, origin, recording, isOwn: ownId !== undefined };
  });
}
