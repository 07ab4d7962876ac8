import { describe, expect, it } from "vitest";
import { isMissing } from "../../estimate/assemble.ts";
import { NetworkBuilder } from "../../graph/build.ts";
import { countGraph } from "../../work/count-graph.ts";
import type { Parameters } from "../layerwise/parameters.ts";
import { encodeProfile, fitCalibration, nextTry, parseProfile } from "./calibrate.ts";
import { type Calibration, calibratedHardware, calibratedMetric } from "./calibrated-metric.ts";
import { collectedKind } from "./kinds/table.ts";
import { shapedNetwork } from "./network-layers.ts";
import { drawPoint } from "./points.ts";
import { MODELLED_KIND, type Repetition, type SampleRow, sampleRow } from "./sample-row.ts";

const ON = { cpu_name: "made up", cpu_count: 2, threads: 0, provider: "cpu", runtime: "onnxruntime 0" };
const POWER_W = 20;
const PACE = { measured: 45, wanted: 180, minutes: 1 };
/** A machine whose elementwise layers take 1 µs and 1 ns per element. */
const truthS = ({ batch_size, input_size }: Parameters) => 1e-6 + 1e-9 * batch_size! * input_size!;

/** Repetitions of a second each, nothing else running. */
const quiet = (...passS: number[]) => passS.map((each) => ({ passS: each, durationS: 1, othersS: 0 }));

function rowsOf(op: string, count: number): SampleRow[] {
  return Array.from({ length: count }, (_, index) => {
    const { id, parameters } = drawPoint(collectedKind(op), index, 0);
    const runS = truthS(parameters) + 1e-5;
    const timing = {
      repetitions: quiet(1.5 * runS, runS, 1.02 * runS),
      passes: 20,
      grossJ: 3 * POWER_W,
      netJ: undefined,
      kind: "modelled",
    };
    return sampleRow({ id, op, parameters }, timing, ON, 1e-5);
  });
}

const textOf = (rows: readonly SampleRow[]) => rows.map((row) => JSON.stringify(row)).join("\n");
const fitted = fitCalibration("rows", textOf([...rowsOf("relu", 40), ...rowsOf("tanh", 5)]), "digest", PACE);
const calibration: Calibration = {
  predictor: fitted.predictor,
  kind: fitted.kind,
  machine: "made up",
  createdAt: "2026-01-02T00:00:00Z",
};

/** Two ReLUs of known size around a Tanh. */
function network() {
  const b = new NetworkBuilder("net");
  const first = b.layer("Relu", [b.input("x", [8, 100_000])], { name: "first" });
  b.output(b.layer("Relu", [b.layer("Tanh", [first], { name: "bend" })], { name: "last" }));
  return b.graph();
}

describe("sampleRow", () => {
  it("takes the least disturbed repetition, without the empty call, times the mean power", () => {
    const timing = { repetitions: quiet(3e-4, 2e-4), passes: 10, grossJ: 50, netJ: 30, kind: "measured" };
    const row = sampleRow({ id: "a", op: "relu", parameters: { batch_size: 1 } }, timing, ON, 1e-4);
    expect(row.pass_s).toBeCloseTo(1e-4, 12);
    expect(row.energy_j).toBeCloseTo(25 * 1e-4, 12);
    expect(row.net_energy_j).toBeCloseTo(15 * 1e-4, 12);
    expect(row).toMatchObject({ energy_kind: "measured", run_s: 2e-4, run_high_s: 3e-4, repeats: 2 });
  });
  it("trusts a repetition in which nothing else ran before a faster one that was disturbed, and says which it has", () => {
    const busy = { passS: 1e-4, durationS: 1, othersS: 0.9 };
    const timing = { passes: 10, grossJ: 50, netJ: undefined, kind: "measured" };
    const rowOf = (repetitions: readonly Repetition[]) =>
      sampleRow({ id: "a", op: "relu", parameters: {} }, { ...timing, repetitions }, ON, 0);
    expect(rowOf([busy, ...quiet(3e-4, 3.03e-4)])).toMatchObject({ run_s: 3e-4, steady: "yes" });
    expect(rowOf(quiet(3e-4, 4e-4))).toMatchObject({ steady: "no" });
    expect(rowOf([busy, busy])).toMatchObject({ run_s: 1e-4, steady: "no", others_cpu: 0.9 });
  });
  it("leaves joules out where none are known: absence is no number", () => {
    const timing = { repetitions: quiet(1e-3), passes: 1, grossJ: undefined, netJ: undefined, kind: "modelled" };
    const row = sampleRow({ id: "a", op: "relu", parameters: {} }, timing, ON, 1e-5);
    expect(Object.keys(row)).not.toContain("energy_j");
    expect(Object.keys(row)).not.toContain("power_w");
  });
});

