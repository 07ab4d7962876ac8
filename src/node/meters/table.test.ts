// The rules between meters on whole fake machines, and what this real machine says.
import { describe, expect, it, onTestFinished } from "vitest";
import { APU, GPU_BOX, GRACE_HOPPER, ORIN_NANO, PI } from "../../../test/fixtures/sys/boards.ts";
import { BATTERY_ONLY, LAPTOP, RYZEN, VIRTUAL, XEON } from "../../../test/fixtures/sys/cpus.ts";
import { type FakeMachineOptions, fakeMachine, type Tree } from "../../../test/machine/fake-tree.ts";
import { originLabel } from "../../measure/origin.ts";
import type { Meter, PerfCounter, PowerSource, SourceInfo } from "../../measure/power-source.ts";
import { decodeRecording, encodeRecording } from "../../measure/recording-json.ts";
import { machineAccess } from "./machine-access.ts";
import { type FindOptions, findSources, METERS } from "./table.ts";

/** NVML would read this machine's own GPUs behind a fake tree. */
const HERMETIC = METERS.filter(({ meter }) => meter.id !== "nvidia");

function find(tree: Tree, options: FindOptions = {}, closed?: RegExp, machineOptions?: FakeMachineOptions) {
  const machine = fakeMachine(tree, machineOptions);
  onTestFinished(() => machine.remove());
  if (closed !== undefined) machine.deny(closed);
  const sources = findSources(machine.access, { meters: HERMETIC, ...options });
  onTestFinished(() => {
    for (const source of sources.usable) source.close();
  });
  return sources;
}

const addedUp = (usable: readonly PowerSource[]) =>
  usable.filter(({ info }) => info.partOf === undefined && info.counted !== false).map(({ info }) => info.id);

const fixed = (id: string, info: Partial<SourceInfo>): Meter => ({
  id,
  find: () => [
    {
      source: {
        info: { id, name: id, domain: "gpu", kind: "measured", reads: "power", provenance: "test", ...info },
        read: () => ({ powerW: 1 }),
        close: () => undefined,
      },
    },
  ],
});

const counter: PerfCounter = { readCount: () => 0n, close: () => undefined };

describe("what is added up", () => {
  it.each<[string, Tree, string[]]>([
    ["Xeon", XEON, ["rapl/package-0", "rapl/package-0/dram", "rapl/package-1", "rapl/package-1/dram"]],
    ["laptop", LAPTOP, ["rapl/psys"]],
    ["Ryzen", RYZEN, ["rapl/package-0", "dram/dimms"]],
    ["APU without RAPL", APU, ["hwmon/amdgpu/hwmon1/socket"]],
    ["GPU box", GPU_BOX, ["rapl/package-0", "hwmon/amdgpu/0000:03:00.0/power1", "hwmon/xe/0000:04:00.0/card"]],
    ["Jetson", ORIN_NANO, ["jetson/VDD_IN"]],
    ["Grace Hopper", GRACE_HOPPER, ["hwmon/grace/module-0"]],
    ["battery", BATTERY_ONLY, ["battery/BAT1"]],
    ["Raspberry Pi", PI, ["cpu/load"]],
    ["virtual machine", VIRTUAL, ["cpu/load"]],
  ])("%s", (_, tree, expected) => {
    expect(addedUp(find(tree).usable)).toEqual(expected);
  });

  it("says of every source below another root that it is not of this machine, and so in a recording of it", () => {
    const { usable } = find(RYZEN);
    for (const { info } of usable)
      expect(info.origin).toEqual({ kind: "other root", where: expect.stringMatching("tree") });
    expect(originLabel(usable.map(({ info }) => info))).toBe("other root");
    const traces = usable.map(({ info }) => ({ info, timeS: Float64Array.of(0), values: Float64Array.of(1) }));
    const text = encodeRecording({ traces, marks: [], load: [] });
    expect(decodeRecording(text, "t").traces.map(({ info }) => info)).toEqual(usable.map(({ info }) => info));
    expect(() => decodeRecording(text.replaceAll("other root", "elsewhere"), "t")).toThrow(
      /origin.kind has "elsewhere"/,
    );
    expect(originLabel([{}])).toBeUndefined();
  });

  it("every id is unique and every partOf names a source that is there, on every machine", () => {
    for (const tree of [XEON, LAPTOP, RYZEN, APU, GPU_BOX, ORIN_NANO, GRACE_HOPPER, BATTERY_ONLY, PI, VIRTUAL]) {
      const { usable } = find(tree);
      const ids = new Set(usable.map(({ info }) => info.id));
      expect(ids.size).toBe(usable.length);
      for (const { info } of usable) if (info.partOf !== undefined) expect(ids).toContain(info.partOf);
    }
  });
});

