import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { programMachine } from "../../../test/machine/program-machine.ts";
import type { PowerSource } from "../../measure/power-source.ts";
import { encodeRecording } from "../../measure/recording-json.ts";
import type { Recording } from "../../measure/trace.ts";
import { readRecording, replayMeter } from "./replay.ts";

const info = { name: "x", domain: "gpu", kind: "measured", provenance: "by hand" } as const;
const RECORDING: Recording = {
  traces: [
    {
      info: { ...info, id: "a/energy", reads: "energy", wrapJ: 100 },
      timeS: Float64Array.of(0, 1, 2, 3, 9, 10),
      values: Float64Array.of(5, 6, Number.NaN, 8, 9, 10),
    },
    {
      info: { ...info, id: "a/power", reads: "power", partOf: "a/energy" },
      timeS: Float64Array.of(0, 1),
      values: Float64Array.of(0, 20),
    },
  ],
  marks: [],
  load: [],
};

function open(startS: number) {
  const machine = programMachine();
  machine.setTime(startS);
  const [energy, power] = replayMeter(RECORDING, "trace.json")
    .find(machine)
    .map((found) => (found as { source: PowerSource }).source) as [PowerSource, PowerSource];
  return { energy, power, at: (s: number) => machine.setTime(startS + s) };
}

describe("replay of a recording", () => {
  it("gives the newest value recorded, on any clock", () => {
    const { energy, power, at } = open(1e6);
    expect([energy.read(), power.read()]).toEqual([{ energyJ: 5 }, { powerW: 0 }]);
    at(1.7);
    expect(energy.read()).toEqual({ energyJ: 6 });
  });

  it("is missing where a read had failed, where nothing was sampled, after the end and after close", () => {
    const { energy, power, at } = open(0);
    at(2.5);
    expect([energy.read(), power.read()]).toEqual([undefined, undefined]);
    at(5.9);
    expect(energy.read()).toEqual({ energyJ: 8 });
    at(6.1);
    expect(energy.read()).toBeUndefined();
    at(10);
    expect(energy.read()).toEqual({ energyJ: 10 });
    at(10.001);
    expect(energy.read()).toBeUndefined();
    at(0);
    energy.close();
    expect(energy.read()).toBeUndefined();
  });

  it("keeps what is known of the sources, under ids of its own", () => {
    const { energy, power } = open(0);
    expect(energy.info).toMatchObject({ id: "replay/a/energy", kind: "measured", wrapJ: 100 });
    expect(power.info.partOf).toBe("replay/a/energy");
    expect(energy.info.origin).toEqual({ kind: "replay", where: "trace.json" });
    expect(energy.info.provenance).toBe("Replay of trace.json, read then by: by hand");
  });

  it("reads files, and says which one is not there or broken", () => {
    const folder = mkdtempSync(join(tmpdir(), "joulecast-replay-"));
    try {
      const path = join(folder, "trace.json");
      writeFileSync(path, encodeRecording(RECORDING));
      expect(readRecording(path)).toEqual(RECORDING);
      writeFileSync(path, "{}");
      expect(() => readRecording(path)).toThrow(/trace.json" has schema none/);
      expect(() => readRecording(join(folder, "absent.json"))).toThrow(/cannot read .*absent.json/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
