// NVML through the real koffi path, against a compiled library whose joules are known.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FakeGpu, FakeNvml, PowerCurve } from "../../../../test/machine/fake-nvml/build.ts";
import { buildFakeNvml, energyBetween, powerAt } from "../../../../test/machine/fake-nvml/build.ts";
import { programMachine } from "../../../../test/machine/program-machine.ts";
import type { Found, PowerSource } from "../../../measure/power-source.ts";
import { loadKoffi } from "../native.ts";
import { preferring } from "../preferring.ts";
import { nvmlMeter, openNvmlLoad } from "./nvml.ts";
import { loadNvml } from "./nvml-library.ts";

const CURVE: PowerCurve = [
  [0, 60],
  [2, 60],
  [2, 300],
  [5, 380],
  [5, 60],
  [8, 60],
];
const V100: FakeGpu = { uuid: "GPU-v", name: "Tesla V100-SXM2-16GB", curve: CURVE, limitW: 300 };
const A100: FakeGpu = {
  uuid: "GPU-a",
  name: "NVIDIA A100-SXM4-40GB",
  curve: CURVE,
  updateS: 0.1,
  windowS: 0.025,
  mig: false,
};

const built = buildFakeNvml();
const skipReason = "skipped" in built ? built.skipped : "";

const sourcesOf = (found: readonly Found[]) =>
  found.flatMap((entry): PowerSource[] => ("source" in entry ? [entry.source] : []));
const reasonsOf = (found: readonly Found[]) => found.flatMap((entry) => ("unusable" in entry ? [entry.unusable] : []));