describe("fitCalibration", () => {
  it("fits what it can and names what it cannot", () => {
    expect(fitted.fits.map(({ op }) => op)).toEqual(["relu"]);
    expect(fitted.left).toMatchObject([{ op: "tanh" }]);
    expect(fitted.kind).toBe(MODELLED_KIND);
    expect(fitted.score.mape).toBeLessThan(0.02);
  });
  it("leaves out what was disturbed, and counts it", () => {
    const [first, ...others] = rowsOf("relu", 40);
    const text = textOf([{ ...first!, pass_s: 1e6, energy_j: 1e6, steady: "no" }, ...others]);
    expect(fitCalibration("rows", text, "", PACE)).toMatchObject({ samples: 39, disturbed: 1 });
    expect(fitCalibration("rows", text, "", PACE).score.mape).toBeLessThan(0.02);
  });
  it("refuses when nothing can be fitted", () => {
    expect(() => fitCalibration("rows", textOf(rowsOf("relu", 3)), "", PACE)).toThrow(/0 of 1 layer types/);
  });
  it("says how many minutes would do at the same pace", () => {
    expect(nextTry(PACE)).toMatch(/45 layers were measured.* --minutes 4,.* measures anew/);
    expect(nextTry({ ...PACE, measured: 400 })).toContain("--minutes 2,");
    expect(nextTry({ measured: 1, wanted: 1000, minutes: 5 })).toContain("--minutes 600,");
  });
  it("comes back from its file unchanged", () => {
    const { predictor, ...rest } = calibration;
    const record = { ...rest, points: 45, durationS: 3, score: { r2: 1, mape: 0, bias: 0 } };
    const again = parseProfile(encodeProfile(record, predictor), "file");
    expect(JSON.stringify(again.predictor)).toBe(JSON.stringify(predictor));
    expect(again).toMatchObject(record);
    expect(() => parseProfile("{}", "file")).toThrow(/no profile/);
  });
});

describe("calibratedMetric", () => {
  const metric = calibratedMetric(calibration, shapedNetwork(network()).graph);
  const estimate = metric.estimate(countGraph(network()), calibratedHardware(calibration), {});
  it("sums the layers that it knows and names those that it does not", () => {
    if (isMissing(estimate)) throw new Error("nothing was estimated");
    const expectedJ = 2 * truthS({ batch_size: 8, input_size: 100_000 }) * POWER_W;
    expect(estimate.energyJ / expectedJ).toBeCloseTo(1, 1);
    expect(estimate.layers.reduce((total, { energyJ }) => total + energyJ, 0)).toBeCloseTo(estimate.energyJ, 12);
    expect(estimate.complete).toBe(false);
    expect(estimate.assumptions.join("\n")).toMatch(/left out, so a lower bound: 1 layer \(Tanh\)/);
    expect(estimate.assumptions.join("\n")).toContain(MODELLED_KIND);
    expect(estimate.lowJ).toBeLessThanOrEqual(estimate.energyJ);
    expect(estimate.highJ).toBeGreaterThanOrEqual(estimate.energyJ);
  });
  it("says which layers are outside of what was measured", () => {
    const b = new NetworkBuilder("large");
    b.output(b.layer("Relu", [b.input("x", [512, 500_000])], { name: "huge" }));
    const large = calibratedMetric(calibration, b.graph()).estimate(
      countGraph(b.graph()),
      calibratedHardware(calibration),
      {},
    );
    if (isMissing(large)) throw new Error("nothing was estimated");
    expect(large.assumptions.join("\n")).toMatch(/outside the calibrated range.*huge \(/);
  });
  it("does not answer for training, nor for networks of which it knows no layer", () => {
    const hardware = calibratedHardware(calibration);
    expect(metric.estimate(countGraph(network(), { phase: "training" }), hardware, {})).toHaveProperty("needs");
    const b = new NetworkBuilder("other");
    b.output(b.layer("Tanh", [b.input("x", [1, 1000])]));
    expect(calibratedMetric(calibration, b.graph()).estimate(countGraph(b.graph()), hardware, {})).toHaveProperty(
      "needs",
    );
  });
});
