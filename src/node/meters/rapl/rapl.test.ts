// RAPL by powercap and by perf events, on fake trees and (perf) on this kernel's software events.
import { describe, expect, it, onTestFinished } from "vitest";
import { LAPTOP, RYZEN, VIRTUAL, XEON, zone } from "../../../../test/fixtures/sys/cpus.ts";
import { type FakeMachineOptions, fakeMachine, type Tree } from "../../../../test/machine/fake-tree.ts";
import type { Found, Meter, PerfCounter, PowerSource, Unusable } from "../../../measure/power-source.ts";
import { pollPeriodS } from "../../../measure/wrap.ts";
import { parseCpuList, raplPerf } from "./perf.ts";
import { openPerfCounter } from "./perf-counter.ts";
import { raplPowercap } from "./powercap.ts";

function machine(tree: Tree, options?: FakeMachineOptions) {
  const made = fakeMachine(tree, options);
  onTestFinished(() => made.remove());
  return made;
}

const sourcesOf = (found: readonly Found[]): PowerSource[] =>
  found.flatMap((one) => ("source" in one ? [one.source] : []));
const problemsOf = (found: readonly Found[]): Unusable[] =>
  found.flatMap((one) => ("unusable" in one ? [one.unusable] : []));

const PACKAGE = "/sys/class/powercap/intel-rapl:0";

function findAll(meter: Meter, tree: Tree) {
  const { access } = machine(tree);
  const found = meter.find(access);
  return { sources: sourcesOf(found), problems: problemsOf(found) };
}

