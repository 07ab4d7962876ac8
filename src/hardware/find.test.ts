// Names as people type them, and the order in which two lists of devices are asked.
import { describe, expect, it } from "vitest";
import { InputError } from "../units/input-error.ts";
import { findDevice, mergeDevices } from "./find.ts";
import type { Hardware } from "./hardware.ts";
import { parseHardware } from "./parse.ts";

const make = (id: string, name: string, aliases: string[] = []): Hardware =>
  parseHardware({ id, name, kind: "gpu", aliases }, id);

const CARDS = [
  make("rtx-2080", "NVIDIA GeForce RTX 2080", ["geforce rtx 2080"]),
  make("rtx-2080-ti", "NVIDIA GeForce RTX 2080 Ti", ["geforce rtx 2080 ti"]),
  make("rtx-3090", "NVIDIA GeForce RTX 3090"),
  make("raspberry-pi-4", "Raspberry Pi 4 Model B", ["rpi4"]),
];

function problemOf(name: string): InputError {
  try {
    findDevice(CARDS, name);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error(`${name} was found`);
}

describe("findDevice", () => {
  it.each([
    ["rtx-2080-ti", "rtx-2080-ti"],
    ["RTX 2080 Ti", "rtx-2080-ti"],
    ["rtx2080ti", "rtx-2080-ti"],
    ["GeForce RTX 2080", "rtx-2080"],
    ["nvidia_geforce_rtx_3090", "rtx-3090"],
    ["RPi 4", "raspberry-pi-4"],
  ])("%s is %s", (typed, id) => {
    expect(findDevice(CARDS, typed).id).toBe(id);
  });

  it("suggests what a misspelt name may have meant", () => {
    const problem = problemOf("rtx-2081");
    expect(problem.code).toBe("unknown-device");
    expect(problem.message).toContain("rtx-2080");
    expect(problem.hint).toContain("joulecast devices");
    expect(problemOf("rtx-2081-ti").message).toContain("nearest: rtx-2080-ti");
  });

  it("finds nothing by punctuation alone", () => {
    expect(problemOf("--").code).toBe("unknown-device");
  });
});

describe("mergeDevices", () => {
  it("keeps our own device and drops a later one that has any of its names", () => {
    const h100 = make("h100-sxm", "NVIDIA H100 SXM5 80GB", ["h100"]);
    const merged = mergeDevices(
      [h100],
      [make("h100", "NVIDIA H100"), make("l40s", "NVIDIA L40S"), make("l-40-s", "again")],
    );
    expect(merged.map(({ id }) => id)).toEqual(["h100-sxm", "l40s"]);
    expect(findDevice(merged, "H100")).toBe(h100);
  });
});
