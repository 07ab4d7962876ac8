// EnergiBridge: one row per sample, Delta in ms since the last one, Time in ms since 1970, then columns by name; energies are
// counters since boot, powers are gauges [EnergiBridge].
import type { SourceInfo } from "../power-source.ts";
import { knownNumberIn, numberIn, sheetOf } from "./csv.ts";
import { type Column, counterInfo, emptyImport, gaugeInfo, type ImportFormat, recordingFrom } from "./format.ts";

const NAME = "EnergiBridge CSV";
const id = (name: string): string => `energibridge/${name}`;

interface Reader {
  readonly pattern: RegExp;
  /** J or W per number in the file. */
  readonly factor: number;
  info(match: RegExpExecArray, columns: readonly string[]): SourceInfo;
}

const inside = (parent: string, columns: readonly string[], column: string): Partial<SourceInfo> =>
  columns.includes(column) ? { partOf: id(parent) } : {};

const READERS: readonly Reader[] = [
  {
    pattern: /^PACKAGE_ENERGY \(J\)$/,
    factor: 1,
    info: () => counterInfo(id("package"), "CPU package", "package", NAME),
  },
  { pattern: /^CPU_ENERGY \(J\)$/, factor: 1, info: () => counterInfo(id("cpu"), "CPU", "package", NAME) },
  { pattern: /^DRAM_ENERGY \(J\)$/, factor: 1, info: () => counterInfo(id("dram"), "DRAM", "dram", NAME) },
  {
    pattern: /^PP0_ENERGY \(J\)$/,
    factor: 1,
    info: (_, columns) =>
      counterInfo(id("pp0"), "cores", "core", NAME, inside("package", columns, "PACKAGE_ENERGY (J)")),
  },
  {
    pattern: /^PP1_ENERGY \(J\)$/,
    factor: 1,
    info: (_, columns) =>
      counterInfo(id("pp1"), "integrated GPU", "uncore", NAME, inside("package", columns, "PACKAGE_ENERGY (J)")),
  },
  {
    pattern: /^CORE(\d+)_ENERGY \(J\)$/,
    factor: 1,
    info: ([, n], columns) =>
      counterInfo(id(`core-${n}`), `core ${n}`, "core", NAME, inside("cpu", columns, "CPU_ENERGY (J)")),
  },
  { pattern: /^SYSTEM_POWER \(Watts\)$/, factor: 1, info: () => gaugeInfo(id("system"), "system", "platform", NAME) },
  {
    pattern: /^CPU_POWER \(Watts\)$/,
    factor: 1,
    info: (_, columns) =>
      gaugeInfo(id("cpu-power"), "CPU", "cpu", NAME, inside("system", columns, "SYSTEM_POWER (Watts)")),
  },
  {
    pattern: /^GPU(\d+)_ENERGY \(mJ\)$/,
    factor: 1e-3,
    info: ([, n]) => counterInfo(id(`gpu-${n}`), `GPU ${n}`, "gpu", NAME),
  },
  {
    pattern: /^GPU(\d+)_ENERGY \(J\)$/,
    factor: 1,
    info: ([, n]) => counterInfo(id(`gpu-${n}`), `GPU ${n}`, "gpu", NAME),
  },
  {
    pattern: /^GPU(\d+)_POWER \(mWatts\)$/,
    factor: 1e-3,
    info: ([, n], columns) =>
      gaugeInfo(id(`gpu-power-${n}`), `GPU ${n} power`, "gpu", NAME, {
        ...inside(`gpu-${n}`, columns, `GPU${n}_ENERGY (mJ)`),
        ...inside(`gpu-${n}`, columns, `GPU${n}_ENERGY (J)`),
      }),
  },
];

export const energibridge: ImportFormat = {
  id: "energibridge",
  name: NAME,
  detect: (text) => /^\uFEFF?Delta\s*,\s*Time\s*,/.test(text),
  read: (text) => {
    const { columns, rows } = sheetOf(text, NAME);
    const read = columns.flatMap((column) =>
      READERS.flatMap(({ pattern, factor, info }) => {
        const match = pattern.exec(column);
        return match ? [{ column, factor, to: { info: info(match, columns), timeS: [], values: [] } as Column }] : [];
      }),
    );
    const usage = columns.flatMap((column) => {
      const core = /^CPU_USAGE_(\d+)$/.exec(column)?.[1];
      return core === undefined
        ? []
        : [{ column, to: { name: `cpu/${core}`, timeS: [] as number[], values: [] as number[] } }];
    });
    for (const row of rows) {
      const timeS = knownNumberIn(row, "Time", NAME) / 1000;
      for (const { column, factor, to } of read) {
        to.timeS.push(timeS);
        to.values.push(numberIn(row, column, NAME) * factor);
      }
      for (const { column, to } of usage) {
        to.timeS.push(timeS);
        to.values.push(numberIn(row, column, NAME));
      }
    }
    if (read.length === 0 || rows.length === 0) throw emptyImport(NAME);
    const { recording, startS, remarks } = recordingFrom(
      read.map(({ to }) => to),
      usage.map(({ to }) => to),
    );
    return { format: "energibridge", recording, startS, runs: [], remarks };
  },
};
