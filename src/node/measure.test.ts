import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { writeSteadyRecording } from "../../test/support/steady-recording.ts";
import { builtEntry } from "./child.ts";
import { closeWindow, endMeasuring, measure, openWindow } from "./measure.ts";

const folder = mkdtempSync(join(tmpdir(), "joulecast-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(endMeasuring);
const options = { machine: { replay: writeSteadyRecording(folder, [10, 20]) }, rateHz: 200 };

/** Holds the event loop, as a network would. */
function work(): number {
  const until = performance.now() + 300;
  let turns = 0;
  while (performance.now() < until) turns++;
  return turns;
}

describe("measure", () => {
  it("gives the function's value and the joules of its time", async () => {
    const { value, measurement } = await measure(work, options);
    expect(value).toBeGreaterThan(0);
    expect(measurement.window).toBe("measure");
    expect(measurement.sources).toHaveLength(2);
    // 30 W in all; bounds that also a machine with other work to do keeps
    expect(measurement.meanPowerW).toBeGreaterThan(25);
    expect(measurement.meanPowerW).toBeLessThan(35);
    expect(measurement.netJ).toBe(measurement.grossJ);
  });

  it("subtracts idle power that it was told to record", async () => {
    const { measurement } = await measure(work, { ...options, idleS: 0.3, name: "mine" });
    expect(measurement.window).toBe("mine");
    expect(Math.abs(measurement.netJ!)).toBeLessThan(0.25 * measurement.grossJ!); // idle and busy are alike here
  });

  it("passes an error on, and can be used again", async () => {
    const fail = async () => {
      throw new Error("mine");
    };
    await expect(measure(fail, options)).rejects.toThrow("mine");
    expect((await measure(() => 7, options)).value).toBe(7);
  });

  it("says when there is nothing to read, and may be tried again", async () => {
    const none = { machine: { root: folder, models: false, only: ["none"] } };
    await expect(measure(work, none)).rejects.toMatchObject({ code: "no-sources" });
    expect((await measure(() => 7, options)).value).toBe(7);
  });
});

describe("windows", () => {
  it("overlap, and each has its own joules", async () => {
    await openWindow("outer", options);
    await openWindow("first", options);
    work();
    await openWindow("second");
    const first = await closeWindow("first");
    work();
    const second = await closeWindow("second");
    const outer = await closeWindow("outer");
    expect([first.window, second.window, outer.window]).toEqual(["first", "second", "outer"]);
    expect(outer.grossJ).toBeGreaterThan(first.grossJ!);
    expect(outer.grossJ).toBeGreaterThan(second.grossJ!);
    expect(outer.durationS).toBeGreaterThan(Math.max(first.durationS, second.durationS));
  });

  it("must be open to be closed", async () => {
    await expect(closeWindow("none")).rejects.toMatchObject({ code: "unknown-window" });
    await openWindow("a", options);
    await expect(closeWindow("b")).rejects.toMatchObject({
      code: "unknown-window",
      hint: expect.stringContaining("a"),
    });
  });
});

describe("a program that measures", () => {
  it("may wait for the sampler's end", () => {
    const entry = pathToFileURL(builtEntry("measure.js")).href;
    const script = `import { endMeasuring, measure } from ${JSON.stringify(entry)};
      for (let i = 0; i < 3; i++) {
        await measure(() => i, ${JSON.stringify(options)});
        await endMeasuring();
      }
      console.log("ended");`;
    const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    expect({ stdout, status }).toEqual({ stdout: "ended\n", status: 0 });
  });

  it("ends by itself, although it never ended the sampler", () => {
    const entry = pathToFileURL(builtEntry("measure.js")).href;
    const script = `import { measure } from ${JSON.stringify(entry)};
      const { value } = await measure(() => 42, ${JSON.stringify(options)});
      console.log(value);`;
    const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    expect({ stdout, status }).toEqual({ stdout: "42\n", status: 0 });
  });
});
