// A student under a teacher on ONNX Runtime: α = 1 is plain training bit for bit, answers beforehand and a teacher inside give the same student,
// every form learns, and what does not fit is refused.
import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../../graph/build.ts";
import type { Graph } from "../../graph/graph.ts";
import { dataSet } from "../../learn/data/data-set.ts";
import { syntheticDigits } from "../../learn/data/synthetic/digits.ts";
import { fitNetwork } from "../../learn/train/fit.ts";
import { drawnWeights } from "../../node/model.ts";
import { onnxBytes, onnxRuntime } from "../../node/runtime/onnx-runtime.ts";
import { batchNorm, conv, flatten, linear, maxPool, relu } from "../../zoo/pieces.ts";
import type { WeightedNetwork } from "../network.ts";
import { type Distilled, type DistilPlan, distilNetwork, labelledByTeacher } from "./distil.ts";
import { automaticPairs, namedPairs } from "./features.ts";
import { DISTIL_FORMS, type Objective } from "./objective.ts";
import { AnswerBook } from "./teacher.ts";

/** With batch normalisation and dropout: both behave otherwise in a frozen network, and where derivatives are taken. */
function digitsNetwork(name: string, widths: readonly [number, number, number], last = "Softmax", outputs = 10): Graph {
  const b = new NetworkBuilder(name, widths[0]);
  let x = b.input("input", ["batch", 1, 28, 28]);
  x = relu(b, batchNorm(b, conv(b, x, widths[0], { name: "conv1", kernel: 5, stride: 2, pad: 2 }), "bn1"), "relu1");
  x = maxPool(b, x, { name: "pool1", kernel: 2 });
  x = relu(b, conv(b, x, widths[1], { name: "conv2", kernel: 3, pad: 1 }), "relu2");
  x = relu(
    b,
    linear(b, flatten(b, maxPool(b, x, { name: "pool2", kernel: 2, ceil: true })), widths[2], "fc1"),
    "relu3",
  );
  x = b.layer("Dropout", [x, b.constant("ratio", "float32", [0.1], [])], { name: "dropout" });
  x = linear(b, x, outputs, "fc2");
  b.output(b.layer(last, [x], last === "Softmax" ? { attributes: { axis: -1 } } : {}));
  return b.graph();
}

const digits = syntheticDigits({ train: 330, test: 70, seed: 1 });
const weighted = (graph: Graph): WeightedNetwork => ({ graph, weights: drawnWeights });
const settings = {
  runtime: onnxRuntime(),
  train: digits.train,
  validation: digits.test!,
  optimiser: { kind: "adam" },
  batch: 32,
  epochs: 2,
  rate: 0.01,
  seed: 0,
  threads: 1,
  clock: { nowS: () => 0 },
} as const;
const teacher = weighted(
  (
    await fitNetwork({
      ...settings,
      network: digitsNetwork("teacher", [8, 16, 32]),
      weights: drawnWeights,
      loss: { kind: "cross-entropy" },
      epochs: 6,
    })
  ).network,
);
const student = weighted(digitsNetwork("student", [4, 8, 16]));
const objective: Objective = { form: "softmax", alpha: 0.5, temperature: 4, hard: { kind: "cross-entropy" } };
const plan = (more: Partial<Objective> = {}, rest: Partial<DistilPlan> = {}): DistilPlan => ({
  ...settings,
  student,
  teacher,
  objective: { ...objective, ...more },
  ...rest,
});
const bytesOf = (graph: Graph) => onnxBytes(graph, drawnWeights);

describe("α = 1", () => {
  it("is plain training bit for bit, and nobody asks the teacher", async () => {
    const loss = { kind: "cross-entropy" } as const;
    const plain = await fitNetwork({ ...settings, network: student.graph, weights: drawnWeights, loss });
    const distilled = await distilNetwork(plan({ alpha: 1 }));
    expect(await bytesOf(distilled.network)).toEqual(await bytesOf(plain.network));
    expect(distilled.after).toEqual(plain.after);
    expect(distilled).toMatchObject({ teacherRuns: undefined, samplesAsked: 0 });
    expect(await bytesOf((await distilNetwork(plan({ alpha: 0.99 }))).network)).not.toEqual(
      await bytesOf(plain.network),
    );
  });

  it("is so too where the teacher's terms stay in the sum with weight 0", async () => {
    const terms = [
      { weight: 1, loss: { kind: "cross-entropy" } },
      { weight: 0, loss: { kind: "soft-classes", temperature: 4 } },
    ] as const;
    const train = await new AnswerBook(teacher, settings_(digits.train)).withAnswers([undefined]);
    const common = { ...settings, network: student.graph, weights: drawnWeights };
    const summed = await fitNetwork({ ...common, train, loss: { kind: "sum", terms }, judgedBy: terms[0].loss });
    const plain = await fitNetwork({ ...common, loss: terms[0].loss });
    expect(await bytesOf(summed.network)).toEqual(await bytesOf(plain.network));
  });
});

const settings_ = (set: typeof digits.train) => ({ runtime: settings.runtime, set, batch: 32, threads: 1 });

