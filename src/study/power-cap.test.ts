import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { mean } from "../math/statistics.ts";
import { adviseCap, type CapSweep, leaveSweepsOut } from "./power-cap.ts";

/** Work that draws `wantedW` when it may, and slows down with the cube root of the dynamic power that it lacks. */
function lawfulSweep(name: string, wantedW: number, caps = [100, 125, 150, 175, 200, 225, 250]): CapSweep {
  const idleW = 40;
  return {
    name,
    points: caps.map((capW) => {
      const powerW = Math.min(wantedW, capW);
      return { capW, powerW, durationS: 10 * Math.cbrt((wantedW - idleW) / (powerW - idleW)) };
    }),
  };
}

const PUBLISHED = resolve(import.meta.dirname, "../../../shared/data/zeus-traces/summary_power_v100.csv");

describe("adviseCap", () => {
  it("chooses the measured setting with least joules within the slow-down", () => {
    const sweep = lawfulSweep("full", 240);
    const { best, choices } = adviseCap(sweep, []);
    const least = Math.min(...sweep.points.map(({ powerW, durationS }) => powerW * durationS));
    const top = sweep.points.at(-1)!;
    expect(best.energyRatio).toBeCloseTo(least / (top.powerW * top.durationS), 12);
    expect(choices[0]).toMatchObject({ capW: 250, slowDownRatio: 1, energyRatio: 1 });
    const hurried = adviseCap(sweep, [], { longestRatio: 1.1 }).best;
    expect(hurried.slowDownRatio).toBeLessThanOrEqual(1.1);
    expect(hurried.capW).toBeGreaterThan(best.capW);
    expect(adviseCap(sweep, [], { longestRatio: 1 }).best.energyRatio).toBeLessThanOrEqual(1);
  });

  it("foretells the settings that were not measured from sweeps that are alike", () => {
    const others = [120, 150, 180, 210, 240].map((wantedW) => lawfulSweep(`${wantedW}`, wantedW));
    const whole = lawfulSweep("new", 185);
    const known = { name: "new", points: whole.points.filter(({ capW }) => capW === 250 || capW === 150) };
    const { best, choices } = adviseCap(known, others, { caps: [100, 125, 150, 175, 200, 225, 250] });
    const truth = adviseCap(whole, []);
    expect(best.capW).toBe(truth.best.capW);
    for (const [i, { basis, capW, energyRatio }] of choices.entries()) {
      expect(basis).toBe([250, 150].includes(capW) ? "measured" : "estimated");
      expect(energyRatio).toBeCloseTo(truth.choices[i]!.energyRatio, 1);
    }
  });

  it("says nothing of caps above the highest known, which nothing can be compared with", () => {
    const others = [lawfulSweep("b", 200), lawfulSweep("c", 240)];
    const known = { name: "a", points: lawfulSweep("a", 200).points.filter(({ capW }) => capW <= 150) };
    const { choices } = adviseCap(known, others, { caps: [100, 125, 150, 200, 250] });
    expect(Math.max(...choices.map(({ capW }) => capW))).toBe(150);
    expect(choices[0]).toMatchObject({ capW: 150, slowDownRatio: 1, energyRatio: 1 });
  });

  it("counts a choice that is too slow as a failure, never as a gain", () => {
    // Left out, the hungry one looks like the frugal ones, whose low cap costs no time.
    const sweeps = [120, 121, 122].map((wantedW) => lawfulSweep(`${wantedW}`, wantedW));
    const odd = {
      name: "odd",
      points: lawfulSweep("odd", 120).points.map((p) =>
        p.capW < 125 ? { ...p, durationS: 3 * p.durationS, powerW: p.powerW / 4 } : p,
      ),
    };
    const trial = leaveSweepsOut([...sweeps, odd], ({ name }) => name, [], 1.5).at(-1)!;
    expect(trial).toMatchObject({ name: "odd", isTooSlow: true, regretRatio: undefined });
  });

  it("says nothing of caps below what anyone measured", () => {
    const choices = adviseCap(lawfulSweep("a", 200, [250]), [lawfulSweep("b", 200)], { caps: [50, 100] }).choices;
    expect(choices.map(({ capW }) => capW)).toEqual([250, 100]);
  });

  it("refuses a sweep without settings or with zeros", () => {
    expect(() => adviseCap({ name: "empty", points: [] }, [])).toThrow(/"empty" has no settings/);
    expect(() => adviseCap({ name: "zero", points: [{ capW: 100, durationS: 0, powerW: 90 }] }, [])).toThrow(
      /time 0 s/,
    );
  });
});

describe.skipIf(!existsSync(PUBLISHED))("on the published sweeps of a V100 [You2023]", () => {
  it("is within 3 % of the best cap on average for a network left out, once one low cap was measured, and not before", () => {
    const rows = readFileSync(PUBLISHED, "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(","));
    const sweeps = new Map<string, { network: string; points: CapSweep["points"][number][] }>();
    for (const [data, network, batch, optimiser, cap, time, power] of rows) {
      const name = [data, network, batch, optimiser].join(" ");
      const sweep = sweeps.get(name) ?? { network: network!, points: [] };
      sweep.points.push({ capW: Number(cap), durationS: Number(time), powerW: Number(power) });
      sweeps.set(name, sweep);
    }
    const all = [...sweeps].map(([name, { points }]) => ({ name, points }));
    const groupOf = ({ name }: CapSweep) => sweeps.get(name)!.network;
    const score = (probes: readonly number[], longestRatio?: number) => {
      const trials = leaveSweepsOut(all, groupOf, probes, longestRatio);
      const within = trials.flatMap(({ regretRatio }) => (regretRatio === undefined ? [] : [regretRatio]));
      expect(Math.min(...within)).toBeGreaterThanOrEqual(0);
      return { regret: mean(within), tooSlow: 1 - within.length / trials.length };
    };
    for (const limit of [1.1, 1.2, undefined]) {
      const { regret, tooSlow } = score([0.4], limit);
      expect(regret).toBeLessThanOrEqual(0.03);
      expect(tooSlow).toBeLessThan(limit === undefined ? 0.001 : 0.2);
    }
    expect(score([]).regret).toBeGreaterThan(0.03);
  });
});
