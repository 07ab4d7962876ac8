import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LiveEnergy } from "./live-energy.ts";
import type { SourceInfo } from "./power-source.ts";

const counter: SourceInfo = {
  id: "rapl/package-0",
  name: "CPU package 0",
  domain: "package",
  kind: "measured",
  reads: "energy",
  wrapJ: 100,
  maxPowerW: 50,
  provenance: "test",
};
const gauge: SourceInfo = { ...counter, id: "gpu", domain: "gpu", kind: "integrated", reads: "power" };

describe("live energy of a counter", () => {
  it("is what was drawn, over any number of wraps and failed reads", () => {
    const steps = fc.array(fc.record({ energyJ: fc.double({ min: 0, max: 45, noNaN: true }), fails: fc.boolean() }));
    fc.assert(
      fc.property(fc.double({ min: 0, max: 99, noNaN: true }), steps, (startJ, all) => {
        const live = new LiveEnergy(counter, 3);
        live.add(0, { energyJ: startJ });
        let drawnJ = 0;
        let hiddenS = 0;
        all.forEach(({ energyJ, fails }, i) => {
          drawnJ += energyJ;
          // One failed read at a time: two seconds at 50 W cannot hide a wrap of 100 J.
          const failed = fails && hiddenS === 0;
          hiddenS = failed ? 1 : 0;
          live.add(i + 1, failed ? undefined : { energyJ: (startJ + drawnJ) % 100 });
        });
        live.add(all.length + 1, { energyJ: (startJ + drawnJ) % 100 });
        expect(live.energyJ).toBeCloseTo(drawnJ, 6);
      }),
    );
  });

  it("has a mean power over some seconds, none after one reading or a failed one", () => {
    const live = new LiveEnergy(counter, 3);
    live.add(0, { energyJ: 1 });
    expect(live.powerW).toBeUndefined();
    for (const [timeS, energyJ] of [
      [1, 11],
      [2, 21],
      [3, 51],
      [4, 81],
    ] as const)
      live.add(timeS, { energyJ });
    expect(live.powerW).toBeCloseTo(30, 9);
    live.add(5, undefined);
    expect(live).toMatchObject({ powerW: undefined, isUp: false, failedReads: 1 });
  });

  it("adds nothing where the counter was reset or the machine slept through a wrap", () => {
    const live = new LiveEnergy({ ...counter, wrapJ: 1000 }, 3);
    live.add(0, { energyJ: 500 });
    live.add(1, { energyJ: 3 });
    expect(live.energyJ).toBe(0);
    live.add(2, { energyJ: 23 });
    live.add(1000, { energyJ: 43 });
    expect(live.energyJ).toBe(20);
    expect(live.powerW).toBeUndefined();
  });
});

describe("live energy of a gauge", () => {
  it("is the area under its readings, and nothing over a gap", () => {
    const live = new LiveEnergy(gauge, 3);
    live.add(0, { powerW: 10 });
    live.add(2, { powerW: 30 });
    expect(live).toMatchObject({ energyJ: 40, powerW: 30 });
    live.add(3, undefined);
    live.add(6, { powerW: 30 });
    expect(live).toMatchObject({ energyJ: 40, powerW: 30, isUp: true });
  });
});
