// The models that fill gaps (memory from its modules, CPU from its load), the load columns, and the real machine's access.
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { GPU_BOX, PI } from "../../../../test/fixtures/sys/boards.ts";
import { RYZEN, stat, VIRTUAL, XEON } from "../../../../test/fixtures/sys/cpus.ts";
import { QEMU, TWO_OF_THREE } from "../../../../test/fixtures/sys/dmidecode.ts";
import { type FakeMachineOptions, fakeMachine, type Tree } from "../../../../test/machine/fake-tree.ts";
import type { Found, MachineAccess } from "../../../measure/power-source.ts";
import { machineAccess } from "../machine-access.ts";
import { openLoad, parseMemory } from "../utilisation.ts";
import { cpuLoad, parseCpuInfo, tdpShare } from "./cpu-load.ts";
import { DIMM_CAPACITANCE_F, dimmPowerW, dramDimm, parseDmidecode } from "./dram-dimm.ts";

function machine(tree: Tree, options?: FakeMachineOptions) {
  const made = fakeMachine(tree, options);
  onTestFinished(() => made.remove());
  return made;
}

const only = (found: readonly Found[]) => {
  expect(found).toHaveLength(1);
  const [one] = found;
  return "source" in one! ? { source: one.source } : { problem: one!.unusable };
};

const powerOf = (found: readonly Found[]) => only(found).source!.read() as { powerW: number };
const prints = (stdout: string): FakeMachineOptions => ({ run: () => ({ stdout }) });

describe("memory model", () => {
  it("gives the 3 W per module at 1.2 V and 1.6 GHz that fixes its C", () => {
    expect(DIMM_CAPACITANCE_F).toBeCloseTo(2.604e-9, 12);
    expect(dimmPowerW({ voltageV: 1.2, frequencyHz: 1.6e9 })).toBeCloseTo(3, 12);
  });

  it("counts the plugged modules of dmidecode with their own speed, not slots", () => {
    expect(parseDmidecode(TWO_OF_THREE)).toEqual(Array(2).fill({ voltageV: 1.2, frequencyHz: 1466.5e6 }));
    const { access } = machine({}, prints(TWO_OF_THREE));
    expect(powerOf(dramDimm().find(access)).powerW).toBeCloseTo((2 * 3 * 1466.5) / 1600, 9);
  });

  it("falls back to EDAC, where empty slots do not count", () => {
    const { access } = machine(RYZEN);
    const { source } = only(dramDimm().find(access));
    expect(source!.info).toMatchObject({ kind: "modelled", domain: "dram", toleranceRatio: 0.5 });
    expect(source!.info.provenance).toContain("edac");
    expect(source!.read()).toEqual({ powerW: expect.closeTo((2 * 3 * 1333) / 1600, 9) });
  });

  it("believes the user, also over what it finds", () => {
    const { access } = machine(RYZEN);
    expect(powerOf(dramDimm({ count: 8, generation: "DDR5" }).find(access)).powerW).toBeCloseTo(
      8 * dimmPowerW({ voltageV: 1.1, frequencyHz: 2.4e9 }),
      9,
    );
    expect(powerOf(dramDimm({ count: 1, voltageV: 2, frequencyHz: 1e9, capacitanceF: 1e-9 }).find(access)).powerW).toBe(
      2,
    );
    expect(powerOf(dramDimm({ generation: "DDR5" }).find(access)).powerW).toBeCloseTo(
      2 * dimmPowerW({ voltageV: 1.1, frequencyHz: 2.4e9 }),
      9,
    );
  });

  it("says which option gives the number of modules when nothing does", () => {
    const denied: FakeMachineOptions = { run: () => ({ errno: "exit 1", stderr: "/dev/mem: Permission denied" }) };
    for (const [options, why] of [
      [{}, "not installed"],
      [prints(QEMU), "virtual"],
      [denied, "needs root"],
    ] as const) {
      const { problem } = only(dramDimm().find(machine(PI, options).access));
      expect(problem!.reason).toContain(why);
      expect(problem!.fix).toContain("--dimms");
    }
  });
});

