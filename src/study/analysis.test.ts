import { describe, expect, it } from "vitest";
import { seededRandom } from "../math/random.ts";
import {
  accuracyFront,
  batchSweep,
  correlate,
  epochRanges,
  joulesToAccuracy,
  meanRows,
  networkByMachine,
  phaseRatios,
  retrainings,
  wholeRuns,
} from "./analysis.ts";
import { reproduceMavromatis } from "./papers/mavromatis.ts";
import { readTable } from "./read-table.ts";
import type { StudyRow } from "./study-row.ts";

/** A made-up study: joules grow with MACs, training costs three inferences, accuracy with the epoch. */
function study(): StudyRow[] {
  const random = seededRandom(11);
  const networks = ["a", "b", "c", "d", "e", "f"];
  return networks.flatMap((network, i) =>
    ["m1", "m2"].flatMap((machine, j) =>
      [0, 1].flatMap((repetition): StudyRow[] => {
        const macs = 1e6 * (i + 1) ** 2;
        const perSampleJ = 1e-9 * macs * (j + 1) * (1 + 0.01 * random.normal());
        const fixed = { network, machine, repetition, macs, params: 1e5 * (i + 1), batch: 128, kind: "measured" };
        const epochs = [1, 2, 3].map(
          (epoch): StudyRow => ({
            ...fixed,
            phase: "training",
            epoch,
            samples: 1000,
            durationS: 3 * (i + 1),
            energyJ: 3000 * perSampleJ,
            accuracy: 0.5 + 0.1 * epoch + 0.01 * i,
            loss: 1 / epoch,
          }),
        );
        const inference = {
          phase: "inference",
          samples: 500,
          durationS: (i + 1) / 2,
          energyJ: 500 * perSampleJ,
        } as const;
        return [...epochs, { ...fixed, ...inference }];
      }),
    ),
  );
}

const rows = study();

describe("a study's rows", () => {
  it("add up epochs to runs, and average repetitions", () => {
    const whole = wholeRuns(rows);
    expect(whole).toHaveLength(6 * 2 * 2 * 2);
    const total = (list: readonly StudyRow[]) => list.reduce((sum, { energyJ }) => sum + energyJ, 0);
    expect(total(whole)).toBeCloseTo(total(rows), 9);
    expect(meanRows(whole)).toHaveLength(24);
    expect(2 * total(meanRows(whole))).toBeCloseTo(total(rows), 9);
    expect(whole.find(({ phase }) => phase === "training")).toMatchObject({ samples: 3000, accuracy: 0.8 });
  });

  it("correlate within a phase and a machine", () => {
    const found = correlate(rows, [["macs", "energy"]]);
    expect(found.map(({ phase, machine }) => `${phase} ${machine}`).sort()).toEqual([
      "inference m1",
      "inference m2",
      "training m1",
      "training m2",
    ]);
    for (const { pearson, spearman } of found) {
      expect(pearson.value).toBeGreaterThan(0.99);
      expect(spearman).toMatchObject({ value: 1, n: 6 });
    }
    expect(correlate(rows, [["vram", "power"]])).toEqual([]);
  });

  it("tell joules to an accuracy, ranges by epoch, and what never gets there", () => {
    expect(joulesToAccuracy(rows, 0.69).every(({ epoch }) => epoch === 2)).toBe(true);
    expect(joulesToAccuracy(rows, 0.99).every(({ energyJ }) => energyJ === undefined)).toBe(true);
    const ranges = epochRanges(rows).filter(({ machine }) => machine === "m1");
    expect(ranges.map(({ epoch, runs }) => [epoch, runs])).toEqual([
      [1, 12],
      [2, 12],
      [3, 12],
    ]);
    for (const { energyJ, accuracy } of ranges) {
      expect(energyJ.low).toBeLessThan(energyJ.mean);
      expect(accuracy!.high).toBeGreaterThan(accuracy!.mean);
    }
    expect(ranges[2]!.energyJ.mean).toBeGreaterThan(ranges[0]!.energyJ.mean);
  });

  it("compare phases sample for sample", () => {
    for (const { energyRatio, durationRatio } of phaseRatios(rows)) {
      expect(energyRatio).toBeCloseTo(3, 6);
      expect(durationRatio).toBeCloseTo(3, 6);
    }
  });

  it("put on the front what nothing beats", () => {
    const dull = rows.map((row) => (row.network === "c" && row.accuracy ? { ...row, accuracy: 0.1 } : row));
    const front = accuracyFront(dull);
    expect(front.filter(({ isOnFront }) => !isOnFront).map(({ network }) => network)).toEqual(["c", "c"]);
    expect(front).toHaveLength(12);
  });

  it("say after how many inferences a new training is paid", () => {
    const [first] = retrainings(rows.filter(({ machine }) => machine === "m1"));
    expect(first!.inferences * first!.savedJ).toBeCloseTo(first!.trainingJ, 9);
    expect(first!).toMatchObject({ from: "f", to: "a" });
    expect(first!.accuracyChange).toBeCloseTo(-0.05, 9);
  });

  it("sweep batches only where there are several", () => {
    expect(batchSweep(rows)).toEqual([]);
    const more = rows.map((row) => ({ ...row, batch: 1, energyJ: 2 * row.energyJ }));
    const sweep = batchSweep([...rows, ...more]).filter(
      ({ network, phase }) => network === "a" && phase === "inference",
    );
    expect(sweep.map(({ batch }) => batch)).toEqual([1, 128, 1, 128]);
    expect(sweep[0]!.perSampleJ).toBeCloseTo(2 * sweep[1]!.perSampleJ, 12);
  });

  it("see networks and machines in the variance, and no interaction where there is none", () => {
    const { a, b, interaction } = networkByMachine(rows, "training")!;
    expect(a.p).toBeLessThan(1e-6);
    expect(b.p).toBeLessThan(1e-6);
    expect(interaction.shareRatio).toBeLessThan(1e-3);
    expect(
      networkByMachine(
        rows.filter(({ machine }) => machine === "m1"),
        "training",
      ),
    ).toBeUndefined();
  });
});

