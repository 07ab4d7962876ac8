import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvOf, macsOf, madeConvs, madeRelus } from "../../../test/support/made-layers.ts";
import { seededRandom } from "../../math/random.ts";
import { fitOp } from "./fit.ts";
import { makePredictor, parsePredictor, sumPredictions } from "./layerwise-predictor.ts";
import { parseTarget } from "./measured.ts";
import { predictSamples } from "./predict-samples.ts";
import { readSamples } from "./samples.ts";

const target = parseTarget("energy_j");
const samplesOf = (rows: readonly object[], op = "conv") => readSamples({ name: `${op}.csv`, text: csvOf(rows), op });
const convs = samplesOf(madeConvs(240, 1));
const fitted = fitOp("conv", convs, { target });

describe("fitOp", () => {
  it("finds the law that made the samples, and extrapolates five times as far", () => {
    expect(fitted.chosen.cv.mape).toBeLessThan(0.06);
    expect(fitted.chosen.ranges.mape).toBeLessThan(0.1);
    const large = {
      batch_size: 128,
      image_size: 112,
      kernel_size: 3,
      in_channels: 256,
      out_channels: 256,
      stride: 1,
      padding: 1,
    };
    const predictor = makePredictor([fitted.model], "");
    const [row] = predictSamples(predictor, samplesOf([{ ...large }])).rows;
    const truth = 2e-9 * macsOf(large);
    expect(row!.energyJ / truth).toBeGreaterThan(0.9);
    expect(row!.energyJ / truth).toBeLessThan(1.1);
    expect(row!.inRange).toBe(false);
    expect(row!.outside.join()).toContain("batch_size 128 above");
  });

  it("keeps the energy of nothing near the overhead of a pass", () => {
    const tiny = {
      batch_size: 1,
      image_size: 8,
      kernel_size: 1,
      in_channels: 1,
      out_channels: 1,
      stride: 1,
      padding: 0,
    };
    const [row] = predictSamples(makePredictor([fitted.model], ""), samplesOf([tiny])).rows;
    expect(row!.energyJ).toBeGreaterThan(2e-4);
    expect(row!.energyJ).toBeLessThan(2e-3);
  });

  it("covers new layers at about the rate it states", () => {
    const fresh = samplesOf(madeConvs(400, 77));
    const { score } = predictSamples(makePredictor([fitted.model], ""), fresh, { truth: target });
    expect(score!.coverage).toBeGreaterThan(0.83);
    expect(score!.coverage).toBeLessThanOrEqual(0.99);
  });

  it("predicts time and power apart where both are there", () => {
    const rows = madeConvs(120, 3).map((row) => ({ ...row, duration_s: row.energy_j / 75 }));
    const { model } = fitOp("conv", samplesOf(rows), { target });
    expect(model.powerW).toBeCloseTo(75, 6);
    expect(model.powerSpanW![0]).toBeCloseTo(75, 6);
  });

  it("gives a given split exactly: fitted on train, scored on test", () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({ x: i + 1, y: i % 3, energy_j: 3 * (i + 1) + 2 }));
    const split = { train: rows.map((_, i) => i).slice(0, 30), test: rows.map((_, i) => i).slice(30) };
    const { chosen, model } = fitOp("any", samplesOf(rows, "any"), {
      target,
      features: ["x"],
      model: "least-squares",
      split,
    });
    expect(model.samples).toBe(30);
    expect(chosen.test!.count).toBe(10);
    expect(chosen.test!.r2).toBeCloseTo(1, 9);
    expect(model.model.coefficients[0]).toBeCloseTo(3, 9);
    expect(model.model.intercept).toBeCloseTo(2, 7);
  });

  it("holds out whole groups", () => {
    const rows = madeConvs(60, 5).map((row, i) => ({ ...row, day: i % 4 }));
    const { chosen } = fitOp("conv", samplesOf(rows), { target, group: "day" });
    expect(chosen.cv.count).toBe(60);
    expect(() => fitOp("conv", samplesOf(rows.map((row) => ({ ...row, day: 1 }))), { target, group: "day" })).toThrow(
      "no group can be held out",
    );
  });

  it("tells that two populations are mixed", () => {
    const rows = madeRelus(200, 6).map((row, i) => ({ ...row, flag: i % 2, energy_j: row.energy_j * (i % 2 ? 3 : 1) }));
    expect(fitOp("relu", samplesOf(rows, "relu"), { target }).remarks.join()).toContain(
      "where flag is 1 as where it is 0",
    );
  });
});

