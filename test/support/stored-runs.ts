// Runs and recordings for tests of the store: small, with everything in them that a store could lose.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Measurement, SourceEnergy } from "../../src/measure/measurement.ts";
import type { SourceInfo } from "../../src/measure/power-source.ts";
import type { Recording } from "../../src/measure/trace.ts";
import type { Environment } from "../../src/node/store/environment.ts";
import { newRunId } from "../../src/node/store/run-id.ts";
import type { StoredRun } from "../../src/node/store/stored-run.ts";

/** A data folder that goes when the test is over. */
export function temporaryHome(): string {
  const home = mkdtempSync(join(tmpdir(), "joulecast-store-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

export const SOURCES: readonly SourceInfo[] = [
  {
    id: "rapl/package-0",
    name: "CPU package 0",
    domain: "package",
    kind: "measured",
    reads: "energy",
    wrapJ: 262143,
    provenance: "test",
  },
  {
    id: "rapl/package-0/core",
    name: "cores",
    domain: "core",
    kind: "measured",
    reads: "energy",
    partOf: "rapl/package-0",
    provenance: "test",
  },
  { id: 'nvml/it\'s a "GPU"', name: "GPU 0", domain: "gpu", kind: "integrated", reads: "power", provenance: "test" },
  { id: "rapl/dram", name: "DRAM", domain: "dram", kind: "measured", reads: "energy", provenance: "test" },
];

export const ENVIRONMENT: Environment = {
  joulecast: "0.1.0",
  node: "20.20.2",
  platform: "linux",
  architecture: "x64",
  os: "Debian 12",
  kernel: "6.1.0",
  cpuModel: "Test CPU",
  cores: 8,
  memoryBytes: 16 * 2 ** 30,
  gpus: ["Test GPU"],
};

/** Where the machine does not matter. */
export const NO_MACHINE: Environment = { joulecast: "", gpus: [] };

/** A few samples with a failed read, marks of every sort, a load column. */
export const RECORDING: Recording = {
  traces: [
    { info: SOURCES[0]!, timeS: Float64Array.of(0, 0.1, 0.2), values: Float64Array.of(10, 11.25, 12.5) },
    { info: SOURCES[1]!, timeS: new Float64Array(0), values: new Float64Array(0) },
    { info: SOURCES[2]!, timeS: Float64Array.of(0, 0.1, 0.1), values: Float64Array.of(100, Number.NaN, 0) },
    { info: SOURCES[3]!, timeS: Float64Array.of(0.05), values: Float64Array.of(1e-9) },
  ],
  marks: [
    { timeS: 0, name: "start" },
    { timeS: 0.1, name: "epoch", value: 3 },
    { timeS: 0.15, name: "phase", value: 'it\'s "warm"\n' },
  ],
  load: [{ name: "cpu/0", timeS: Float64Array.of(0, 0.1), ratio: Float64Array.of(0.5, 1) }],
};

function energyOf(info: SourceInfo, grossJ: number, counted = true): SourceEnergy {
  const baselineJ = grossJ / 4;
  return {
    info,
    kind: info.kind,
    grossJ,
    baselineJ,
    netJ: grossJ - baselineJ,
    coverage: 0.98,
    meanPowerW: grossJ / 10,
    peakPowerW: undefined,
    doubts: [],
    counted,
    remarks: [],
  };
}

/** Ten seconds: 360 J of CPU (300 of them cores), 720 J of GPU, 36 J of memory. */
export const MEASUREMENT: Measurement = {
  window: "run",
  durationS: 10,
  kind: "measured",
  grossJ: 1116,
  baselineJ: 279,
  netJ: 837,
  netLowJ: 800,
  netHighJ: 870,
  meanPowerW: 111.6,
  peakPowerW: undefined,
  coverage: 0.98,
  sources: [
    energyOf(SOURCES[0]!, 360),
    energyOf(SOURCES[1]!, 300, false),
    energyOf(SOURCES[2]!, 720),
    energyOf(SOURCES[3]!, 36),
  ],
  doubts: [{ cause: "meter resolution", sigmaJ: 0.1 }],
  remarks: [],
};

/** A run that started so many minutes after the first of January 2026. */
export function storedRun(minute: number, changes: Partial<StoredRun> = {}): StoredRun {
  const startMs = Date.UTC(2026, 0, 1) + minute * 60_000;
  return {
    id: newRunId(startMs, () => minute),
    startedAt: new Date(startMs).toISOString(),
    command: `python infer.py --batch ${minute}`,
    kind: "measured",
    complete: true,
    durationS: 10,
    exitCode: 0,
    measurements: [MEASUREMENT],
    windows: [{ name: "run", fromS: 0, toS: 10 }],
    sources: SOURCES,
    environment: ENVIRONMENT,
    provenance: ["baseline: 10 s before"],
    ...changes,
  };
}

/** A run whose sources came about in three ways: a counter, a gauge that was not read for four seconds, a model. */
export function mixedRun(): { readonly run: StoredRun; readonly recording: Recording } {
  const timeS = Float64Array.from({ length: 200 }, (_, i) => i / 10);
  const busyW = (time: number) => (time < 5 ? 0 : 100);
  const sources: readonly SourceInfo[] = [
    SOURCES[0]!,
    SOURCES[2]!,
    { ...SOURCES[3]!, kind: "modelled", reads: "power" },
  ];
  let joules = 0;
  const values = [
    Float64Array.from(timeS, (time) => (joules += (20 + busyW(time)) / 10)),
    Float64Array.from(timeS, (time) => (time > 10 && time < 14 ? Number.NaN : 30 + busyW(time))),
    Float64Array.from(timeS, (time) => 5 + busyW(time) / 20),
  ];
  const windows = [
    { name: "idle", fromS: 0, toS: 5 },
    { name: "run", fromS: 5, toS: 19.9 },
  ];
  return {
    run: storedRun(7, { command: "mixed", kind: "mixed", sources, windows }),
    recording: { traces: sources.map((info, i) => ({ info, timeS, values: values[i]! })), marks: [], load: [] },
  };
}