describe("rules between meters", () => {
  it("asks perf events only where powercap is closed, and keeps the reason", () => {
    const options = { openPerf: () => counter };
    expect(find(XEON, {}, undefined, options).usable.map(({ info }) => info.id)).not.toContain("rapl-perf/package-0");
    const { usable, unusable } = find(XEON, {}, /energy_uj$/, options);
    expect(addedUp(usable)).toEqual([
      "rapl-perf/package-0",
      "rapl-perf/package-1",
      "rapl-perf/dram-0",
      "rapl-perf/dram-1",
    ]);
    expect(unusable[0]).toMatchObject({ id: "rapl/package-0", reason: expect.stringContaining("EACCES") });
  });

  it("falls back to the models when both ways to RAPL are closed", () => {
    const { usable, unusable } = find(XEON, { dimms: { count: 2 } }, /energy_uj$/, {
      openPerf: () => ({ errno: "EACCES" }),
    });
    expect(usable.map(({ info }) => [info.id, info.kind])).toEqual([
      ["cpu/load", "modelled"],
      ["dram/dimms", "modelled"],
    ]);
    expect(unusable).toHaveLength(8);
  });

  it("closes amd_energy beside RAPL and nests zenpower in the package", () => {
    const { usable, unusable } = find(RYZEN);
    expect(unusable).toMatchObject([
      { id: "hwmon/amd_energy/hwmon1/Esocket0", reason: "the same counter as rapl/package-0" },
    ]);
    expect(usable.find(({ info }) => info.id === "hwmon/zenpower/hwmon0/core")?.info.partOf).toBe("rapl/package-0");
  });

  it("shows whole-machine gauges beside counters without adding them", () => {
    for (const [tree, id] of [
      [LAPTOP, "battery/BAT0"],
      [GPU_BOX, "hwmon/power_meter/hwmon5/power1"],
    ] as const) {
      expect(find(tree).usable.find(({ info }) => info.id === id)?.info.counted).toBe(false);
    }
  });

  it("leaves a wall meter that the user adds as the total", () => {
    const { usable } = find(XEON, { meters: [...HERMETIC, { meter: fixed("wall", { domain: "wall" }) }] });
    expect(usable.at(-1)!.info).not.toHaveProperty("counted");
  });

  it("a battery alone contains the GPU that is measured beside it", () => {
    const { usable } = find(BATTERY_ONLY, { meters: [...HERMETIC, { meter: fixed("gpu", {}) }] });
    expect(usable.map(({ info }) => [info.id, info.partOf, info.counted])).toEqual([
      ["battery/BAT1", undefined, undefined],
      ["gpu", "battery/BAT1", undefined],
    ]);
    expect(usable[1]!.read()).toEqual({ powerW: 1 });
  });

  it("Grace Hopper's module contains the GPU that NVML counts", () => {
    const { usable } = find(GRACE_HOPPER, { meters: [...HERMETIC, { meter: fixed("nvml/GPU-1", {}) }] });
    expect(addedUp(usable)).toEqual(["hwmon/grace/module-0"]);
    expect(usable.at(-1)!.info.partOf).toBe("hwmon/grace/module-0");
  });

  it("asks amd-smi only without amdgpu's files", () => {
    const machineOptions: FakeMachineOptions = {
      run: () => ({ stdout: '[{"gpu": 0, "power": {"socket_power": {"value": 50, "unit": "W"}}}]' }),
      stream: () => ({ ended: () => undefined, close: () => undefined }),
    };
    const ids = (tree: Tree) => find(tree, {}, undefined, machineOptions).usable.map(({ info }) => info.id);
    expect(ids(PI)).toContain("amd-smi/gpu-0/power");
    expect(ids(GPU_BOX)).not.toContain("amd-smi/gpu-0/power");
  });

  it("adds no model beside a DRAM counter or a gauge of the whole board, and none at all when told not to", () => {
    for (const tree of [XEON, ORIN_NANO, LAPTOP]) {
      expect(find(tree, { dimms: { count: 4 } }).usable.some(({ info }) => info.kind === "modelled")).toBe(false);
    }
    expect(find(PI, { models: false })).toEqual({ usable: [], unusable: [] });
  });

  it("says which option gives the memory where its modules are not known", () => {
    expect(find(PI).unusable).toMatchObject([{ id: "dram/dimms", fix: expect.stringContaining("--dimms") }]);
    expect(addedUp(find(PI, { dimms: { count: 1, generation: "LPDDR4" } }).usable)).toEqual(["cpu/load", "dram/dimms"]);
  });
});

it("this real machine: every source answers or says why, and the CPU is covered", () => {
  const { usable, unusable } = findSources(machineAccess());
  for (const problem of unusable) expect(problem.reason).not.toBe("");
  const cpu = usable.filter(({ info }) =>
    ["package", "cpu", "core", "soc", "platform", "rail", "battery"].includes(info.domain),
  );
  expect(cpu.length).toBeGreaterThan(0);
  if (cpu.every(({ info }) => info.kind === "modelled") && process.arch === "x64" && process.platform === "linux") {
    expect(unusable.map(({ id }) => id)).toContain("rapl");
  }
  for (const source of usable) source.close();
});