describe("features that are none", () => {
  const renamed = (names: Readonly<Record<string, string>>, rows = madeConvs(60, 5)) =>
    rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [names[key] ?? key, value])));
  const short = {
    batch_size: "batch",
    image_size: "image",
    kernel_size: "kernel",
    in_channels: "cin",
    out_channels: "cout",
  };

  it("never takes the target or the time, and reads short names", () => {
    const rows = renamed(short).map(({ energy_j, ...row }) => ({
      ...row,
      E_mJ: 1000 * energy_j!,
      secs: energy_j! / 70,
    }));
    const { model, remarks } = fitOp("conv", samplesOf(rows), { target: parseTarget("E_mJ:mJ") });
    expect(model.kind).toBe("conv");
    expect(model.features).not.toContain("E_mJ");
    expect(remarks.join()).toContain("cin as in_channels, cout as out_channels");
  });

  it("leaves out what follows the target, unless it is named", () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({
      head_count: 1 + (i % 7),
      time_steps: 1 + (i % 11),
      day: i,
      twin: 7 * (1 + (i % 7)) * (1 + (i % 11)),
      energy_j: (1 + (i % 7)) * (1 + (i % 11)),
    }));
    const { model, leftOut, remarks } = fitOp("mystery", samplesOf(rows, "mystery"), { target, setAside: ["day"] });
    expect(leftOut.map(({ column }) => column)).toEqual(["day", "twin", "energy_j"]);
    expect(new Set(model.columns)).toEqual(new Set(["head_count", "time_steps"]));
    expect(remarks.join()).toContain("left out: day");
    const named = fitOp("mystery", samplesOf(rows, "mystery"), { target, features: ["twin"] });
    expect(named.remarks.join()).toContain("twin follows the target exactly");
    expect(() => fitOp("mystery", samplesOf(rows, "mystery"), { target, features: ["energy_j"] })).toThrow(
      "is the target",
    );
  });

  it("reads the letters of papers in a file of convolutions", () => {
    const letters = {
      batch_size: "N",
      image_size: "H",
      kernel_size: "K",
      in_channels: "C_in",
      out_channels: "C_out",
      stride: "S",
      padding: "P",
    };
    const { model } = fitOp("conv", samplesOf(renamed(letters)), { target });
    expect(model.features).toEqual(fitOp("conv", samplesOf(madeConvs(60, 5)), { target }).model.features);
    expect(model.kind).toBe("conv");
  });

  it("takes plain columns where an activation's size is not given", () => {
    const rows = madeRelus(60, 4).map(({ input_size, ...row }) => ({ ...row, cells: input_size * row.batch_size }));
    expect(fitOp("relu", samplesOf(rows, "relu"), { target }).model.columns).toContain("cells");
    expect(fitOp("relu", samplesOf(rows, "relu"), { target, features: ["cells"] }).model.features).toEqual(["cells"]);
  });
});

describe("what is refused", () => {
  const refused =
    (rows: readonly object[], options = {}) =>
    () =>
      fitOp("conv", samplesOf(rows), { target, ...options });

  it("too few samples", () => expect(refused(madeConvs(8, 1))).toThrow("8 samples"));
  it("constant features", () => {
    const rows = madeConvs(40, 1).map((row) => ({ ...row, stride: 1 }));
    expect(refused(rows, { features: ["macs", "stride"] })).toThrow("feature stride is 1 in every row");
  });
  it("features that follow from others", () => {
    const rows = madeConvs(40, 1).map((row) => ({ ...row, twice: 2 * row.batch_size + 1 }));
    expect(refused(rows, { features: ["batch_size", "twice"] })).toThrow("twice follows from batch_size");
  });
  it("unknown columns", () => {
    expect(refused(madeConvs(40, 1), { features: ["macz"] })).toThrow('unknown feature "macz"; nearest: macs');
    expect(refused(madeConvs(40, 1), { model: "ridge-ish" })).toThrow("nearest: ridge");
  });
  it("layers without output", () => {
    const rows = madeConvs(40, 1).map((row, i) => (i === 7 ? { ...row, kernel_size: 99 } : row));
    expect(refused(rows)).toThrow("leave no output in conv.csv, row 9");
  });
  it("energies that no feature explains", () => {
    const random = seededRandom(3);
    const rows = madeConvs(80, 1).map((row) => ({ ...row, energy_j: Math.exp(4 * random.normal()) }));
    expect(refused(rows)).toThrow("no trustworthy fit");
    expect(refused(rows, { features: ["macs"], model: "least-squares" })).toThrow("no trustworthy fit");
  });
});

