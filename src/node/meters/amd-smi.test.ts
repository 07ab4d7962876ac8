import { describe, expect, it } from "vitest";
import { programMachine } from "../../../test/machine/program-machine.ts";
import type { Found, PowerSource } from "../../measure/power-source.ts";
import { amdSmi, documentCollector, jsonIn, parseAmdSmi, parseRocmSmi } from "./amd-smi.ts";

const LIST = [
  { gpu: 0, power: { socket_power: { value: 142, unit: "W" }, gfx_voltage: "N/A" } },
  { gpu: 1, power: { socket_power: "N/A", average_socket_power: { value: "90.5", unit: "W" } } },
  { gpu: 2, power: "N/A" },
];
const PRETTY = `WARNING: user is not in the group render\n${JSON.stringify({ gpu_data: LIST }, undefined, 2)}\n`;
const sources = (found: readonly Found[]) =>
  found.flatMap((entry): PowerSource[] => ("source" in entry ? [entry.source] : []));

describe("what amd-smi and rocm-smi print", () => {
  it("is a list, or a list under gpu_data, with watts in several shapes", () => {
    const watts = [
      { key: "gpu-0", powerW: 142 },
      { key: "gpu-1", powerW: 90.5 },
      { key: "gpu-2", powerW: undefined },
    ];
    expect(parseAmdSmi(LIST)).toEqual(watts);
    expect(parseAmdSmi({ gpu_data: LIST })).toEqual(watts);
    expect(parseAmdSmi([{ gpu: 3, power: { socket_power: { value: 5e6, unit: "uW" } } }])).toEqual([
      { key: "gpu-3", powerW: 5 },
    ]);
  });

  it("is text of rocm-smi by card", () => {
    const document = {
      card0: { "Average Graphics Package Power (W)": "35.0" },
      card1: { "Current Socket Graphics Package Power (W)": "140.0" },
      system: { "Driver version": "6.2" },
    };
    expect(parseRocmSmi(document)).toEqual([
      { key: "card0", powerW: 35 },
      { key: "card1", powerW: 140 },
    ]);
  });

  it("may be garbage, which is nothing", () => {
    for (const garbage of [undefined, null, 3, "x", [1, null, { gpu: "0" }], { gpu_data: 7 }]) {
      expect(parseAmdSmi(garbage)).toEqual([]);
    }
    expect(parseRocmSmi([1])).toEqual([]);
    expect(parseAmdSmi([{ gpu: 0, power: { socket_power: -3 } }])).toEqual([{ key: "gpu-0", powerW: undefined }]);
    expect(jsonIn("no json here")).toBeUndefined();
    expect(jsonIn("[1, 2")).toBeUndefined();
  });

  it("comes as documents over many lines, with warnings between", () => {
    const got: unknown[] = [];
    const collect = documentCollector((document) => got.push(document));
    for (const line of `${PRETTY}${PRETTY}[1]\n[\n2`.split("\n")) collect(line);
    expect(got).toEqual([{ gpu_data: LIST }, { gpu_data: LIST }, [1]]);
  });
});

describe("amd-smi as a meter", () => {
  it("keeps asking in one program and reads the newest answer", () => {
    const machine = programMachine({ answer: (program) => (program === "amd-smi" ? PRETTY : undefined) });
    const found = amdSmi.find(machine);
    const [first, second] = sources(found) as [PowerSource, PowerSource];
    expect(sources(found).map(({ info }) => info.id)).toEqual(["amd-smi/gpu-0/power", "amd-smi/gpu-1/power"]);
    expect(found.filter((entry) => "unusable" in entry)).toHaveLength(1);
    expect(machine.streams).toHaveLength(1);
    expect(first.read()).toBeUndefined();
    machine.streams[0]?.print(PRETTY);
    expect([first.read(), second.read()]).toEqual([{ powerW: 142 }, { powerW: 90.5 }]);
    machine.setTime(11);
    expect(first.read()).toBeUndefined();
    first.close();
    second.close();
    expect(machine.streams[0]?.closed).toBe(true);
  });

  it("falls back to rocm-smi, and is silent where there is neither", () => {
    const old = programMachine({
      answer: (program) =>
        program === "rocm-smi" ? '{"card0": {"Average Graphics Package Power (W)": "35.0"}}' : undefined,
    });
    expect(sources(amdSmi.find(old)).map(({ info }) => info.id)).toEqual(["rocm-smi/card0/power"]);
    expect(amdSmi.find(programMachine())).toEqual([]);
  });

  it("says why a program that is there gives nothing", () => {
    const [first] = amdSmi.find(
      programMachine({
        answer: (program) => (program === "amd-smi" ? { errno: "exit 255", stderr: "no permission" } : undefined),
      }),
    );
    expect(first).toMatchObject({ unusable: { id: "amd-smi", reason: "amd-smi: exit 255 no permission" } });
    const [empty] = amdSmi.find(programMachine({ answer: () => "[]" }));
    expect(empty).toMatchObject({ unusable: { reason: "amd-smi: its output names no GPU with power" } });
  });
});
