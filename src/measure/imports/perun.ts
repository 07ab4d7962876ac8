// perun: its CSV of raw sensor data (run id, hostname, device_group, sensor, unit, magnitude, timestep, value) and its JSON tree
// of nodes (app > multi_run > run > node > device_group > sensor), where leaves may hold raw_data [perun]. Values are times the
// magnitude (1e-6 for µJ); sensors in J are counters, in W gauges; others (%, B) are left out.
import { InputError } from "../../units/input-error.ts";
import type { Domain } from "../power-source.ts";
import type { Mark } from "../trace.ts";
import { CLOSE, OPEN } from "../windows.ts";
import { knownNumberIn, linesOf, numberIn, sheetOf } from "./csv.ts";
import {
  type Column,
  counterInfo,
  emptyImport,
  gaugeInfo,
  type Imported,
  type ImportedRun,
  type ImportFormat,
  recordingFrom,
  runOf,
} from "./format.ts";
import { isObject, type Json } from "./json.ts";

const NAME = "perun";
type Node = { readonly [key: string]: Json };

/** Domain from the sensor's own name ("package-0", "CUDA:0_POWER", "dram"), else from its device group. */
const NAMES: readonly (readonly [RegExp, Domain])[] = [
  [/dram|ram/i, "dram"],
  [/core/i, "core"],
  [/psys/i, "platform"],
  [/package|rapl/i, "package"],
  [/gpu|cuda|nvml|rocm/i, "gpu"],
  [/cpu/i, "cpu"],
];

function domainOf(sensor: string, group: string): Domain {
  return (
    [sensor, group].flatMap((text) => NAMES.filter(([pattern]) => pattern.test(text)).map(([, domain]) => domain))[0] ??
    "other"
  );
}

interface Reading {
  readonly run: string;
  readonly host: string;
  readonly group: string;
  readonly sensor: string;
  readonly unit: string;
  readonly timeS: readonly number[];
  readonly values: readonly number[];
}

/** Seconds put between two runs, so that they do not touch. */
const APART_S = 60;
const MAKE = { J: counterInfo, W: gaugeInfo } as const;
const hasPower = (unit: string): unit is keyof typeof MAKE => unit in MAKE;

/** Runs one after another on one time line, each in a window of its own: every run of perun starts its clock at 0. */
function imported(readings: readonly Reading[], runs: readonly ImportedRun[]): Imported {
  const columns = new Map<string, Column>();
  const marks: Mark[] = [];
  let startS = 0;
  for (const run of new Set(readings.map((reading) => reading.run))) {
    const own = readings.filter((reading) => reading.run === run && reading.timeS.length > 0 && hasPower(reading.unit));
    if (own.length === 0) continue;
    const [fromS, toS] = [
      Math.min(...own.map(({ timeS }) => timeS[0]!)),
      Math.max(...own.map(({ timeS }) => timeS.at(-1)!)),
    ];
    for (const { host, group, sensor, unit, timeS, values } of own) {
      const id = `perun/${host}/${group}/${sensor}`;
      const make = MAKE[unit as keyof typeof MAKE];
      const domain = domainOf(sensor, group);
      const packageId = own.find((other) => other.host === host && domainOf(other.sensor, other.group) === "package");
      const more =
        domain === "core" && packageId ? { partOf: `perun/${host}/${packageId.group}/${packageId.sensor}` } : {};
      const column = columns.get(id) ?? {
        info: make(id, `${host} ${sensor}`, domain, NAME, more),
        timeS: [],
        values: [],
      };
      columns.set(id, column);
      for (const time of timeS) column.timeS.push(time - fromS + startS);
      for (const value of values) column.values.push(value);
    }
    marks.push({ timeS: startS, name: OPEN, value: `run ${run}` });
    marks.push({ timeS: startS + toS - fromS, name: CLOSE, value: `run ${run}` });
    startS += toS - fromS + APART_S;
  }
  if (columns.size === 0 && runs.length === 0) throw emptyImport(NAME);
  const made = columns.size > 0 ? recordingFrom([...columns.values()]) : undefined;
  return { format: "perun", recording: made && { ...made.recording, marks }, runs, remarks: made?.remarks ?? [] };
}