describe("CPU model", () => {
  it("follows the published points, never falls, and stays within idle and full load", () => {
    expect([0, 0.1, 0.5, 1].map(tdpShare)).toEqual([0.12, 0.32, 0.75, 1.02]);
    const ratio = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(ratio, ratio, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(tdpShare(low)).toBeLessThanOrEqual(tdpShare(high));
        expect(tdpShare(low)).toBeGreaterThanOrEqual(0.12);
        expect(tdpShare(high)).toBeLessThanOrEqual(1.02);
      }),
    );
  });

  it("counts sockets and cores once, not threads", () => {
    const { access } = machine(XEON);
    const got = access.readText("/proc/cpuinfo") as { text: string };
    expect(parseCpuInfo(got.text)).toMatchObject({ sockets: 2, cores: 4, isVirtual: false });
    expect(parseCpuInfo(`${got.text}\n\n${got.text}`).cores).toBe(4);
  });

  it("takes TDP × sockets × curve of the load since the last reading", () => {
    const { access, set } = machine(XEON);
    const tdpW = (model: string) => (model.includes("Gold 5220") ? 125 : undefined);
    const { source } = only(cpuLoad({ tdpW }).find(access));
    expect(source!.info).toMatchObject({ kind: "modelled", domain: "cpu", toleranceRatio: 0.4 });
    expect(source!.read()).toBeUndefined();
    set("/proc/stat", stat(Array.from({ length: 4 }, () => [1050, 1050])));
    expect(source!.read()).toEqual({ powerW: expect.closeTo(250 * 0.75, 9) });
    expect(source!.read(), "no new tick: the last value").toEqual({ powerW: expect.closeTo(250 * 0.75, 9) });
    set("/proc/stat", stat(Array.from({ length: 4 }, () => [1050, 1150])));
    expect(source!.read()).toEqual({ powerW: expect.closeTo(250 * 0.12, 9) });
    set("/proc/stat", "garbage");
    expect(source!.read()).toBeUndefined();
    source!.close();
  });

  it("gives nothing across counters that went back, and goes on after", () => {
    const { access, set } = machine(XEON);
    const { source } = only(cpuLoad().find(access));
    set("/proc/stat", stat([[1, 1]]));
    expect(source!.read()).toBeUndefined();
    set("/proc/stat", stat([[2, 1]]));
    expect(source!.read()).toEqual({ powerW: expect.closeTo(4 * 12 * 1.02, 9) });
  });

  it("takes a power per core in a virtual machine, even where the host's TDP is known", () => {
    const { access } = machine(VIRTUAL);
    const { source } = only(cpuLoad({ tdpW: () => 280 }).find(access));
    expect(source!.info.maxPowerW).toBeCloseTo(2 * 12 * 1.02, 9);
    expect(source!.info.toleranceRatio).toBe(0.7);
  });

  it("uses the operating system's numbers where there is no /proc, and says so where there are none", () => {
    const { access } = machine({});
    expect(only(cpuLoad().find(access)).problem!.reason).toContain("/proc/stat");
    let busyS = 0;
    const load = () => {
      busyS += 1;
      return { model: "Apple M2", cpus: [{ busyS, totalS: busyS }], memoryRatio: 0.5 };
    };
    const mac: MachineAccess = { ...access, load, platform: "darwin" };
    const { source } = only(cpuLoad({ tdpW: () => 20 }).find(mac));
    expect(source!.read()).toEqual({ powerW: expect.closeTo(20.4, 9) });
    expect(openLoad(mac).map(({ name, read }) => [name, read()])).toEqual([
      ["cpu/0", 1],
      ["memory", 0.5],
    ]);
  });
});

describe("load columns", () => {
  it("gives the busy share of each CPU and the memory in use", () => {
    const { access, set } = machine(VIRTUAL);
    const readers = openLoad(access);
    expect(readers.map(({ name }) => name)).toEqual(["cpu/0", "cpu/1", "memory"]);
    set(
      "/proc/stat",
      stat([
        [1025, 1075],
        [1100, 1000],
      ]),
    );
    expect(readers.map((reader) => reader.read())).toEqual([expect.closeTo(0.25, 9), expect.closeTo(1, 9), 0.25]);
    expect(readers[0]!.read(), "no tick has passed").toBeUndefined();
    for (const reader of readers) reader.close();
  });

  it("reads amdgpu's load and memory", () => {
    const { access } = machine(GPU_BOX);
    const readers = openLoad(access);
    expect(readers.map((reader) => [reader.name, reader.read()])).toEqual([
      ["gpu/card0", 0.37],
      ["vram/card0", 0.25],
    ]);
  });

  it("does not take a broken meminfo for empty memory", () => {
    expect(parseMemory("MemTotal: 0 kB\nMemFree: 0 kB")).toBeUndefined();
    expect(parseMemory("MemTotal: 100 kB")).toBeUndefined();
    expect(parseMemory("MemTotal: 100 kB\nMemFree: 100 kB")).toBe(0);
  });
});

describe("the machine's access", () => {
  it("reports why a file or a program did not answer", () => {
    const { root } = machine({ "/a/b": 1 });
    const access = machineAccess({ root });
    expect(access.readText("/a/b")).toEqual({ text: "1\n" });
    expect(access.readText("/a/c")).toEqual({ errno: "ENOENT" });
    expect(access.readText("/a")).toMatchObject({ errno: "EISDIR", mode: expect.stringMatching(/^0\d{3}, owner /) });
    expect(access.run(process.execPath, ["-e", ""])).toMatchObject({ errno: "ENOENT" });
    const real = machineAccess();
    expect(real.run("no-such-program-of-joulecast", [])).toEqual({ errno: "ENOENT", stderr: "" });
    expect(real.run(process.execPath, ["-e", "process.exit(3)"])).toMatchObject({ errno: "exit 3" });
    expect(real.run(process.execPath, ["-e", "process.stdout.write('hi')"])).toEqual({ stdout: "hi" });
    expect(access.list("/nowhere")).toEqual([]);
    expect(access.realPath("/a")).toBe("/a");
    expect(access.open!("/a/c")).toBeUndefined();
  });

  it("reads no perf event and no load of the real machine for a fake root", () => {
    const { root } = machine({ "/a": 1 });
    expect(machineAccess({ root })).not.toHaveProperty("openPerf");
    expect(machineAccess({ root })).not.toHaveProperty("load");
    expect(machineAccess().load!().cpus.length).toBeGreaterThan(0);
  });

  it("stops a program that takes too long", () => {
    const access = machineAccess({ timeoutMs: 100 });
    expect(access.run(process.execPath, ["-e", "setInterval(() => {}, 1000)"])).toMatchObject({ errno: "ETIMEDOUT" });
  });

  it("does not touch a closed file", () => {
    const { access } = machine({ "/a": 1 });
    const file = access.open!("/a")!;
    expect(file.read()).toBe("1\n");
    file.close();
    file.close();
    expect(file.read()).toBeUndefined();
  });
});
