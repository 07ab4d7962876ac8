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
  variancesOf,
  wholeRuns,
} from "./analysis.ts";
import { reproduceMavromatis } from "./papers/mavromatis.ts";
import { readTable } from "./read-table.ts";
import { QUANTITIES, type StudyRow } from "./study-row.ts";

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

  it("keep batches, data and hyperparameters apart: one point per network, no mean of unlike things", () => {
    const hotter = rows.map((row) => ({ ...row, learningRate: 0.1, energyJ: 3 * row.energyJ, accuracy: 0.2 }));
    const cooler = rows.map((row) => ({ ...row, learningRate: 0.001 }));
    const inference = rows.filter(({ phase }) => phase === "inference");
    const both = [...[...hotter, ...cooler].filter(({ phase }) => phase === "training"), ...inference];
    const training = wholeRuns(both).filter(({ phase }) => phase === "training");
    expect(training).toHaveLength(6 * 2 * 2 * 2);
    expect(training.every(({ samples }) => samples === 3000)).toBe(true);
    expect(meanRows(training)).toHaveLength(6 * 2 * 2);
    expect(meanRows(training)[0]).toMatchObject({ repetitions: 2 });
    expect(meanRows(training)[0]!.energySigmaJ).toBeGreaterThan(0);
    const found = correlate(both, [["macs", "energy"]]);
    expect(found).toHaveLength(2 * 2 + 2);
    for (const { pearson } of found) expect(pearson.n).toBe(6);
    expect(found.map(({ learningRate }) => learningRate)).toContain(0.1);
    for (const { network, learningRate, energyRatio } of phaseRatios(both)) {
      expect(network).toMatch(/^[a-f]$/);
      expect(energyRatio).toBeCloseTo(learningRate === 0.1 ? 9 : 3, 6);
    }
    const front = accuracyFront(both);
    expect(front).toHaveLength(24);
    expect(front.every(({ learningRate, accuracy }) => (learningRate === 0.1) === (accuracy === 0.2))).toBe(true);
    expect(front.filter(({ learningRate, isOnFront }) => learningRate === 0.1 && isOnFront)).toEqual([]);
    // Not of the same data: neither beats the other.
    const elsewhere =
      front.length + accuracyFront([...both, ...cooler.map((row) => ({ ...row, data: "other" }))]).length;
    expect(elsewhere).toBe(24 + 36);
    expect(epochRanges(both).filter(({ machine }) => machine === "m1")).toHaveLength(6);
    expect(joulesToAccuracy(both, 0.69).every((one) => (one.epoch === undefined) === (one.learningRate === 0.1))).toBe(
      true,
    );
    const hot = retrainings(both).filter(({ from, to, machine }) => from === "f" && to === "a" && machine === "m1");
    expect(hot.map(({ learningRate }) => learningRate)).toEqual([0.001, 0.1]);
    expect(hot[1]!.inferences / hot[0]!.inferences).toBeCloseTo(3, 9);
    expect(hot[1]!.accuracyChange).toBeCloseTo(0, 9);
    const variances = variancesOf(both, "training");
    expect(variances).toHaveLength(2);
    expect(variances[0]!.variance.residual.degrees).toBe(12);
  });

  it("take utilisation with the power itself where that is known", () => {
    const busy = rows.map((row) => ({ ...row, utilisationRatio: row.macs! / 4e7 }));
    const pairs = (list: readonly StudyRow[]) => new Set(correlate(list).map(({ x, y }) => `${x} ${y}`));
    expect(pairs(busy).has("utilisation power")).toBe(true);
    const gross = pairs(busy.map((row) => ({ ...row, grossPowerW: 20 + row.macs! / 1e6 })));
    expect(gross.has("utilisation grossPower")).toBe(true);
    expect(gross.has("utilisation power")).toBe(false);
    expect(QUANTITIES.power.name).toContain("above idle");
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

  it("reads units in cells and multiples in headings, or refuses them", () => {
    const one = (heading: string, cells: string) => readTable(csv([heading, cells])).rows[0]!;
    expect(one("network,duration (s),energy", "a,1.5 h,2 kWh")).toMatchObject({ durationS: 5400, energyJ: 7.2e6 });
    expect(one("network,duration_min,energy_kWh", "a,90 s,1e-3")).toMatchObject({ durationS: 90, energyJ: 3600 });
    expect(one("network,duration,kWh", "a,1,0.5")).toMatchObject({ energyJ: 1.8e6 });
    expect(one("network,duration,Wh,MACs (G),Params (M)", "a,1,1,0.5,11")).toMatchObject({
      energyJ: 3600,
      macs: 5e8,
      params: 1.1e7,
    });
    expect(one("network,duration,energy,GMACs,MParams", "a,1,1,0.5,11")).toMatchObject({ macs: 5e8, params: 1.1e7 });
    expect(one("network,duration,energy,macs,params", "a,1,1,556M,11.2 M")).toMatchObject({
      macs: 5.56e8,
      params: 1.12e7,
    });
    expect(one("network,duration,energy,gpu_util", "a,1,1,85 %")).toMatchObject({ utilisationRatio: 0.85 });
    expect(() => one("network,duration,energy", "a,1 fortnight,1")).toThrow(/"fortnight" is no unit of duration/);
    expect(() => one("network,duration,energy,MACs (furlong)", "a,1,1,1")).toThrow(/"furlong" is no multiple/);
    const { remarks } = readTable(csv(["network,duration,energy,colour,GMACs", "a,1,1,red,2"]));
    expect(remarks.join("; ")).toContain('not read: "colour"');
    expect(remarks.join("; ")).toContain('"GMACs" times 1000000000');
  });

  it("says why so few networks give no correlation", () => {
    const few = readTable(csv(["network,duration,energy,macs", "a,1,1,1", "b,2,3,2", "c,3,4,3"])).rows;
    const rowsOf = reproduceMavromatis(few).filter(({ item }) => item.includes("MACs and energy"));
    expect(rowsOf[0]).toMatchObject({ ours: undefined, note: "not told: it takes 4 networks, there are 3" });
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
