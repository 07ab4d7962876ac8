import { describe, expect, it } from "vitest";
import { parseRunsFile } from "./runs-file.ts";
import { traceReader } from "./trace-lines.ts";

function read(...lines: readonly string[]) {
  const reader = traceReader("t");
  for (const line of lines) reader.line(line);
  return reader.end();
}

describe("traceReader", () => {
  it("reads runs by name, milliseconds as seconds, quotes and a byte order mark", () => {
    const { traces } = read('\uFEFF"run",t_ms,gpu_power_w,other', '"a",0,10,x', "b,0,20,x", "a,1500,12,x", "");
    expect(traces).toEqual([
      { run: "a", timeS: [0, 1.5], powerW: [10, 12] },
      { run: "b", timeS: [0], powerW: [20] },
    ]);
  });
  it("takes commas, quotes and carriage returns inside a line for what RFC 4180 says", () => {
    const { traces } = read("run,time_s,note,gpu_power_w\r", '"a, 1",0,"x, y",101\r', '"a, 1",1,"say ""x""",102\r');
    expect(traces).toEqual([{ run: "a, 1", timeS: [0, 1], powerW: [101, 102] }]);
    const { facts } = parseRunsFile("r", 'run,note,epochs\r\n"a, 1","x, y",90\r\n');
    expect(facts.get("a, 1")).toEqual({ epochs: 90 });
  });
  it("calls the only run of a file without names after the file", () => {
    expect(read("time_s,power_w,epoch", "0,1,0", "1,1,", "2,1,1").traces).toEqual([
      { run: "t", timeS: [0, 1, 2], powerW: [1, 1, 1], epoch: [0, undefined, 1] },
    ]);
  });
  it("leaves rows without power out and counts them", () => {
    const { traces, emptyRows } = read("time_s,power_w", "0,1", "1,", "2,3");
    expect(emptyRows).toBe(1);
    expect(traces[0]!.timeS).toEqual([0, 2]);
  });
  it("names what cannot be used with its row", () => {
    expect(() => read("run,time,power_w", "a,0,1")).toThrow(
      /no column time_s or t_ms; its columns are run, time, power_w/,
    );
    expect(() => read("time_s,watts", "0,1")).toThrow(/no column gpu_power_w or power_w/);
    expect(() => read("time_s,power_w", "0,1", "1,x")).toThrow(/row 3: power_w is "x", expected a number/);
    expect(() => read("time_s,power_w", "0,NaN")).toThrow(/row 2: power_w is "NaN"/);
    expect(() => read("time_s,power_w", "0,-4")).toThrow(/row 2: the power is -4 W/);
    expect(() => read("time_s,power_w", "5,1", "4,1")).toThrow(/row 3: 4 s comes after 5 s in run "t"/);
    expect(() => read("time_s,power_w,epoch", "0,1,first")).toThrow(/row 2: epoch is "first"/);
    expect(() => read()).toThrow(/holds no sample/);
    expect(() => read("time_s,power_w")).toThrow(/holds no sample/);
  });
});

describe("parseRunsFile", () => {
  it("reads what is given and leaves out what is not", () => {
    const { facts, ignored } = parseRunsFile("r", "run,epochs,energy_j,gpu_tdp_w,note\r\na,90,1e6,350,x\r\nb,,,,\r\n");
    expect(facts.get("a")).toEqual({ epochs: 90, energyJ: 1e6, tdpW: 350 });
    expect(facts.get("b")).toEqual({});
    expect(ignored).toEqual(["note"]);
  });
  it("takes joules in other units by the column's name", () => {
    const energyOf = (column: string) => parseRunsFile("r", `run,${column}\na,2`).facts.get("a")?.energyJ;
    expect(["kj", "mj", "wh", "kwh", "j"].map((unit) => energyOf(`energy_${unit}`))).toEqual([
      2e3, 2e6, 7200, 7.2e6, 2,
    ]);
    expect(parseRunsFile("r", "run,energy_btu\na,2").ignored).toEqual(["energy_btu"]);
  });
  it("names what cannot be used with its row", () => {
    expect(() => parseRunsFile("r", "name,epochs\na,3")).toThrow(/no column run/);
    expect(() => parseRunsFile("r", "run,epochs\na,3\na,4")).toThrow(/row 3: run "a" was given before/);
    expect(() => parseRunsFile("r", "run,epochs\na,2.5")).toThrow(/row 2: epochs is 2.5, expected a whole number/);
    expect(() => parseRunsFile("r", "run,energy_j\na,-1")).toThrow(/energy_j is -1, expected above 0/);
    expect(() => parseRunsFile("r", "run,gpu_usage_ratio\na,40")).toThrow(/expected from 0 to 1/);
  });
});
