import { describe, expect, it } from "vitest";
import { programMachine } from "../../../test/machine/program-machine.ts";
import type { Found, PowerSource, Unusable } from "../../measure/power-source.ts";
import { parsePowermetricsLine, powermetrics } from "./powermetrics.ts";

const sample = (cpuMw: number, gpuMw: number) => `*** Sampled system activity (201.3ms elapsed) ***

**** Processor usage ****
CPU 0 frequency: 1017 MHz
CPU Power: ${cpuMw} mW
GPU Power: ${gpuMw} mW
ANE Power: 0 mW
Combined Power (CPU + GPU + ANE): ${cpuMw + gpuMw} mW

**** GPU usage ****
GPU HW active frequency: 338 MHz
GPU Power: ${gpuMw} mW`;

const byId = (found: readonly Found[]) =>
  new Map(
    found.map((entry) => [
      (entry as { source: PowerSource }).source.info.id,
      (entry as { source: PowerSource }).source,
    ]),
  );
const NO_ROOT = { errno: "exit 1", stderr: "powermetrics must be invoked as the superuser\n" };

describe("powermetrics", () => {
  it("has its power lines read and nothing else", () => {
    expect(parsePowermetricsLine("CPU Power: 173 mW")).toEqual({ key: "cpu", powerW: 0.173 });
    expect(parsePowermetricsLine("Combined Power (CPU + GPU + ANE): 2320 mW")).toEqual({
      key: "combined",
      powerW: 2.32,
    });
    expect(parsePowermetricsLine("Intel energy model derived package power (CPUs+GT+SA): 1.23W")).toEqual({
      key: "intel",
      powerW: 1.23,
    });
    for (const line of [
      "CPU 0 frequency: 1017 MHz",
      "GPU Power: - mW",
      "CPU Power:",
      "",
      "GPU idle residency: 75.00%",
    ]) {
      expect(parsePowermetricsLine(line)).toBeUndefined();
    }
  });

  it("runs under a sudo that is allowed; its parts are in the chip's total", () => {
    const machine = programMachine({
      platform: "darwin",
      answer: (program) => (program === "sudo" ? sample(100, 20) : NO_ROOT),
    });
    const rails = byId(powermetrics.find(machine));
    expect([...rails.keys()]).toEqual([
      "powermetrics/combined",
      "powermetrics/cpu",
      "powermetrics/gpu",
      "powermetrics/ane",
    ]);
    expect(rails.get("powermetrics/combined")?.info.partOf).toBeUndefined();
    expect(rails.get("powermetrics/gpu")?.info).toMatchObject({ domain: "gpu", partOf: "powermetrics/combined" });
    expect([machine.streams[0]?.program, machine.streams[0]?.args.slice(0, 2)]).toEqual([
      "sudo",
      ["-n", "powermetrics"],
    ]);
    machine.streams[0]?.print(sample(1500, 500));
    expect([...rails.values()].map((rail) => rail.read())).toEqual([
      { powerW: 2 },
      { powerW: 1.5 },
      { powerW: 0.5 },
      { powerW: 0 },
    ]);
    for (const rail of rails.values()) rail.close();
    expect(machine.streams[0]?.closed).toBe(true);
  });

  it("leaves the parts on their own where no total is printed", () => {
    const machine = programMachine({ platform: "darwin", answer: () => "CPU Power: 10 mW\nGPU Power: 5 mW\n" });
    for (const rail of byId(powermetrics.find(machine)).values()) expect(rail.info.partOf).toBeUndefined();
  });

  it("says how to be allowed, and is not sought elsewhere", () => {
    const [found] = powermetrics.find(programMachine({ platform: "darwin", answer: () => NO_ROOT }));
    const { reason, fix } = (found as { unusable: Unusable }).unusable;
    expect(reason).toContain("powermetrics must be invoked as the superuser");
    expect(fix).toContain("sudo -v");
    expect(powermetrics.find(programMachine({ platform: "linux", answer: () => sample(1, 1) }))).toEqual([]);
    const [virtual] = powermetrics.find(programMachine({ platform: "darwin", answer: () => "*** Sampled ***" }));
    expect((virtual as { unusable: Unusable }).unusable.reason).toContain("printed no power");
  });
});