describe("predictor JSON", () => {
  const relu = fitOp("relu", samplesOf(madeRelus(100, 4), "relu"), { target });
  const predictor = makePredictor([fitted.model, relu.model], "abc");
  const text = JSON.stringify(predictor);

  it("comes back as it was", () => {
    const again = parsePredictor(text, "p.json");
    const rows = convs.slice(0, 20);
    expect(predictSamples(again, rows).rows).toEqual(predictSamples(predictor, rows).rows);
    expect(again.digest).toBe("abc");
  });

  it("is refused when it is something else", () => {
    expect(() => parsePredictor("{}", "p.json")).toThrow("p.json is no predictor");
    expect(() => parsePredictor("nope", "p.json")).toThrow("not JSON");
    expect(() => parsePredictor(text.replace(/"intercept":[^,}]+/, '"intercept":"x"'), "p.json")).toThrow(
      "not a number",
    );
  });

  it("knows a type by other letters", () => {
    expect(predictor.modelOf("Conv2d")?.op).toBe("conv");
    expect(predictor.modelOf("softmax")).toBeUndefined();
  });

  it("sums groups, counts unknown types 0, and takes the truth of the whole", () => {
    const rows = [
      ...madeConvs(6, 8).map((row, i) => ({ ...row, op: "conv", net: i % 2 })),
      ...madeRelus(4, 9).map((row, i) => ({ ...row, op: "relu", net: i % 2 })),
      { op: "dropout", net: 0, energy_j: 1 },
    ];
    const layers = readSamples({ name: "n.csv", text: csvOf(rows) });
    const answer = predictSamples(predictor, layers, { group: "net", truth: target });
    expect(answer.skipped.map(({ op }) => op)).toEqual(["dropout"]);
    const zero = answer.groups!.find(({ group }) => group === "0")!;
    const own = answer.rows.filter((row) => rows[row.index]!.net === 0);
    expect(zero.energyJ).toBeCloseTo(
      own.reduce((sum, row) => sum + row.energyJ, 0),
      9,
    );
    expect(zero.truthJ).toBeCloseTo(
      rows.filter(({ net }) => net === 0).reduce((sum, row) => sum + row.energy_j, 0),
      9,
    );
    expect(answer.byOp.map(({ op }) => op)).toEqual(["conv", "relu"]);

    const holed = csvOf(rows).replace(/\n\d+,([^\n]*,conv,)/, "\n,$1");
    expect(holed).not.toBe(csvOf(rows));
    expect(() => predictSamples(predictor, readSamples({ name: "n.csv", text: holed }), { group: "net" })).toThrow(
      "batch_size in n.csv, row 2",
    );
    expect(() => predictSamples(predictor, layers, { whole: "net" })).toThrow("--group is not given");

    const whole = readSamples({
      name: "n.csv",
      text: csvOf([...rows, { op: "net", net: 0, energy_j: 5 }, { op: "net", net: 1, energy_j: 7 }]),
    });
    const ends = predictSamples(predictor, whole, { group: "net", truth: target, whole: "net" });
    expect(ends.groups!.map(({ truthJ }) => truthJ)).toEqual([5, 7]);
    expect(() => predictSamples(predictor, layers, { group: "net", truth: target, whole: "all" })).toThrow('"all"');
  });

  it("gives a sum an interval no wider than the sum of the intervals, and no narrower than its widest", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 1, maxLength: 12 }),
        (energies) => {
          const parts = energies.map((energyJ, i) => ({
            op: i % 3 === 0 ? "a" : "b",
            energyJ,
            lowJ: 0.8 * energyJ,
            highJ: 1.5 * energyJ,
            inRange: true,
          }));
          const { energyJ, lowJ, highJ } = sumPredictions(parts);
          const total = energies.reduce((a, b) => a + b, 0);
          expect(energyJ).toBeCloseTo(total, 9);
          expect(highJ).toBeLessThanOrEqual(1.5 * total + 1e-9);
          expect(lowJ).toBeGreaterThanOrEqual(0.8 * total - 1e-9);
          expect(highJ - energyJ).toBeGreaterThanOrEqual(0.5 * Math.max(...energies) - 1e-9);
        },
      ),
      { seed: 3, numRuns: 50 },
    );
  });
});
