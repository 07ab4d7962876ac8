// EMI on made-up buffers: the only test that this meter has had.
import { describe, expect, it } from "vitest";
import { programMachine } from "../../../../test/machine/program-machine.ts";
import type { Found, PowerSource } from "../../../measure/power-source.ts";
import { emiDomain, emiEnergyJ, emiMeter, parseEmiChannels } from "./emi.ts";
import type { EmiDevice, EmiPort } from "./emi-port.ts";
import { openEmiPort } from "./emi-port.ts";

const wide = (text: string) => Buffer.from(`${text}\0`, "utf16le");
const number = (value: number, sizeBytes: number) => {
  const bytes = Buffer.alloc(sizeBytes);
  bytes.writeUIntLE(value, 0, sizeBytes);
  return bytes;
};

function metadataV2(names: readonly string[], unit = 0): Buffer {
  const channels = names.flatMap((name) => [number(unit, 4), number(wide(name).length, 2), wide(name)]);
  return Buffer.concat([Buffer.alloc(64), number(1, 2), number(names.length, 2), ...channels]);
}

const metadataV1 = (name: string) =>
  Buffer.concat([number(0, 4), Buffer.alloc(64), number(1, 2), number(wide(name).length, 2), wide(name)]);

function measurements(joules: readonly number[]): Buffer {
  const bytes = Buffer.alloc(joules.length * 16);
  joules.forEach((energyJ, i) => {
    bytes.writeBigUInt64LE(BigInt(Math.round(energyJ / 3.6e-9)), i * 16);
  });
  return bytes;
}

interface MadeDevice {
  readonly names: readonly string[];
  joules: readonly number[];
  readonly version?: number;
  closed?: number;
}

function madePort(devices: readonly (MadeDevice | string)[]): EmiPort {
  return {
    devicePaths: () => devices.map((_, i) => String(i)),
    open(path): EmiDevice | { reason: string } {
      const device = devices[Number(path)] as MadeDevice | string;
      if (typeof device === "string") return { reason: device };
      return {
        version: () => device.version ?? 2,
        metadata: () => metadataV2(device.names),
        measure: (sizeBytes) => measurements(device.joules).subarray(0, sizeBytes),
        close() {
          device.closed = (device.closed ?? 0) + 1;
        },
      };
    },
  };
}

const windows = programMachine({ platform: "win32" });
const sources = (found: readonly Found[]) =>
  found.flatMap((entry): PowerSource[] => ("source" in entry ? [entry.source] : []));

describe("bytes of the Energy Meter Interface", () => {
  it("name their channels in both versions", () => {
    const names = ["RAPL_Package0_PKG", "RAPL_Package0_DRAM"];
    expect(parseEmiChannels(2, metadataV2(names))).toEqual(names);
    expect(parseEmiChannels(1, metadataV1("GPU rail"))).toEqual(["GPU rail"]);
  });

  it("are refused when of another version or unit, or cut off anywhere", () => {
    const whole = metadataV2(["RAPL_Package0_PKG", "x"]);
    expect(parseEmiChannels(3, whole)).toBeUndefined();
    expect(parseEmiChannels(2, metadataV2(["a"], 1))).toBeUndefined();
    for (let length = 0; length < whole.length; length += 1) {
      expect(parseEmiChannels(2, whole.subarray(0, length))).toBeUndefined();
    }
    expect(parseEmiChannels(1, metadataV1("a").subarray(0, 71))).toBeUndefined();
  });

  it("hold energy in picowatt-hours", () => {
    expect(emiEnergyJ(measurements([3600, 7.2]), 1)).toBeCloseTo(7.2, 8);
    expect(emiEnergyJ(measurements([3600]), 1)).toBeUndefined();
  });

  it.each([
    ["RAPL_Package0_PKG", "package", false],
    ["RAPL_Package0_PP0", "core", true],
    ["RAPL_Package0_PP1", "uncore", true],
    ["RAPL_Package0_DRAM", "dram", false],
    ["Current Socket Power", "package", false],
    ["VDDCR_VDD Power", "core", true],
    ["VDDCR_SOC Power", "uncore", true],
    ["Apu Power", "other", true],
  ])("%s covers %s", (name, domain, inPackage) => {
    expect(emiDomain(name)).toMatchObject({ domain, inPackage });
  });
});

describe("the Energy Meter Interface as a meter", () => {
  it("counts a package once, with its parts in it and its twins beside", () => {
    const first: MadeDevice = {
      names: ["RAPL_Package0_PKG", "RAPL_Package0_PP0", "RAPL_Package0_DRAM"],
      joules: [50, 30, 7],
    };
    const second: MadeDevice = { names: ["RAPL_Package1_PKG"], joules: [50] };
    const found = sources(emiMeter(() => madePort([first, second])).find(windows));
    expect(found.map(({ info }) => [info.domain, info.partOf])).toEqual([
      ["package", undefined],
      ["core", "emi/0/RAPL_Package0_PKG"],
      ["dram", undefined],
      ["package", "emi/0/RAPL_Package0_PKG"],
    ]);
    expect(found[0]?.info.provenance).toContain("untested on Windows");
    first.joules = [62.5, 31, 8];
    expect((found[0] as PowerSource).read()).toEqual({ energyJ: expect.closeTo(62.5, 6) });
    first.joules = [];
    expect(found[0]?.read()).toBeUndefined();
    for (const source of [...found, ...found]) source.close();
    expect([first.closed, second.closed]).toEqual([1, 1]);
  });

  it("gives reasons, and nothing away from Windows", () => {
    const strange: MadeDevice = { names: ["a"], joules: [1], version: 9 };
    const found = emiMeter(() => madePort(["0: CreateFile was refused", strange])).find(windows);
    expect(found).toMatchObject([
      { unusable: { id: "emi/0", reason: "0: CreateFile was refused" } },
      { unusable: { id: "emi/1", reason: expect.stringContaining("tells version 9") } },
    ]);
    expect(strange.closed).toBe(1);
    expect(emiMeter(() => ({ reason: "no koffi" })).find(windows)).toMatchObject([
      { unusable: { reason: "no koffi" } },
    ]);
    expect(emiMeter(() => madePort([strange])).find(programMachine())).toEqual([]);
  });

  it.skipIf(process.platform === "win32")("has no port where there is no Windows, and says so without a throw", () => {
    expect(openEmiPort()).toMatchObject({ reason: expect.stringContaining("Windows' energy meter functions") });
  });
});