describe("a table that somebody else made", () => {
  const csv = (lines: readonly string[]) => lines.join("\n");
  const table = csv([
    "Model,Mode,HC,duration (s),total (Wh),MACs,parameters,GPU power (W),gpu_util,accuracy",
    ...[1, 2, 3, 4, 5].flatMap((n) => [
      `net${n},train,HC-3,${30 * n},${n},${n * 1e6},${n * 1e4},60,${90 + n},${80 + n}`,
      `net${n},test,HC-3,${10 * n},${n / 3},${n * 1e6},${n * 1e4},50,${80 + n},${80 + n}`,
    ]),
  ]);

  it("is read by its usual names and units", () => {
    const { rows: read, remarks } = readTable(table);
    expect(read).toHaveLength(10);
    expect(read[0]).toMatchObject({
      network: "net1",
      phase: "training",
      machine: "HC-3",
      durationS: 30,
      energyJ: 3600,
    });
    expect(read[0]).toMatchObject({ accuracy: 0.81, utilisationRatio: 0.91, gpuPowerW: 60, kind: "imported" });
    expect(remarks.join("\n")).toContain('energy: column "total (Wh)" in Wh');
  });

  it("gives the paper's rows with their doubt", () => {
    const found = reproduceMavromatis(readTable(table).rows);
    const row = (item: RegExp) => found.find((one) => item.test(one.item))!;
    expect(row(/^training time over/)).toMatchObject({ published: 3, ours: 3 });
    expect(row(/r of duration and energy, training/).ours).toBeCloseTo(1, 9);
    expect(row(/r of duration and energy, training/).note).toContain("by construction");
    expect(row(/^power of processor and memory/).ours).toBeCloseTo(60, 9);
  });

  it("adds parts, or multiplies power and time, where there is no total", () => {
    const parts = csv(["network,duration,cpu_energy_j,gpu_energy_j", "a,2,10,5"]);
    expect(readTable(parts).rows[0]).toMatchObject({ energyJ: 15, phase: "training" });
    expect(readTable(csv(["network,duration_min,power", "a,2,10"])).rows[0]).toMatchObject({ energyJ: 1200 });
    expect(readTable(csv(["n,t", "a,2"]), "network=n,duration=t:h,energy=t:kJ").rows[0]!.durationS).toBe(7200);
  });

  it("names what it cannot use", () => {
    expect(() => readTable(csv(["a,b", "1,2"]))).toThrow(/no column for network and duration/);
    expect(() => readTable("network,duration")).toThrow(/no rows/);
    expect(() => readTable(csv(["network,phase,duration,energy", "a,sleep,1,1"]))).toThrow(/row 2: phase "sleep"/);
    expect(() => readTable(csv(["network,duration,energy", "a,1,0", "b,0,1"]))).toThrow(
      /row 2: energy is 0; row 3: dur/,
    );
  });
});