describe.skipIf("skipped" in built)(`NVML on a library with known joules ${skipReason}`, () => {
  const fake = built as FakeNvml;
  const machine = programMachine();
  const meter = nvmlMeter({ libraryPath: fake.libraryPath });
  let initialised: () => number;
  const opened: PowerSource[] = [];
  const open = () => {
    const found = meter.find(machine);
    opened.push(...sourcesOf(found));
    return found;
  };

  beforeAll(() => {
    const loaded = loadKoffi();
    if ("reason" in loaded) throw new Error(loaded.reason);
    initialised = loaded.koffi.load(fake.libraryPath).func("fakeNvmlInitialised", "int", []);
  });
  afterAll(() => {
    for (const source of opened) source.close();
    expect(initialised()).toBe(0);
    fake.remove();
  });

  it("finds a counter, and a gauge that is part of it", () => {
    fake.set({ gpus: [V100] });
    const [counter, gauge] = sourcesOf(open()).map(({ info }) => info);
    expect(counter).toMatchObject({
      id: "nvml/GPU-v/total-energy",
      kind: "measured",
      reads: "energy",
      domain: "gpu",
      maxPowerW: 300,
      toleranceRatio: 0.05,
    });
    expect(counter?.partOf).toBeUndefined();
    expect(gauge).toMatchObject({ id: "nvml/GPU-v/power", kind: "integrated", reads: "power", partOf: counter?.id });
    expect(gauge?.dutyRatio).toBeUndefined();
    expect(counter?.provenance).toContain("535.104.05");
  });

  it("counts the true joules of any curve, to the counter's step", () => {
    const watts = fc.integer({ min: 0, max: 700 });
    const curves = fc
      .array(fc.tuple(fc.integer({ min: 0, max: 1000 }), watts), { minLength: 1, maxLength: 12 })
      .map((points) => points.map(([t, w]) => [t / 100, w] as const).sort((a, b) => a[0] - b[0]));
    const times = fc.tuple(fc.integer({ min: 0, max: 1200 }), fc.integer({ min: 0, max: 1200 }));
    fc.assert(
      fc.property(curves, times, fc.integer({ min: 0, max: 2 ** 40 }), (curve, [a, b], startMj) => {
        const [fromS, toS] = [Math.min(a, b) / 100, Math.max(a, b) / 100];
        const gpus = [{ ...V100, curve, startMj }];
        fake.set({ nowS: fromS, gpus });
        const [counter] = sourcesOf(open()) as [PowerSource, PowerSource];
        const before = counter.read() as { energyJ: number };
        fake.set({ nowS: toS, gpus });
        const after = counter.read() as { energyJ: number };
        expect(Math.abs(after.energyJ - before.energyJ - energyBetween(curve, fromS, toS))).toBeLessThan(0.0021);
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  it("reads the gauge as the curve's power, and a 25 % gauge as the mean of its window", () => {
    fake.set({ nowS: 3.5, gpus: [V100, A100] });
    const gauges = sourcesOf(open()).filter(({ info }) => info.reads === "power");
    expect(gauges[0]?.read()).toEqual({ powerW: powerAt(CURVE, 3.5) });
    const seen = gauges[1]?.read() as { powerW: number };
    expect(seen.powerW).toBeCloseTo(energyBetween(CURVE, 3.475, 3.5) / 0.025, 2);
    expect(gauges[1]?.info).toMatchObject({ dutyRatio: 0.25, updatePeriodS: 0.1 });
  });

  it("shows what a part-time gauge misses: bursts between its looks, which the counter holds", () => {
    // 30 ms of 400 W right after each look: the gauge sees 50 W only
    const bursts = Array.from({ length: 50 }, (_, i) => i / 10).flatMap((t): [number, number][] => [
      [t, 50],
      [t, 400],
      [t + 0.03, 400],
      [t + 0.03, 50],
    ]);
    const gpus = [{ ...A100, curve: bursts }];
    fake.set({ nowS: 0, gpus });
    const [counter, gauge] = sourcesOf(open()) as [PowerSource, PowerSource];
    const first = counter.read() as { energyJ: number };
    let integralJ = 0;
    for (let step = 1; step <= 40; step += 1) {
      fake.set({ nowS: step / 10, gpus });
      integralJ += (gauge.read() as { powerW: number }).powerW * 0.1;
    }
    const countedJ = (counter.read() as { energyJ: number }).energyJ - first.energyJ;
    const trueJ = energyBetween(bursts, 0, 4);
    expect(countedJ).toBeCloseTo(trueJ, 2);
    expect(integralJ / trueJ).toBeCloseTo(50 / (50 + 0.3 * 350), 2);
  });

  it("stands still between two updates", () => {
    fake.set({ nowS: 1.0, gpus: [A100] });
    const [counter] = sourcesOf(open()) as [PowerSource];
    const first = counter.read();
    fake.set({ nowS: 1.09, gpus: [A100] });
    expect(counter.read()).toEqual(first);
    fake.set({ nowS: 1.1, gpus: [A100] });
    expect(counter.read()).not.toEqual(first);
  });

  it("takes power alone on a board without a counter, and says why", () => {
    fake.set({ gpus: [{ ...V100, name: "Tesla P100", fails: { nvmlDeviceGetTotalEnergyConsumption: 3 } }] });
    const found = open();
    const [gauge, ...others] = sourcesOf(found).map(({ info }) => info);
    expect(others).toEqual([]);
    expect(gauge).toMatchObject({ reads: "power", kind: "integrated" });
    expect(gauge?.partOf).toBeUndefined();
    expect(reasonsOf(found)[0]?.reason).toContain("Not Supported (NVML 3): boards before Volta");
  });

  it("falls back to the older power call where the instant field is refused", () => {
    fake.set({ nowS: 1, gpus: [{ ...V100, fails: { NVML_FI_DEV_POWER_INSTANT: 3 } }] });
    const gauge = sourcesOf(open())[1];
    expect(gauge?.info.provenance).toContain("nvmlDeviceGetPowerUsage");
    expect(gauge?.read()).toEqual({ powerW: 60 });
  });

  it("numbers several GPUs and keeps the good ones when one is bad", () => {
    fake.set({
      nowS: 1,
      gpus: [V100, { ...V100, uuid: "GPU-lost", fails: { nvmlDeviceGetHandleByIndex_v2: 15 } }, A100],
    });
    const found = open();
    expect(sourcesOf(found).map(({ info }) => info.id)).toEqual([
      "nvml/GPU-v/total-energy",
      "nvml/GPU-v/power",
      "nvml/GPU-a/total-energy",
      "nvml/GPU-a/power",
    ]);
    expect(sourcesOf(found)[2]?.info.name).toBe("GPU 2 (NVIDIA A100-SXM4-40GB)");
    const [lost] = reasonsOf(found);
    expect(lost).toMatchObject({ id: "nvml/1" });
    expect(lost?.reason).toContain("GPU is lost (NVML 15)");
    expect(lost?.fix).toContain("NVRM");
  });

  it("says that MIG numbers are those of the whole board", () => {
    fake.set({ gpus: [{ ...A100, mig: true }] });
    const [counter] = sourcesOf(open()).map(({ info }) => info);
    expect(counter?.name).toContain("whole board, MIG is on");
    expect(counter?.provenance).toContain("all its instances");
  });

  it("is missing, not 0, while the GPU is lost, and reads again afterwards", () => {
    fake.set({ nowS: 1, gpus: [V100] });
    const [counter, gauge] = sourcesOf(open()) as [PowerSource, PowerSource];
    fake.set({
      nowS: 2,
      gpus: [
        {
          ...V100,
          fails: { nvmlDeviceGetTotalEnergyConsumption: 15, nvmlDeviceGetFieldValues: 15, nvmlDeviceGetPowerUsage: 15 },
        },
      ],
    });
    expect([counter.read(), gauge.read()]).toEqual([undefined, undefined]);
    fake.set({ nowS: 1.5, gpus: [V100] });
    expect(counter.read()).toEqual({ energyJ: 90 });
  });

  it("explains permission and version trouble with a fix", () => {
    fake.set({ gpus: [V100], fails: { nvmlInit_v2: 18 } });
    const [mismatch] = reasonsOf(open());
    expect(mismatch?.reason).toContain("Driver/library version mismatch (NVML 18)");
    expect(mismatch?.fix).toContain("reboot");
    fake.set({ gpus: [{ ...V100, fails: { nvmlDeviceGetTotalEnergyConsumption: 4 } }] });
    const [denied] = reasonsOf(open());
    expect(denied).toMatchObject({ id: "nvml/GPU-v/total-energy" });
    expect(denied?.fix).toContain("video");
    expect(denied?.reason).not.toContain("Volta");
  });

  it("gives the library back with the last source, and reads nothing after close", () => {
    const before = initialised();
    fake.set({ nowS: 1, gpus: [V100] });
    const [counter, gauge] = sourcesOf(meter.find(machine)) as [PowerSource, PowerSource];
    expect(initialised()).toBe(before + 1);
    counter.close();
    counter.close();
    expect(counter.read()).toBeUndefined();
    expect(gauge.read()).toEqual({ powerW: 60 });
    gauge.close();
    expect(initialised()).toBe(before);
    fake.set({ gpus: [] });
    expect(meter.find(machine)).toEqual([]);
    expect(initialised()).toBe(before);
  });

  it("reads utilisation and memory for the load columns, of boards that tell them", () => {
    fake.set({
      gpus: [
        { ...V100, utilisation: [37, 12], memory: { totalBytes: 16e9, usedBytes: 4e9 } },
        { ...A100, utilisation: [100, 80], fails: { nvmlDeviceGetMemoryInfo: 3 } },
      ],
    });
    const before = initialised();
    const readers = openNvmlLoad(machine, { libraryPath: fake.libraryPath });
    expect(readers.map((reader) => [reader.name, reader.read()])).toEqual([
      ["gpu/0", 0.37],
      ["vram/0", 0.25],
      ["gpu/1", 1],
    ]);
    for (const reader of readers) reader.close();
    expect(initialised()).toBe(before);
  });

  it("is preferred to a second way to the same boards, which is asked only when it fails", () => {
    const second = nvmlMeter({ libraryPath: "/no/such/library.so" });
    fake.set({ gpus: [V100] });
    const best = preferring("x", [meter, second]).find(machine);
    opened.push(...sourcesOf(best));
    expect(reasonsOf(best)).toEqual([]);
    const fallen = preferring("x", [second, meter]).find(machine);
    opened.push(...sourcesOf(fallen));
    expect(reasonsOf(fallen).map(({ id }) => id)).toEqual(["nvml"]);
    expect(sourcesOf(fallen).map(({ info }) => info.id)).toEqual(["nvml/GPU-v/total-energy", "nvml/GPU-v/power"]);
  });
});

describe("NVML that is not there", () => {
  it("is not sought on a Mac, nor for a made-up machine on a real one", () => {
    const usualPaths = [import.meta.filename]; // would be refused, were it tried
    const made = {
      ...programMachine({ files: { "/proc/driver/nvidia/gpus/0/information": "" } }),
      nativeLibraries: false,
    };
    expect(nvmlMeter({ usualPaths }).find(made)).toEqual([]);
    expect(openNvmlLoad(made, { usualPaths })).toEqual([]);
    expect(nvmlMeter().find(programMachine({ platform: "darwin" }))).toEqual([]);
  });

  it("is silent on a machine without an NVIDIA GPU", () => {
    const absent = loadNvml(["libdoes-not-exist.so.9"]);
    expect(absent).toMatchObject({ stage: "library" });
    const machine = programMachine({
      files: {
        "/sys/bus/pci/devices/0000:00:02.0/vendor": "0x8086\n",
        "/sys/bus/pci/devices/0000:00:02.0/class": "0x030000\n",
      },
    });
    expect(nvmlMeter({ usualPaths: ["libdoes-not-exist.so.9"] }).find(machine)).toEqual([]);
  });

  it("names the GPU that is plugged in, and what to install", () => {
    const at = "/sys/bus/pci/devices/0000:01:00.0";
    const machine = programMachine({ files: { [`${at}/vendor`]: "0x10de\n", [`${at}/class`]: "0x030200\n" } });
    const [usual] = reasonsOf(nvmlMeter({ usualPaths: ["/no/such/library.so"] }).find(machine));
    expect(usual?.reason).toContain("an NVIDIA GPU is at PCI 0000:01:00.0, but /no/such/library.so");
    expect(usual?.fix).toContain("driver");
    const [given] = reasonsOf(nvmlMeter({ libraryPath: "/no/such/library.so" }).find(machine));
    expect(given?.fix).toContain("JOULECAST_NVML");
  });

  it("refuses a file that is no library, with the file's name", () => {
    const [why] = reasonsOf(nvmlMeter({ libraryPath: import.meta.filename }).find(programMachine()));
    expect(why?.reason).toContain(import.meta.filename);
  });
});
