import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exact, type Range } from "../units/range.ts";
import { amortisedTraining, breakEven } from "./break-even.ts";
import { ledger } from "./ledger.ts";
import { cheapestByInferences, crossings, rankCandidates } from "./ranking.ts";

const SETTINGS = { seed: 11, numRuns: 200 };

describe("breakEven", () => {
  // [DeepRxEnergy] IV-A: 5.31 mJ per inference on the Edge TPU. Its rate and training energy are lost in our copy; with one
  // inference per 1 ms slot its "ten minutes" is 600,000 inferences, and so a training of 3186 J.
  it("gives the paper's ten minutes", () => {
    const result = breakEven(exact(3186), exact(5.31e-3), { ratePerS: 1000 });
    expect(result.inferences!.value).toBeCloseTo(600_000, 4);
    expect(result.seconds!.value).toBeCloseTo(600, 6);
    expect(amortisedTraining(exact(3186), 600_000).value).toBeCloseTo(5.31e-3, 12);
  });

  it("divides low by high", () => {
    const { inferences } = breakEven({ value: 100, low: 50, high: 200 }, { value: 1, low: 0.5, high: 2 });
    expect(inferences).toEqual({ value: 100, low: 25, high: 400 });
  });

  // 1000 J every day, 2/s of 10 mJ: 172,800 inferences a day, 1728 J; training is 1000/2728 of it.
  it("charges training again every period", () => {
    const { retraining } = breakEven(exact(1000), exact(0.01), { ratePerS: 2, retrainEveryS: 86_400 });
    expect(retraining!.inferences).toBe(172_800);
    expect(retraining!.amortisedJ.value).toBeCloseTo(1000 / 172_800, 12);
    expect(retraining!.trainingRatio.value).toBeCloseTo(1000 / 2728, 12);
    expect(retraining!.reached).toBe(true);
    expect(breakEven(exact(2000), exact(0.01), { ratePerS: 2, retrainEveryS: 86_400 }).retraining!.reached).toBe(false);
  });

  it("knows no time without a rate and no number when inference is free", () => {
    expect(breakEven(exact(10), exact(1))).toEqual({
      inferences: exact(10),
      seconds: undefined,
      retraining: undefined,
    });
    expect(breakEven(exact(10), exact(1), { ratePerS: 0, retrainEveryS: 5 }).seconds).toBeUndefined();
    expect(breakEven(exact(10), exact(0), { ratePerS: 1 })).toMatchObject({
      inferences: undefined,
      seconds: undefined,
    });
  });

  it("at N* amortised training equals the energy of one inference", () => {
    const joules = fc.double({ min: 1e-9, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(joules, joules, (training, inference) => {
        const n: Range = breakEven(exact(training), exact(inference)).inferences!;
        expect(amortisedTraining(exact(training), n.value).value / inference).toBeCloseTo(1, 9);
      }),
      SETTINGS,
    );
  });
});

const teacher = { name: "teacher", trainingJ: 0, inferenceJ: 10 };
const student = { name: "student", trainingJ: 600, inferenceJ: 4 };
const tiny = { name: "tiny", trainingJ: 1200, inferenceJ: 1 };

describe("ranking", () => {
  it("orders by E_train + N·E_inf", () => {
    expect(rankCandidates([student, tiny, teacher], 50).map(({ name }) => name)).toEqual([
      "teacher",
      "student",
      "tiny",
    ]);
    const after = rankCandidates([teacher, student, tiny], 1000);
    expect(after.map(({ name, totalJ }) => [name, totalJ])).toEqual([
      ["tiny", 2200],
      ["student", 4600],
      ["teacher", 10_000],
    ]);
  });

  // student = teacher at 600/6, tiny = teacher at 1200/9, tiny = student at 600/3.
  it("finds where the order changes", () => {
    expect(crossings([tiny, student, teacher])).toEqual([
      { before: "teacher", after: "student", inferences: 100 },
      { before: "teacher", after: "tiny", inferences: expect.closeTo(400 / 3, 9) },
      { before: "student", after: "tiny", inferences: 200 },
    ]);
    expect(crossings([teacher, { name: "worse", trainingJ: 5, inferenceJ: 10 }])).toEqual([]);
  });

  it("names the cheapest for every number of inferences", () => {
    expect(cheapestByInferences([tiny, teacher, student])).toEqual([
      { name: "teacher", fromInferences: 0 },
      { name: "student", fromInferences: 100 },
      { name: "tiny", fromInferences: 200 },
    ]);
    expect(cheapestByInferences([])).toEqual([]);
  });

  it("agrees with the ranking at any number of inferences", () => {
    const candidate = fc.record({ trainingJ: fc.nat(1000), inferenceJ: fc.nat(50) });
    fc.assert(
      fc.property(fc.array(candidate, { minLength: 1, maxLength: 8 }), fc.nat(2000), (energies, inferences) => {
        const candidates = energies.map((energy, i) => ({ ...energy, name: `n${i}` }));
        const ranked = rankCandidates(candidates, inferences);
        const winner = cheapestByInferences(candidates).findLast(({ fromInferences }) => fromInferences <= inferences)!;
        const totalJ = ranked.find(({ name }) => name === winner.name)!.totalJ;
        expect(totalJ).toBeCloseTo(ranked[0]!.totalJ, 6);
      }),
      SETTINGS,
    );
  });
});

describe("ledger", () => {
  it("projects 10 : 20 : 70 from a training of 20 J", () => {
    expect(ledger({ training: 20 }).map(({ energyJ, basis }) => [energyJ, basis])).toEqual([
      [expect.closeTo(10), "projected"],
      [20, "given"],
      [expect.closeTo(70), "projected"],
    ]);
  });

  it("sets the user's own numbers beside the typical split", () => {
    const rows = ledger({ experimentation: 100, training: 100, inference: 200 });
    expect(rows.map(({ shareRatio, typicalRatio }) => [shareRatio, typicalRatio])).toEqual([
      [0.25, 0.1],
      [0.25, 0.2],
      [0.5, 0.7],
    ]);
  });

  it("has no shares of nothing and needs at least one number", () => {
    expect(ledger({ inference: 0 }).map(({ shareRatio }) => shareRatio)).toEqual([undefined, undefined, undefined]);
    expect(() => ledger({})).toThrow(/no energy is given/u);
  });
});
