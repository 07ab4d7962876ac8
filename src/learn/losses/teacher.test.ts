// What a student learns from a teacher: every loss's gradients against central differences (in float64 where ONNX Runtime has the operators), the limits
// that the equations have, and the same numbers whether the teacher's answers are fed or made inside the step.
import { describe, expect, it } from "vitest";
import { openGraph } from "../../../test/support/run-graph.ts";
import { wave } from "../../../test/support/wave.ts";
import { NetworkBuilder } from "../../graph/build.ts";
import type { Graph } from "../../graph/graph.ts";
import { evaluationGraph, gradientGraph } from "../differentiate.ts";
import type { FeaturePair, FrozenNetwork, LossSpec } from "../training-graph.ts";

const [BATCH, INPUTS, CLASSES] = [4, 6, 5];
const shapeOf = (type: { readonly shape: unknown }) => type.shape as readonly number[];
const scaled = (numbers: readonly number[], factor: number) => numbers.map((value) => factor * value);

/** ONNX Runtime has Softplus in float32 only. */
const typeFor = (last: string) => (last === "Sigmoid" ? "float32" : "float64");

/** x → tanh(x·W₁) → ·W₂ → `last`; the hidden tensor is "hidden:out". */
function network(name: string, hidden: number, last = "Softmax"): Graph {
  const b = new NetworkBuilder(name);
  const x = b.input("x", ["batch", INPUTS], typeFor(last));
  const weight = (key: string, shape: readonly [number, number]) =>
    b.constant(key, typeFor(last), wave(`${name}/${key}`, shape), shape);
  const middle = b.layer("Tanh", [b.layer("MatMul", [x, weight("w1", [INPUTS, hidden])])], { name: "hidden" });
  const logits = b.layer("MatMul", [middle, weight("w2", [hidden, CLASSES])], { name: "logits" });
  b.output(last === "" ? logits : b.layer(last, [logits], { attributes: last === "Softmax" ? { axis: -1 } : {} }));
  return b.graph();
}

const TEACHER: FrozenNetwork = { graph: network("teacher", 7) };
const data = wave("data", [BATCH, INPUTS]);
const answers = scaled(wave("answers", [BATCH, CLASSES]), 3);

/** Loss and gradients of `loss` on the student, and the loss at other parameters. */
async function measured(loss: LossSpec, options: { last?: string; teacher?: FrozenNetwork; hidden?: number } = {}) {
  const { last = "Softmax", hidden = 3, teacher } = options;
  const made = gradientGraph(network("student", hidden, last), { loss, batch: BATCH, ...(teacher && { teacher }) });
  const running = await openGraph(made.graph);
  const parameters = Object.fromEntries(
    made.parameters.map(({ input, type }) => [input, wave(`student/${input}`, shapeOf(type))]),
  );
  const fed = made.inputs.map(({ name, role, type }) => {
    if (role === "data") return [name, data];
    return [name, type.shape!.at(-1) === CLASSES ? answers : wave(name, shapeOf(type))];
  });
  const feeds = { ...Object.fromEntries(fed), ...Object.fromEntries(made.settings.map(({ input }) => [input, [7]])) };
  const lossAt = async (changed: Readonly<Record<string, readonly number[]>>) =>
    (await running.run({ ...feeds, ...parameters, ...changed }))[made.loss]![0]!;
  const results = await running.run({ ...feeds, ...parameters });
  const gradients = Object.fromEntries([...made.gradients].map(([name, tensor]) => [name, results[tensor]!]));
  return { loss: results[made.loss]![0]!, gradients, parameters, lossAt, made, running, feeds };
}

type Measured = Awaited<ReturnType<typeof measured>>;

async function deviation({ gradients, parameters, lossAt }: Measured, step: number): Promise<number> {
  let [error, norm] = [0, 0];
  for (const [name, given] of Object.entries(gradients)) {
    for (const [i, slope] of given.entries()) {
      const at = (moved: number) => lossAt({ [name]: parameters[name]!.with(i, parameters[name]![i]! + moved) });
      const numeric = ((await at(step)) - (await at(-step))) / (2 * step);
      error += (slope - numeric) ** 2;
      norm += numeric ** 2;
    }
  }
  expect(norm).toBeGreaterThan(1e-12);
  return Math.sqrt(error / norm);
}

