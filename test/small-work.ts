// Small work reports and devices, written by hand, for the tests of what stands on them. Not counted from any network.
import fc from "fast-check";
import type { DataType } from "../src/graph/dtype.ts";
import type { Hardware, Sourced } from "../src/hardware/hardware.ts";
import type { LayerWork, Work, WorkReport } from "../src/work/work.ts";

const NOTHING: Work = {
  macs: 0,
  muls: 0,
  adds: 0,
  others: 0,
  flops: 0,
  params: 0,
  buffers: 0,
  weightBytes: 0,
  readBytes: 0,
  writtenBytes: 0,
  outputElements: 0,
};

/** A layer with the numbers given, the rest 0; FLOPs and weight bytes follow. */
export function layerOf(name: string, given: Partial<LayerWork> = {}): LayerWork {
  const { macs = 0, muls = 0, adds = 0, others = 0, params = 0, buffers = 0 } = given;
  return {
    ...NOTHING,
    op: "Conv",
    block: name,
    dtype: "float32",
    inputShape: undefined,
    outputShape: undefined,
    inputElements: 0,
    flops: 2 * macs + muls + adds + others,
    weightBytes: 4 * (params + buffers),
    ...given,
    name,
  };
}

export function workOf(layers: readonly LayerWork[], given: Partial<WorkReport> = {}): WorkReport {
  const total = { ...NOTHING };
  for (const layer of layers)
    for (const key of Object.keys(NOTHING) as (keyof Work)[]) Object.assign(total, { [key]: total[key] + layer[key] });
  return {
    name: "small",
    phase: "inference",
    batch: 1,
    layers,
    blocks: [],
    total,
    peakActivationBytes: 0,
    unknown: [],
    assumptions: [],
    ...given,
  };
}

export const sourced = (value: number, low = value, high = value): Sourced => ({ value, low, high, source: "[Test]" });

export function deviceOf(given: Partial<Hardware> = {}): Hardware {
  return {
    id: "device",
    name: "Device",
    kind: "cpu",
    aliases: [],
    peakFlopsPerS: {},
    flopsPerClockPerCore: {},
    memoryLevels: [],
    arithmetic: {},
    ...given,
  };
}

/** Tables I and II of [Krouka2021], the record "horowitz-45nm". */
export const PROCESS_45NM: Hardware = deviceOf({
  id: "horowitz-45nm",
  name: "45 nm, 0.9 V",
  kind: "process",
  arithmetic: {
    int8: { addJ: sourced(0.03e-12), mulJ: sourced(0.2e-12) },
    float16: { addJ: sourced(0.4e-12), mulJ: sourced(1.1e-12) },
    int32: { addJ: sourced(0.1e-12), mulJ: sourced(3.1e-12) },
    float32: { addJ: sourced(0.9e-12), mulJ: sourced(3.7e-12) },
  },
  memoryLevels: [
    { name: "8 KB SRAM", sizeBytes: sourced(8192), energyPerBitJ: sourced(10e-12 / 64) },
    { name: "32 KB SRAM", sizeBytes: sourced(32768), energyPerBitJ: sourced(20e-12 / 64) },
    { name: "1 MB SRAM", sizeBytes: sourced(1048576), energyPerBitJ: sourced(100e-12 / 64) },
    { name: "DRAM", energyPerBitJ: sourced(1.95e-9 / 64, 1.3e-9 / 64, 2.6e-9 / 64) },
  ],
});

/** A device that every metric has its numbers for. */
export const COMPLETE: Hardware = deviceOf({
  id: "complete",
  peakFlopsPerS: { float32: sourced(1e12, 0.8e12, 1.5e12), int8: sourced(4e12) },
  flopsPerClockPerCore: { float32: sourced(32), int8: sourced(128) },
  tdpW: sourced(100, 90, 120),
  idleW: sourced(20, 10, 30),
  cores: sourced(16),
  clockHz: sourced(2e9, 1.5e9, 3e9),
  switchedCapacitance: sourced(1e-28, 1e-28, 1e-27),
  memoryBytesPerS: sourced(1e11, 0.5e11, 1e11),
  memoryBytes: sourced(16e9),
  macLinear: { convJPerMac: sourced(2e-12), convJPerInput: sourced(1e-9, 0.5e-9, 2e-9), denseJPerMac: sourced(5e-12) },
});

const count = fc.integer({ min: 0, max: 1_000_000_000 });
const DTYPES: readonly DataType[] = ["float32", "float16", "int8", "uint8", "int64", "bool"];
const OPS = ["Conv", "Gemm", "MatMul", "Relu", "QLinearConv"];

const anyLayer = fc.record({
  op: fc.constantFrom(...OPS),
  dtype: fc.constantFrom(...DTYPES),
  macs: count,
  muls: count,
  adds: count,
  others: count,
  params: count,
  buffers: count,
  readBytes: count,
  writtenBytes: count,
  inputElements: count,
});

/** Any work report of up to eight layers. */
export const anyWork: fc.Arbitrary<WorkReport> = fc
  .record({
    layers: fc.array(anyLayer, { minLength: 1, maxLength: 8 }),
    phase: fc.constantFrom("inference" as const, "training" as const),
    peakActivationBytes: count,
  })
  .map(({ layers, ...given }) =>
    workOf(
      layers.map((layer, i) => layerOf(`layer${i}`, layer)),
      given,
    ),
  );
