import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { programMachine } from "../../../test/machine/program-machine.ts";
import type { PowerSource, Unusable } from "../../measure/power-source.ts";
import { wallColumns, wallMeter, wallRow, wallTrace } from "./wall-meter.ts";

describe("columns of a wall meter's CSV", () => {
  it.each([
    ["time_s,power_w", 0, 1, 1],
    ["timestamp;Volts;watts", 0, 2, 1],
    ["W\tTime", 1, 0, 1],
    ['"Time","Voltage (V)","Power (W)"', 0, 2, 1],
    ["t,power_mw", 0, 1, 1e-3],
    ["elapsed,Active Power (kW)", 0, 1, 1e3],
  ])("%s", (header, time, power, powerScale) => {
    expect(wallColumns(header, "x.csv")).toMatchObject({ time, power, powerScale, header: true });
  });

  it("takes two bare numbers as time and watts", () => {
    expect(wallColumns("0.5,81.2", "x.csv")).toMatchObject({ time: 0, power: 1, header: false });
  });

  it("says what it found when it finds nothing", () => {
    expect(() => wallColumns("volts,amps", "x.csv")).toThrow('"x.csv" has the columns "volts", "amps"');
  });

  it("reads seconds, milliseconds since 1970 and dates; and no garbage", () => {
    const columns = wallColumns("time,w", "x");
    expect(wallRow("12.5,80", columns)).toEqual({ timeS: 12.5, powerW: 80 });
    expect(wallRow("1700000000500,80\r", columns)).toEqual({ timeS: 1700000000.5, powerW: 80 });
    expect(wallRow("2024-05-01T10:00:00Z,80", columns)).toEqual({ timeS: 1714557600, powerW: 80 });
    expect(wallRow("2024-05-01 10:00:00Z,80", columns)).toEqual({ timeS: 1714557600, powerW: 80 });
    for (const bad of ["", "12.5", "12.5,", "12.5,--", "x,80", "12.5,N/A"])
      expect(wallRow(bad, columns)).toBeUndefined();
    expect(wallRow("1,5;80,25", wallColumns("time;w", "x"))).toEqual({ timeS: 1.5, powerW: 80.25 });
  });
});

describe("a finished wall-meter file", () => {
  it("is a trace, from its first row or from a given instant", () => {
    const text = "# logger 2\ntime,power_w\n100,50\n101,bad\n102,60\n";
    const trace = wallTrace(text, "w.csv");
    expect([...trace.timeS]).toEqual([0, 2]);
    expect([...trace.values]).toEqual([50, 60]);
    expect(trace.info).toMatchObject({ domain: "wall", reads: "power", kind: "integrated", updatePeriodS: 2 });
    expect([...wallTrace(text, "w.csv", 90).timeS]).toEqual([10, 12]);
  });

  it("is refused when empty or out of order", () => {
    expect(() => wallTrace("time,w\n", "w.csv")).toThrow("no row");
    expect(() => wallTrace("time,w\n5,1\n4,1\n", "w.csv")).toThrow("goes back in time at row 2");
  });
});

describe("a wall-meter file as a source", () => {
  let folder = "";
  let path = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "joulecast-wall-"));
    path = join(folder, "wall.csv");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("follows a growing file by its complete rows", () => {
    writeFileSync(path, "time_s,power_w\n0,999\n");
    const machine = programMachine();
    const [found] = wallMeter(path).find(machine) as [{ source: PowerSource }];
    const { source } = found;
    expect(source.read()).toBeUndefined(); // 999 W was before our time
    appendFileSync(path, "1,80\n2,8");
    expect(source.read()).toEqual({ powerW: 80 });
    appendFileSync(path, "5.5\n3,oops\n");
    machine.setTime(4);
    expect(source.read()).toEqual({ powerW: 85.5 });
    machine.setTime(9.1);
    expect(source.read()).toBeUndefined();
    writeFileSync(path, "w,time\n70,0\n"); // begun anew, other columns
    expect(source.read()).toEqual({ powerW: 70 });
    source.close();
    source.close();
    expect(source.read()).toBeUndefined();
  });

  it("takes the header late from a file that is empty at first, and is missing while it makes no sense", () => {
    writeFileSync(path, "");
    const machine = programMachine();
    const [found] = wallMeter(path).find(machine) as [{ source: PowerSource }];
    expect(found.source.read()).toBeUndefined();
    appendFileSync(path, "watts,time\n41,0\n");
    expect(found.source.read()).toEqual({ powerW: 41 });
    found.source.close();
  });

  it("plays a finished file on the clock", () => {
    writeFileSync(path, "time,w\n1700000000,10\n1700000001,20\n");
    const machine = programMachine();
    const [found] = wallMeter(path, { finished: true }).find(machine) as [{ source: PowerSource }];
    expect(found.source.read()).toEqual({ powerW: 10 });
    machine.setTime(1);
    expect(found.source.read()).toEqual({ powerW: 20 });
    machine.setTime(2);
    expect(found.source.read()).toBeUndefined();
  });

  it("says why a file cannot be used", () => {
    const why = (finished: boolean) =>
      (wallMeter(path, { finished }).find(programMachine())[0] as { unusable: Unusable }).unusable;
    expect(why(false).reason).toContain("no such file");
    writeFileSync(path, "volts,amps\n");
    expect(why(false).reason).toContain('"volts", "amps"');
    expect(why(true).fix).toContain("time_s");
  });
});