const PAIR: FeaturePair = { own: "hidden:out", teacher: "hidden:out", shape: [7] };
const CASES: Readonly<Record<string, { loss: LossSpec; last?: string; teacher?: FrozenNetwork; hidden?: number }>> = {
  "soft classes": { loss: { kind: "soft-classes", temperature: 3 } },
  "soft classes without T²": { loss: { kind: "soft-classes", temperature: 3, squared: false } },
  "standardised logits": { loss: { kind: "soft-classes", temperature: 2, standardised: true } },
  "soft bits": { loss: { kind: "soft-bits", temperature: 3 }, last: "Sigmoid" },
  logits: { loss: { kind: "match-logits" } },
  "features of one width": { loss: { kind: "match-features", pairs: [PAIR] }, hidden: 7 },
  "a teacher inside": { loss: { kind: "soft-classes", temperature: 4 }, teacher: TEACHER },
  "features inside": { loss: { kind: "match-features", pairs: [PAIR] }, teacher: TEACHER, hidden: 7 },
  derivatives: { loss: { kind: "match-gradients" }, teacher: TEACHER },
  "hard and soft": {
    loss: {
      kind: "sum",
      terms: [
        { weight: 0.3, loss: { kind: "mse" } },
        { weight: 0.7, loss: { kind: "soft-classes", temperature: 4 } },
        { weight: 0.1, loss: { kind: "match-gradients", step: 0.02 } },
      ],
    },
    teacher: TEACHER,
  },
};

describe("gradients", () => {
  for (const [name, { loss, ...options }] of Object.entries(CASES))
    it(`are those of finite differences: ${name}`, async () => {
      const isSingle = typeFor(options.last ?? "") === "float32";
      expect(await deviation(await measured(loss, options), isSingle ? 1e-2 : 1e-5)).toBeLessThan(
        isSingle ? 1e-3 : 1e-6,
      );
    });
});

/** Σ p·(log p − log q) of one row, each softened by T. */
function divergence(own: readonly number[], teacher: readonly number[], temperature: number): number {
  const soft = (row: readonly number[]) => {
    const raised = row.map((value) => Math.exp(value / temperature));
    return raised.map((value) => value / raised.reduce((a, b) => a + b));
  };
  const [q, p] = [soft(own), soft(teacher)];
  return p.reduce((sum, value, i) => sum + value * Math.log(value / q[i]!), 0);
}

const rowsOf = (numbers: readonly number[]) =>
  Array.from({ length: BATCH }, (_, i) => numbers.slice(i * CLASSES, (i + 1) * CLASSES));
const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
const centred = (row: readonly number[]) => row.map((value) => value - mean(row));

/** The student's own logits, at the parameters of `measured`. */
async function studentLogits(last = "Softmax"): Promise<number[][]> {
  const made = evaluationGraph(network("student", 3, last), { loss: { kind: "match-logits" }, batch: BATCH });
  const parameters = Object.fromEntries(
    made.state.map(({ input, type }) => [input, wave(`student/${input}`, shapeOf(type))]),
  );
  const results = await (await openGraph(made.graph)).run({ ...parameters, x: data, teacher: answers });
  return rowsOf(results[made.outputs.output!]!);
}

describe("values", () => {
  it("are the equation's, with and without T²", async () => {
    const own = await studentLogits();
    const expected = mean(own.map((row, i) => divergence(row, rowsOf(answers)[i]!, 4)));
    const plain = await measured({ kind: "soft-classes", temperature: 4, squared: false });
    const squared = await measured({ kind: "soft-classes", temperature: 4 });
    expect(plain.loss).toBeCloseTo(expected, 12);
    expect(squared.loss).toBeCloseTo(16 * expected, 12);
  });

  it("tend to half the squared difference of centred logits for T → ∞", async () => {
    const own = await studentLogits();
    const limit = mean(
      own.flatMap((row, i) => {
        const teacher = centred(rowsOf(answers)[i]!);
        return centred(row).map((value, k) => (value - teacher[k]!) ** 2);
      }),
    );
    const errors: number[] = [];
    for (const temperature of [10, 100, 1000]) {
      const { loss } = await measured({ kind: "soft-classes", temperature });
      errors.push(Math.abs(loss - limit / 2) / limit);
    }
    expect(errors[1]!).toBeLessThan(errors[0]! / 5);
    expect(errors[2]!).toBeLessThan(1e-3);
    const [hot, squares] = await Promise.all(
      [{ kind: "soft-classes", temperature: 1e4 } as const, { kind: "match-logits" } as const].map((loss) =>
        measured(loss),
      ),
    );
    // The mean squared difference of logits that are not centred differs by the rows' means only.
    const shifts = mean(own.map((row, i) => (mean(row) - mean(rowsOf(answers)[i]!)) ** 2));
    expect(squares!.loss - shifts).toBeCloseTo(limit, 9);
    expect(hot!.loss).toBeCloseTo(limit / 2, 3);
  });

  it("are right in float32 up to the greatest temperature, and refused above", async () => {
    const at = async (temperature: number, last: string) =>
      (await measured({ kind: "soft-bits", temperature }, { last })).loss;
    const squares = mean((await studentLogits("Sigmoid")).flat().map((s, i) => (s - answers[i]!) ** 2));
    expect((await at(100, "Sigmoid")) / (squares / 8)).toBeCloseTo(1, 1);
    for (const temperature of [101, 1e5])
      await expect(at(temperature, "Sigmoid")).rejects.toMatchObject({ code: "bad-option" });
  });

  it("of bits are the Bernoulli divergence, and an eighth of the squared difference for T → ∞", async () => {
    const own = (await studentLogits("Sigmoid")).flat();
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    const bit = (s: number, t: number) => {
      const [p, q] = [sigmoid(t / 2), sigmoid(s / 2)];
      return p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q));
    };
    const { loss } = await measured({ kind: "soft-bits", temperature: 2 }, { last: "Sigmoid" });
    expect(loss).toBeCloseTo(4 * mean(own.map((s, i) => bit(s, answers[i]!))), 5);
    const far = await measured({ kind: "soft-bits", temperature: 50 }, { last: "Sigmoid" });
    expect(far.loss / (mean(own.map((s, i) => (s - answers[i]!) ** 2)) / 8)).toBeCloseTo(1, 2);
  });

  it("of standardised logits do not see scale or shift of the teacher", async () => {
    const loss = { kind: "soft-classes", temperature: 2, standardised: true } as const;
    const first = await measured(loss);
    const other = await first.running.run({
      ...first.feeds,
      ...first.parameters,
      teacher: answers.map((value) => 5 * value + 2),
    });
    expect(other[first.made.loss]![0]).toBeCloseTo(first.loss, 9);
  });

  it("are 0 for a student that is its teacher", async () => {
    const graph = network("teacher", 7);
    const parameters = { w1: wave("teacher/w1", [INPUTS, 7]), w2: wave("teacher/w2", [7, CLASSES]) };
    for (const loss of [
      { kind: "soft-classes", temperature: 2 },
      { kind: "match-logits" },
      { kind: "match-gradients" },
      { kind: "match-features", pairs: [PAIR] },
    ] as const) {
      const made = gradientGraph(graph, { loss, batch: BATCH, teacher: TEACHER });
      const seed = Object.fromEntries(made.settings.map(({ input }) => [input, [3]]));
      const results = await (await openGraph(made.graph)).run({ ...parameters, ...seed, x: data });
      expect(results[made.loss]![0], loss.kind).toBeCloseTo(0, 12);
    }
  });

  it("of derivatives are those of the Jacobians", async () => {
    const { loss } = await measured({ kind: "match-gradients", step: 1e-3 }, { teacher: TEACHER });
    const finer = await measured({ kind: "match-gradients", step: 1e-4 }, { teacher: TEACHER });
    expect(loss).toBeGreaterThan(0.01);
    expect(finer.loss / loss).toBeCloseTo(1, 5);
  });
});