describe("the teacher", () => {
  it("gives the same student beforehand and inside, and is counted", async () => {
    for (const form of ["softmax", "features"] as const) {
      const pairs = automaticPairs(student.graph, teacher.graph);
      const [before, inside] = await Promise.all(
        (["before", "inside"] as const).map((teacherRuns) => distilNetwork(plan({ form, pairs }, { teacherRuns }))),
      );
      const losses = ({ result }: Distilled) => result.rows.map(({ loss }) => loss);
      losses(before!).forEach((loss, i) => {
        expect(losses(inside!)[i]! / loss).toBeCloseTo(1, 4);
      });
      expect(before!.samplesAsked).toBe(330);
      expect(inside!.samplesAsked).toBe(2 * 10 * 32);
    }
  });

  it("is asked once for several trainings", async () => {
    const answers = new AnswerBook(teacher, settings_(digits.train));
    const first = await distilNetwork(plan({}, { answers, epochs: 1 }));
    const second = await distilNetwork(plan({ alpha: 0.2 }, { answers, epochs: 1 }));
    expect([first.samplesAsked, second.samplesAsked]).toEqual([330, 0]);
  });

  it("leaves no trace in the student", async () => {
    const { network } = await distilNetwork(
      plan({ form: "features", pairs: automaticPairs(student.graph, teacher.graph) }),
    );
    expect([...network.weights.keys()]).toEqual([...student.graph.weights.keys()]);
    expect(network.layers).toEqual(student.graph.layers);
  });
});

describe("every form", () => {
  for (const form of DISTIL_FORMS.filter((name) => name !== "bits"))
    it(`teaches: ${form}`, async () => {
      const pairs = automaticPairs(student.graph, teacher.graph);
      const made = await distilNetwork(
        plan({ form, alpha: 0, temperature: 2, pairs, matchWeight: 0.1 }, { epochs: 8 }),
      );
      expect(made.teacherRuns).toBe(form === "sobolev" ? "inside" : "before");
      expect(made.result.rows.at(-1)!.loss).toBeLessThan(0.85 * made.result.rows[0]!.loss);
      if (form !== "mse") expect(made.after!.loss).toBeLessThan(made.before!.loss);
    });

  it("teaches bits, without labels: the score is how often both agree", async () => {
    const asBits = (graph: Graph): Graph => ({
      ...graph,
      layers: graph.layers.map((layer) =>
        layer.op === "Softmax" ? { ...layer, op: "Sigmoid", attributes: new Map() } : layer,
      ),
    });
    const bits = { form: "bits", alpha: 0, temperature: 2, hard: { kind: "bce" } } as const;
    const other = weighted(asBits(teacher.graph));
    const bare = (set: typeof digits.train) => dataSet("bare", set.columns.slice(0, 1));
    const validation = await labelledByTeacher(new AnswerBook(other, settings_(bare(digits.test!))), {
      ...objective,
      ...bits,
    });
    const made = await distilNetwork(
      plan(bits, {
        teacher: other,
        student: weighted(asBits(student.graph)),
        train: bare(digits.train),
        validation,
        epochs: 10,
      }),
    );
    expect(made.after!.accuracy!).toBeGreaterThan(0.85);
    expect(made.after!.loss).toBeLessThan(0.6 * made.before!.loss);
  });
});

describe("labels by the teacher", () => {
  it("are its likeliest classes", async () => {
    const bare = dataSet("bare", digits.test!.columns.slice(0, 1));
    const named = await labelledByTeacher(new AnswerBook(teacher, settings_(bare)), objective);
    const labels = named.columns.find(({ role }) => role === "label")!;
    const truth = digits.test!.columns[1]!.values;
    const agree = truth.filter((label, i) => label === labels.values[i]).length;
    expect(labels.shape).toEqual([]);
    expect(agree / 70).toBeGreaterThan(0.8);
  });
});

describe("features", () => {
  it("are paired by block, and by name", () => {
    const pairs = automaticPairs(student.graph, teacher.graph);
    expect(pairs.map(({ own, teacher: theirs, shape }) => [own, theirs, shape])).toEqual([
      ["relu1:out", "relu1:out", [8, 14, 14]],
      ["relu2:out", "relu2:out", [16, 7, 7]],
      ["pool2:out", "pool2:out", [16, 4, 4]],
      ["dropout:out", "dropout:out", [32]],
    ]);
    expect(namedPairs(student.graph, teacher.graph, [["relu2", "conv2:out"]])).toEqual([
      { own: "relu2:out", teacher: "conv2:out", shape: [16, 7, 7] },
    ]);
    expect(() => namedPairs(student.graph, teacher.graph, [["relu22", "relu2"]])).toThrow(/relu2/);
    expect(() => namedPairs(student.graph, teacher.graph, [["relu1", "relu2"]])).toThrow(/\[4, 14, 14\].*\[16, 7, 7\]/);
  });
});

describe("what does not fit", () => {
  const refusal = (more: Partial<Objective>, rest: Partial<DistilPlan> = {}) => distilNetwork(plan(more, rest));
  it("is refused", async () => {
    const other = weighted(digitsNetwork("other", [3, 4, 8], "Softmax", 7));
    await expect(refusal({}, { student: other })).rejects.toMatchObject({
      code: "other-outputs",
      message: expect.stringMatching(/\[1, 10\].*\[1, 7\]/),
    });
    const bare = dataSet("bare", digits.train.columns.slice(0, 1));
    await expect(refusal({}, { train: bare })).rejects.toMatchObject({ code: "no-labels" });
    await expect(refusal({ alpha: 1.5 })).rejects.toMatchObject({ code: "bad-option" });
    await expect(refusal({ temperature: 0 })).rejects.toMatchObject({ code: "bad-option" });
    await expect(refusal({ form: "sobolev" }, { teacherRuns: "before" })).rejects.toMatchObject({
      code: "teacher-inside",
    });
  });
});