describe("powercap", () => {
  it("finds packages and DRAM of a two-socket Xeon, DRAM beside its package and not in it", () => {
    const { sources, problems } = findAll(raplPowercap, XEON);
    expect(problems).toEqual([]);
    expect(sources.map(({ info }) => [info.id, info.domain, info.partOf])).toEqual([
      ["rapl/package-0", "package", undefined],
      ["rapl/package-0/dram", "dram", undefined],
      ["rapl/package-1", "package", undefined],
      ["rapl/package-1/dram", "dram", undefined],
    ]);
    expect(sources.map((source) => source.read())).toEqual([
      { energyJ: 1 },
      { energyJ: 0.2 },
      { energyJ: 2 },
      { energyJ: 0.3 },
    ]);
  });

  it("takes the range for the wrap and the highest limit for the power", () => {
    const { sources } = findAll(raplPowercap, XEON);
    expect(sources[0]!.info.wrapJ).toBeCloseTo(262143.32885, 6);
    expect(sources[0]!.info.maxPowerW).toBe(150);
    expect(sources[1]!.info.maxPowerW).toBeUndefined();
  });

  it("assumes a power where a zone states no limit, for how often it is read and nothing else", () => {
    const [cpu, dram] = findAll(raplPowercap, XEON).sources.map(({ info }) => info);
    expect(cpu).not.toHaveProperty("assumedPowerW");
    expect(dram!.assumedPowerW).toBe(200);
    expect(dram!.provenance).toContain("read often enough for 200 W (assumed)");
    expect(pollPeriodS(dram!, 3600)).toBeCloseTo(dram!.wrapJ! / 200 / 2, 6);
    const [amd] = findAll(raplPowercap, RYZEN).sources.map(({ info }) => info);
    expect(pollPeriodS(amd!, 3600)).toBeCloseTo(amd!.wrapJ! / 1000 / 2, 6);
  });

  it("says how wrong it may be, in its doubt and in words", () => {
    const errors = findAll(raplPowercap, XEON).sources.map(({ info }) => [info.domain, info.toleranceRatio]);
    expect(errors.slice(0, 2)).toEqual([
      ["package", 0.05],
      ["dram", 0.3],
    ]);
    const { access } = machine(XEON, { openPerf: () => ({ readCount: () => 0n, close: () => undefined }) });
    for (const { info } of [...sourcesOf(raplPerf.find(access)), ...findAll(raplPowercap, XEON).sources])
      expect(info.provenance).toContain(`±${info.toleranceRatio! * 100} %`);
  });

  it("drops the mmio twin and nests cores in package and package in psys", () => {
    const { sources } = findAll(raplPowercap, LAPTOP);
    expect(sources.map(({ info }) => [info.id, info.partOf])).toEqual([
      ["rapl/package-0", "rapl/psys"],
      ["rapl/package-0/core", "rapl/package-0"],
      ["rapl/package-0/uncore", "rapl/package-0"],
      ["rapl/psys", undefined],
    ]);
    expect(sources[0]!.info.provenance).toContain("/intel-rapl:0/");
  });

  it("takes the mmio twin where the msr one is closed", () => {
    const { access, deny } = machine(LAPTOP);
    deny(/intel-rapl:0\/energy_uj$/);
    const found = sourcesOf(raplPowercap.find(access));
    expect(found.find(({ info }) => info.id === "rapl/package-0")?.read()).toEqual({ energyJ: 5.0004 });
  });

  it("does not let a psys that reads 0 swallow the package", () => {
    const { sources, problems } = findAll(raplPowercap, { ...LAPTOP, ...zone("intel-rapl:1", "psys", 0) });
    expect(sources[0]!.info.partOf).toBeUndefined();
    expect(problems).toMatchObject([{ id: "rapl/psys", domain: "platform", fix: "" }]);
  });

  it("nests each package in the psys of its own socket", () => {
    const tree = { ...XEON, ...zone("intel-rapl:2", "psys", 5), ...zone("intel-rapl:3", "psys-1", 6) };
    const { sources } = findAll(raplPowercap, tree);
    const parents = Object.fromEntries(sources.map(({ info }) => [info.id, info.partOf]));
    expect(parents["rapl/package-0"]).toBe("rapl/psys");
    expect(parents["rapl/package-1"]).toBe("rapl/psys-1");
    expect(parents["rapl/package-1/dram"]).toBe("rapl/psys-1");
  });

  it("reads AMD's package under Intel's name", () => {
    const { sources } = findAll(raplPowercap, RYZEN);
    expect(sources.map(({ info }) => info.id)).toEqual(["rapl/package-0", "rapl/package-0/core"]);
  });

  it("follows a counter through its wrap and gives nothing for garbage, then recovers", () => {
    const { access, set } = machine(XEON);
    const [source] = sourcesOf(raplPowercap.find(access));
    set(`${PACKAGE}/energy_uj`, 262143328850);
    expect(source!.read()).toEqual({ energyJ: 262143.32885 });
    set(`${PACKAGE}/energy_uj`, 0);
    expect(source!.read()).toEqual({ energyJ: 0 });
    for (const garbage of ["", "not a number", "12 34", "0x10"]) {
      set(`${PACKAGE}/energy_uj`, garbage);
      expect(source!.read()).toBeUndefined();
    }
    set(`${PACKAGE}/energy_uj`, 3_000_000);
    expect(source!.read()).toEqual({ energyJ: 3 });
    source!.close();
  });

  it("says file, mode, errno and the way with least rights when the files are closed (CVE-2020-8694)", () => {
    const { access, deny } = machine(XEON);
    deny(/energy_uj$/);
    const [problem, ...others] = problemsOf(raplPowercap.find(access));
    expect(problem!.reason).toBe(`${PACKAGE}/energy_uj: EACCES (mode 0400, owner root)`);
    expect(problem!.fix).toContain("chgrp");
    expect(problem!.fix).toContain("cap_perfmon");
    expect(others).toHaveLength(3);
  });

  it("counts the cores themselves where only the package is closed", () => {
    const { access, deny } = machine(RYZEN);
    deny(/intel-rapl:0\/energy_uj$/);
    const sources = sourcesOf(raplPowercap.find(access));
    expect(sources.map(({ info }) => [info.id, info.partOf])).toEqual([["rapl/package-0/core", undefined]]);
  });

  it("works without a range, and says so by leaving the wrap out", () => {
    const { sources } = findAll(raplPowercap, { ...RYZEN, [`${PACKAGE}/max_energy_range_uj`]: "unknown" });
    expect(sources[0]!.info).not.toHaveProperty("wrapJ");
  });

  it("names a counter whose text is no number", () => {
    const { problems } = findAll(raplPowercap, { ...RYZEN, [`${PACKAGE}/energy_uj`]: "N/A" });
    expect(problems).toMatchObject([{ reason: `${PACKAGE}/energy_uj: "N/A" is not a number`, fix: "" }]);
  });

  it("tells a virtual machine from a missing kernel module, and is silent on ARM", () => {
    expect(findAll(raplPowercap, VIRTUAL).problems[0]!.reason).toContain("virtual machine");
    const bare = { "/proc/cpuinfo": "vendor_id\t: GenuineIntel\nflags\t\t: fpu" };
    expect(findAll(raplPowercap, bare).problems[0]!.fix).toContain("modprobe");
    expect(findAll(raplPowercap, { "/proc/cpuinfo": "CPU implementer\t: 0x41" })).toEqual({
      sources: [],
      problems: [],
    });
  });
});