describe("a teacher inside", () => {
  it("says what it says alone", async () => {
    const own = evaluationGraph(TEACHER.graph, { loss: { kind: "match-logits" }, batch: BATCH });
    const parameters = { w1: wave("teacher/w1", [INPUTS, 7]), w2: wave("teacher/w2", [7, CLASSES]) };
    const said = await (await openGraph(own.graph)).run({ ...parameters, x: data, teacher: answers });
    const logits = said[own.outputs.output!]!;
    const fed = await measured({ kind: "soft-classes", temperature: 4 });
    const outside = await fed.running.run({ ...fed.feeds, ...fed.parameters, teacher: logits });
    const inside = await measured({ kind: "soft-classes", temperature: 4 }, { teacher: TEACHER });
    expect(inside.loss).toBeCloseTo(outside[fed.made.loss]![0]!, 12);
    expect(inside.made.inputs.map(({ role }) => role)).toEqual(["data"]);
  });

  it("learns nothing, and a projection does", async () => {
    const loss = { kind: "match-features", pairs: [PAIR] } as const;
    // Widths differ: the projection is float32, as networks that train are.
    const b = new NetworkBuilder("student");
    const x = b.input("x", ["batch", INPUTS]);
    b.output(b.layer("MatMul", [x, b.weight("w", [INPUTS, 4], { kind: "constant", value: 0.1 })], { name: "hidden" }));
    const made = gradientGraph(b.graph(), { loss, batch: BATCH });
    expect([...made.gradients.keys()]).toEqual(["w", "loss/projection"]);
    expect(made.parameters.at(-1)!.type.shape).toEqual([4, 7]);
  });

  it("is refused where it does not fit", () => {
    const graph = network("student", 3);
    const b = new NetworkBuilder("wide");
    b.output(b.layer("Identity", [b.input("x", ["batch", 9], "float64")]));
    const other = (loss: LossSpec, teacher?: FrozenNetwork) => () =>
      gradientGraph(graph, { loss, batch: BATCH, ...(teacher && { teacher }) });
    expect(other({ kind: "soft-classes" }, { graph: b.graph() })).toThrow(/teacher reads float64 \[4, 9\]/);
    expect(other({ kind: "match-gradients" })).toThrow(/not in the graph/);
    expect(other({ kind: "match-features", pairs: [{ ...PAIR, own: "hiden" }] })).toThrow(/no tensor "hiden"/);
    expect(other({ kind: "match-features", pairs: [{ ...PAIR, shape: [7, 2] }] })).toThrow(/\[3\].*\[7, 2\]/);
    expect(other({ kind: "match-features", pairs: [] })).toThrow(/no features/);
    expect(other({ kind: "soft-classes", temperature: 0 })).toThrow(/temperature is 0/);
  });
});
