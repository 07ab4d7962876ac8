// Sensors of boards on fake trees: hwmon drivers, Jetson rails, batteries.
import { describe, expect, it, onTestFinished } from "vitest";
import { AGX_ORIN, APU, GPU_BOX, GRACE_HOPPER, NANO_OLD, ORIN_NANO, PI } from "../../../test/fixtures/sys/boards.ts";
import { BATTERY_ONLY, LAPTOP, RYZEN } from "../../../test/fixtures/sys/cpus.ts";
import { fakeMachine, type Tree } from "../../../test/machine/fake-tree.ts";
import type { Meter } from "../../measure/power-source.ts";
import { battery } from "./battery.ts";
import { hwmon } from "./hwmon.ts";
import { jetson } from "./jetson.ts";

function look(meter: Meter, tree: Tree, closed?: RegExp) {
  const machine = fakeMachine(tree);
  onTestFinished(() => machine.remove());
  if (closed !== undefined) machine.deny(closed);
  const found = meter.find(machine.access);
  return {
    ...machine,
    sources: found.flatMap((one) => ("source" in one ? [one.source] : [])),
    problems: found.flatMap((one) => ("unusable" in one ? [one.unusable] : [])),
  };
}

describe("hwmon", () => {
  it("reads amdgpu's averaged power and the energy counters of an Intel card, package within card", () => {
    const { sources } = look(hwmon, GPU_BOX);
    const [amd, card, packagePart, meter] = sources;
    expect(amd!.info).toMatchObject({
      id: "hwmon/amdgpu/0000:03:00.0/power1",
      domain: "gpu",
      kind: "integrated",
      maxPowerW: 330,
    });
    expect(amd!.read()).toEqual({ powerW: 95 });
    expect(card!.info).toMatchObject({
      id: "hwmon/xe/0000:04:00.0/card",
      domain: "gpu",
      kind: "measured",
      maxPowerW: 190,
    });
    expect(card!.read()).toEqual({ energyJ: 900 });
    expect(card!.info.partOf).toBeUndefined();
    expect(packagePart!.info.partOf).toBe(card!.info.id);
    expect(meter!.info).toMatchObject({ domain: "platform", updatePeriodS: 1 });
    expect(meter!.read()).toEqual({ powerW: 410 });
    expect(sources).toHaveLength(4);
  });

  it("names a sensor of a driver it does not know and does not count it", () => {
    const { problems } = look(hwmon, GPU_BOX);
    expect(problems).toMatchObject([{ id: "hwmon/ina238/hwmon6/power1_input", domain: "other" }]);
    expect(problems[0]!.reason).toContain('driver "ina238"');
  });

  it("takes an APU's gauge for the whole socket", () => {
    const { sources } = look(hwmon, APU);
    expect(sources.map(({ info }) => [info.id, info.domain])).toEqual([["hwmon/amdgpu/hwmon1/socket", "package"]]);
    expect(sources[0]!.read()).toEqual({ powerW: 14 });
  });

  it("reads amd_energy by socket and zenpower by rail", () => {
    const { sources } = look(hwmon, RYZEN);
    expect(sources.map((source) => [source.info.id, source.info.domain, source.read()])).toEqual([
      ["hwmon/zenpower/hwmon0/core", "core", { powerW: 20 }],
      ["hwmon/zenpower/hwmon0/uncore", "uncore", { powerW: 9 }],
      ["hwmon/amd_energy/hwmon1/Esocket0", "package", { energyJ: 7 }],
    ]);
  });

  it("nests Grace's rails in the chip and the chip in the module", () => {
    const { sources } = look(hwmon, GRACE_HOPPER);
    expect(sources.map(({ info }) => [info.id, info.partOf, info.updatePeriodS])).toEqual([
      ["hwmon/grace/module-0", undefined, 0.05],
      ["hwmon/grace/grace-0", "hwmon/grace/module-0", 0.05],
      ["hwmon/grace/cpu-0", "hwmon/grace/grace-0", 0.05],
      ["hwmon/grace/sysio-0", "hwmon/grace/grace-0", 0.05],
    ]);
  });

  it("lets parts stand for themselves when what contains them is closed", () => {
    const { sources, problems } = look(hwmon, GRACE_HOPPER, /hwmon1\/device\/power1_average$/);
    expect(sources[0]!.info.id).toBe("hwmon/grace/grace-0");
    expect(sources[0]!.info.partOf).toBeUndefined();
    expect(problems[0]!.reason).toContain("EACCES (mode 0400, owner root)");
    expect(problems[0]!.fix).toContain("chgrp");
  });

  it("gives nothing for garbage and for negative power", () => {
    const { sources, set } = look(hwmon, APU);
    for (const text of ["-5", "", "ERR"]) {
      set("/sys/class/hwmon/hwmon1/power1_input", text);
      expect(sources[0]!.read()).toBeUndefined();
    }
  });

  it("has nothing to say of a Raspberry Pi, a battery's chip or another platform", () => {
    expect(look(hwmon, PI)).toMatchObject({ sources: [], problems: [] });
    expect(look(hwmon, LAPTOP)).toMatchObject({ sources: [], problems: [] });
    const { access } = look(hwmon, GPU_BOX);
    expect(hwmon.find({ ...access, platform: "win32" })).toEqual([]);
  });
});