function fromCsv(text: string): Imported {
  const { rows } = sheetOf(text, NAME);
  const readings = new Map<string, Reading & { timeS: number[]; values: number[] }>();
  for (const row of rows) {
    const [run, host, group, sensor, unit] = ["run id", "hostname", "device_group", "sensor", "unit"].map(
      (column) => row.cell(column) ?? "",
    ) as [string, string, string, string, string];
    const key = [run, host, group, sensor].join("/");
    const reading = readings.get(key) ?? { run, host, group, sensor, unit, timeS: [], values: [] };
    readings.set(key, reading);
    reading.timeS.push(knownNumberIn(row, "timestep", NAME));
    reading.values.push(numberIn(row, "value", NAME) * knownNumberIn(row, "magnitude", NAME));
  }
  return imported([...readings.values()], []);
}

/** perun writes `nodes` as a list that holds one object; a plain object is read too. */
function childrenOf(node: Node): [string, Node][] {
  const nodes = node.nodes;
  const objects = Array.isArray(nodes) ? nodes.filter(isObject) : isObject(nodes) ? [nodes] : [];
  return objects.flatMap((one) =>
    Object.entries(one).flatMap(([name, child]): [string, Node][] => (isObject(child) ? [[name, child]] : [])),
  );
}

/** A value with its magnitude, in SI; undefined where the tree has none. */
function metric(node: Node, name: string): number | undefined {
  const metrics = node.metrics;
  const found = isObject(metrics) ? metrics[name] : undefined;
  if (!isObject(found)) return undefined;
  const value = found.value ?? found.mean;
  const about = found.metric_md;
  const magnitude = isObject(about) && typeof about.mag === "number" ? about.mag : 1;
  return typeof value === "number" ? value * magnitude : undefined;
}

const COMPONENTS = [
  ["cpu_energy", "CPU", "package"],
  ["gpu_energy", "GPU", "gpu"],
  ["dram_energy", "DRAM", "dram"],
  ["other_energy", "other", "other"],
] as const;

function runFrom(node: Node, name: string): ImportedRun[] {
  const totalJ = metric(node, "energy");
  if (totalJ === undefined) return [];
  const parts = COMPONENTS.map(([field, label, domain]) => ({
    name: label,
    domain,
    kind: "measured" as const,
    energyJ: metric(node, field) ?? Number.NaN,
  }));
  const started = isObject(node.metadata) ? node.metadata.execution_dt : undefined;
  const startedAt = typeof started === "string" ? started : undefined;
  return [{ ...runOf(name, startedAt, metric(node, "runtime"), parts), energyJ: totalJ }];
}

const numbers = (value: Json | undefined): number[] =>
  Array.isArray(value) ? value.map((one) => (typeof one === "number" ? one : Number.NaN)) : [];

function fromJson(text: string): Imported {
  let root: Json;
  try {
    root = JSON.parse(text) as Json;
  } catch (error) {
    throw new InputError(
      "bad-import",
      `${NAME}: not JSON (${String(error)})`,
      "export again with: perun export … json",
    );
  }
  const readings: Reading[] = [];
  const runs: ImportedRun[] = [];
  const visit = (node: Node, path: readonly string[]): void => {
    const raw = node.raw_data;
    const about = isObject(raw) && isObject(raw.v_md) ? raw.v_md : undefined;
    if (about && isObject(raw)) {
      const magnitude = typeof about.mag === "number" ? about.mag : 1;
      const timeS = numbers(raw.timesteps);
      const values = numbers(raw.values).map((value) => value * magnitude);
      const [sensor = "", group = "", host = "", run = ""] = [...path].reverse();
      if (timeS.length !== values.length)
        throw new InputError(
          "bad-import",
          `${NAME}: sensor ${path.join("/")} has ${timeS.length} times for ${values.length} values`,
          "export again",
        );
      readings.push({ run, host, group, sensor, unit: String(about.unit), timeS, values });
    }
    if (/^\d+$/.test(path.at(-1) ?? "")) runs.push(...runFrom(node, path.join("/")));
    for (const [name, child] of childrenOf(node)) visit(child, [...path, name]);
  };
  if (isObject(root)) visit(root, []);
  return imported(readings, runs);
}

const isJson = (text: string): boolean => /^[\s\uFEFF]*\{/.test(text);

export const perun: ImportFormat = {
  id: "perun",
  name: "perun CSV or JSON",
  detect: (text) =>
    isJson(text)
      ? /"nodes"\s*:/.test(text) && /"metadata"\s*:/.test(text)
      : /device_group/.test(linesOf(text)[0] ?? ""),
  read: (text) => (isJson(text) ? fromJson(text) : fromCsv(text)),
};