describe("perf events", () => {
  it("reads lists of CPUs", () => {
    expect(parseCpuList("0,18")).toEqual([0, 18]);
    expect(parseCpuList("0-2,8")).toEqual([0, 1, 2, 8]);
    expect(parseCpuList("")).toEqual([]);
  });

  it("opens each event on the CPU of each socket and scales counts to J", () => {
    const asked: number[][] = [];
    let closed = 0;
    const openPerf = (type: number, config: number, cpu: number): PerfCounter => {
      asked.push([type, config, cpu]);
      return { readCount: () => 2n ** 33n, close: () => void closed++ };
    };
    const { access } = machine(XEON, { openPerf });
    const sources = sourcesOf(raplPerf.find(access));
    expect(asked).toEqual([
      [26, 2, 0],
      [26, 2, 2],
      [26, 3, 0],
      [26, 3, 2],
    ]);
    expect(sources.map(({ info }) => [info.id, info.partOf])).toEqual([
      ["rapl-perf/package-0", undefined],
      ["rapl-perf/package-1", undefined],
      ["rapl-perf/dram-0", undefined],
      ["rapl-perf/dram-1", undefined],
    ]);
    expect(sources[0]!.read()).toEqual({ energyJ: 2 });
    for (const source of sources) source.close();
    expect(closed).toBe(4);
  });

  it.each([
    ["EACCES", /paranoid is 2.*CAP_PERFMON/, /cap_perfmon/],
    ["EPERM", /EPERM.*paranoid is 2/, /cap_perfmon/],
    ["no-koffi", /koffi.*not installed/, /npm install koffi/],
    ["ENODEV", /ENODEV$/, /^$/],
  ])("explains %s", (errno, reason, fix) => {
    const { access } = machine(XEON, { openPerf: () => ({ errno }) });
    const [problem] = problemsOf(raplPerf.find(access));
    expect(problem!.reason).toMatch(reason);
    expect(problem!.fix).toMatch(fix);
  });

  it("gives nothing where a read fails, and has nothing to say without the unit", () => {
    const { access } = machine(XEON, { openPerf: () => ({ readCount: () => undefined, close: () => undefined }) });
    expect(sourcesOf(raplPerf.find(access))[0]!.read()).toBeUndefined();
    expect(findAll(raplPerf, VIRTUAL)).toEqual({ sources: [], problems: [] });
  });

  it.runIf(process.platform === "linux")(
    "counts a software event of this kernel, or says which right is missing",
    () => {
      const SOFTWARE = 1;
      const CPU_CLOCK = 0;
      const counter = openPerfCounter(SOFTWARE, CPU_CLOCK, 0);
      if ("errno" in counter) {
        expect(["EACCES", "EPERM", "ENOSYS", "ENOENT", "no-koffi"]).toContain(counter.errno);
        return;
      }
      const before = counter.readCount()!;
      const after = counter.readCount()!;
      counter.close();
      expect(after).toBeGreaterThan(before);
      expect(counter.readCount()).toBeUndefined();
    },
  );

  it.runIf(process.platform === "linux")("names the errno of an event that no kernel has", () => {
    const refused = openPerfCounter(0x7fff_0000, 0, 0);
    expect("errno" in refused && refused.errno).toMatch(/^(E[A-Z]+|no-koffi)$/);
  });
});
