// The one shape of an importer: text of another tool's file → a Recording, or finished runs, or both. Pure: files are read by node/.
// A tool that logged readings gives a recording (then our own integral, gaps and doubts apply); one that logged sums gives runs.
import { InputError } from "../../units/input-error.ts";
import type { Measurement } from "../measurement.ts";
import type { Domain, Kind, Origin, SourceInfo } from "../power-source.ts";
import type { Recording, Trace } from "../trace.ts";

/** Joules of one component as the other tool summed them. */
export interface ImportedEnergy {
  readonly name: string;
  readonly domain: Domain;
  readonly kind: Kind;
  readonly energyJ: number;
}

/** One run as the other tool summed it. */
export interface ImportedRun {
  readonly name: string;
  /** As written in the file: wall clock of the other machine. */
  readonly startedAt: string | undefined;
  readonly durationS: number | undefined;
  readonly energyJ: number;
  readonly components: readonly ImportedEnergy[];
  /** What joulecast itself wrote into the file; undefined for another tool's run. */
  readonly own?: OwnRun;
}

/** A run that joulecast exported: what its row says, that other tools' rows do not. */
export interface OwnRun {
  readonly id: string;
  /** Of the whole; undefined when nothing had been measured. */
  readonly kind: Measurement["kind"] | undefined;
  readonly origin: Origin["kind"] | undefined;
}

/** What a file held. */
export interface Imported {
  /** Id of the format. */
  readonly format: string;
  readonly recording: Recording | undefined;
  /** Time of the recording's 0 on the clock of the file, s; since 1970 where the file has dates. */
  readonly startS?: number;
  readonly runs: readonly ImportedRun[];
  readonly remarks: readonly string[];
}

/** A file format of another tool. */
export interface ImportFormat {
  readonly id: string;
  /** For people: "nvidia-smi --query-gpu CSV". */
  readonly name: string;
  /** Whether a text looks like this format; the first lines decide. */
  detect(text: string): boolean;
  /** @throws InputError "bad-import" with the row, or "empty-import" */
  read(text: string): Imported;
}

/** Readings of one source while they are collected. */
export interface Column {
  readonly info: SourceInfo;
  readonly timeS: number[];
  readonly values: number[];
}

/** The error for a file without a usable row. */
export const emptyImport = (format: string): InputError =>
  new InputError(
    "empty-import",
    `${format}: no readings found`,
    "check that the tool had time to write at least two rows",
  );

/**
 * Columns on a wall clock become traces from 0 s on. Rows at which that clock went back are left out, and said: the order of
 * such readings is known, the time between them is not.
 */
export function recordingFrom(
  columns: readonly Column[],
  load: readonly {
    readonly name: string;
    readonly timeS: readonly number[];
    readonly values: readonly number[];
  }[] = [],
): { recording: Recording; startS: number; remarks: string[] } {
  const startS = Math.min(...columns.map(({ timeS }) => timeS[0] ?? Number.POSITIVE_INFINITY));
  let dropped = 0;
  const traces = columns.map(({ info, timeS, values }): Trace => {
    const kept: number[] = [];
    let latest = Number.NEGATIVE_INFINITY;
    timeS.forEach((time, i) => {
      if (time < latest) dropped++;
      else kept.push(i);
      latest = Math.max(latest, time);
    });
    return {
      info,
      timeS: Float64Array.from(kept, (i) => timeS[i]! - startS),
      values: Float64Array.from(kept, (i) => values[i]!),
    };
  });
  const recording: Recording = {
    traces,
    marks: [],
    load: load.map(({ name, timeS, values }) => ({
      name,
      timeS: Float64Array.from(timeS, (time) => time - startS),
      ratio: Float64Array.from(values, (value) => value / 100),
    })),
  };
  return { recording, startS, remarks: dropped > 0 ? [`${dropped} readings left out: the clock went back`] : [] };
}

const infoMaker =
  (kind: SourceInfo["kind"], reads: SourceInfo["reads"]) =>
  (id: string, name: string, domain: Domain, provenance: string, more: Partial<SourceInfo> = {}): SourceInfo => ({
    id,
    name,
    domain,
    kind,
    reads,
    provenance,
    ...more,
  });

/** A gauge of another tool. */
export const gaugeInfo = infoMaker("integrated", "power");

/** A counter of another tool. */
export const counterInfo = infoMaker("measured", "energy");

/** Runs whose joules are the sum of their components. */
export function runOf(
  name: string,
  startedAt: string | undefined,
  durationS: number | undefined,
  components: readonly ImportedEnergy[],
): ImportedRun {
  const known = components.filter(({ energyJ }) => Number.isFinite(energyJ));
  return {
    name,
    startedAt,
    durationS,
    energyJ: known.reduce((total, { energyJ }) => total + energyJ, 0),
    components: known,
  };
}