describe("Jetson", () => {
  it("multiplies volts by amperes and keeps the parts out of the input rail", () => {
    const { sources } = look(jetson, ORIN_NANO);
    expect(sources.map(({ info }) => [info.id, info.domain, info.partOf])).toEqual([
      ["jetson/VDD_IN", "platform", undefined],
      ["jetson/VDD_CPU_GPU_CV", "rail", "jetson/VDD_IN"],
      ["jetson/VDD_SOC", "soc", "jetson/VDD_IN"],
    ]);
    const [input, part] = sources.map((source) => source.read());
    expect(input).toEqual({ powerW: expect.closeTo(6, 9) });
    expect(part).toEqual({ powerW: expect.closeTo(2, 9) });
    expect(sources[0]!.info.updatePeriodS).toBe(0.004);
  });

  it("adds the AGX Orin's input rails, memory within the 5 V rail, and refuses a rail of unknown place", () => {
    const { sources, problems } = look(jetson, AGX_ORIN);
    const counted = sources.filter(({ info }) => info.partOf === undefined).map(({ info }) => info.id);
    expect(counted).toEqual(["jetson/VDD_GPU_SOC", "jetson/VDD_CPU_CV", "jetson/VIN_SYS_5V0"]);
    expect(sources.at(-1)!.info.partOf).toBe("jetson/VIN_SYS_5V0");
    expect(problems).toMatchObject([{ id: "jetson/MY_CARRIER_RAIL" }]);
  });

  it("reads the iio files of JetPack 4", () => {
    const { sources } = look(jetson, NANO_OLD);
    expect(sources.map((source) => [source.info.id, source.info.partOf, source.read()])).toEqual([
      ["jetson/POM_5V_IN", undefined, { powerW: 2.21 }],
      ["jetson/POM_5V_GPU", "jetson/POM_5V_IN", { powerW: 0.12 }],
      ["jetson/POM_5V_CPU", "jetson/POM_5V_IN", { powerW: 0.73 }],
    ]);
  });

  it("counts the rails themselves when the input rail is closed, and misses a reading when one of the two files fails", () => {
    const { sources, problems, set } = look(jetson, ORIN_NANO, /curr1_input$/);
    expect(problems).toMatchObject([{ id: "jetson/VDD_IN" }]);
    expect(sources.every(({ info }) => info.partOf === undefined)).toBe(true);
    set("/sys/class/hwmon/hwmon1/curr2_input", "?");
    expect(sources[0]!.read()).toBeUndefined();
    expect(sources[1]!.read()).toEqual({ powerW: expect.closeTo(1.5, 9) });
    for (const source of sources) source.close();
  });
});

describe("battery", () => {
  it("multiplies voltage and (negative) current, and ignores mice and mains", () => {
    const { sources } = look(battery, LAPTOP);
    expect(sources.map(({ info }) => info.id)).toEqual(["battery/BAT0"]);
    expect(sources[0]!.read()).toEqual({ powerW: expect.closeTo(12.32, 9) });
  });

  it("reads power_now, and nothing from the moment it is plugged in", () => {
    const { sources, set } = look(battery, BATTERY_ONLY);
    expect(sources[0]!.read()).toEqual({ powerW: 9.5 });
    set("/sys/class/power_supply/BAT1/status", "Charging");
    expect(sources[0]!.read()).toBeUndefined();
    sources[0]!.close();
  });

  it("is unusable on mains, and without any power file", () => {
    const charging = look(battery, { ...BATTERY_ONLY, "/sys/class/power_supply/BAT1/status": "Full" });
    expect(charging.problems).toMatchObject([{ domain: "battery", fix: expect.stringContaining("unplug") }]);
    const mute = look(battery, {
      "/sys/class/power_supply/BAT0/type": "Battery",
      "/sys/class/power_supply/BAT0/status": "Discharging",
    });
    expect(mute.problems[0]!.reason).toBe("/sys/class/power_supply/BAT0/power_now: ENOENT");
  });
});
