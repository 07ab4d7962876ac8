// Ten steps of every optimiser and loss on a dense layer against PyTorch's in float64 (test/fixtures/gradients), and what
// the options of differentiate() do.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openGraph } from "../../test/support/run-graph.ts";
import { filled, wave } from "../../test/support/wave.ts";
import { NetworkBuilder } from "../graph/build.ts";
import { InputError } from "../units/input-error.ts";
import { batchNorm, conv, flatten, linear } from "../zoo/pieces.ts";
import { differentiate } from "./differentiate.ts";
import { scheduleOf } from "./optimisers/schedule.ts";
import type { DifferentiateOptions, LossSpec, TrainingGraph } from "./training-graph.ts";

const FIXTURE = new URL("../../test/fixtures/gradients/training.json", import.meta.url);
interface Recorded {
  readonly losses: readonly number[];
  readonly weight: readonly number[];
  readonly bias: readonly number[];
}
const RECORDED: Readonly<Record<string, Recorded>> = JSON.parse(readFileSync(FIXTURE, "utf8")).results;
const [BATCH, FEATURES, OUT] = [6, 5, 4];

function dense() {
  const b = new NetworkBuilder("dense");
  b.output(linear(b, b.input("input", ["batch", FEATURES]), OUT, "fc"));
  return b.graph();
}

type Options = Omit<DifferentiateOptions, "batch">;
const CLASSES: LossSpec = { kind: "cross-entropy" };
const sgd = (more: object = {}) => ({ kind: "sgd", ...more }) as const;

const RUNS: Readonly<Record<string, Options & { readonly lr: number }>> = {
  sgd: { optimiser: sgd(), loss: CLASSES, lr: 0.1 },
  "sgd momentum decay": { optimiser: sgd({ momentum: 0.9, weightDecay: 0.01 }), loss: CLASSES, lr: 0.1 },
  "sgd nesterov": { optimiser: sgd({ momentum: 0.8, nesterov: true }), loss: { kind: "mse" }, lr: 0.1 },
  adam: { optimiser: { kind: "adam" }, loss: { kind: "bce" }, lr: 0.1 },
  "adam decay": {
    optimiser: { kind: "adam", beta1: 0.8, beta2: 0.95, weightDecay: 0.1 },
    loss: { kind: "kl", temperature: 3 },
    lr: 0.1,
  },
  adamw: { optimiser: { kind: "adamw", weightDecay: 0.05 }, loss: { kind: "cross-entropy", smoothing: 0.1 }, lr: 0.1 },
  lamb: { optimiser: { kind: "lamb" }, loss: CLASSES, lr: 0.1 },
  clipped: { optimiser: sgd(), loss: CLASSES, clipNorm: 0.2, lr: 0.5 },
  accumulated: { optimiser: { kind: "adam" }, loss: CLASSES, accumulate: 2, lr: 0.1 },
  "masked classes": { optimiser: sgd(), loss: { kind: "cross-entropy", masked: true }, lr: 0.5 },
  "masked bits": { optimiser: sgd(), loss: { kind: "bce", masked: true }, lr: 0.5 },
  "masked squares": { optimiser: sgd(), loss: { kind: "mse", masked: true }, lr: 0.5 },
  penalties: {
    optimiser: sgd(),
    loss: {
      kind: "sum",
      terms: [
        { weight: 1, loss: CLASSES },
        { weight: 0.1, loss: { kind: "l1" } },
        { weight: 0.2, loss: { kind: "l2" } },
      ],
    },
    lr: 0.1,
  },
};

const shapeOf = (type: { readonly shape: unknown }) => type.shape as readonly number[];

/** What is fed in step `step`, as make.py has it. */
function fedIn(made: TrainingGraph, name: string, step: number, lr: number, every: number) {
  const bits = /bce|bits/.test(JSON.stringify(RUNS[name]!.loss)) || name === "masked bits";
  const fed = made.inputs.map(({ name: input, role, type }) => {
    const shape = shapeOf(type);
    const count = shape.reduce((a, b) => a * b, 1);
    if (role === "data") return [input, wave(`input${step}`, shape)];
    if (role === "mask") return [input, Array.from({ length: count }, (_, i) => (i % 3 > 0 ? 1 : 0))];
    if (type.dtype === "int64") return [input, Array.from({ length: count }, (_, i) => (i * (step + 1)) % OUT)];
    const target = wave(`label${step}`, shape);
    const teacher = RUNS[name]!.loss.kind === "kl";
    return [input, bits ? target.map((v) => (v > 0 ? 1 : 0)) : teacher ? target.map((v) => 4 * v) : target];
  });
  const numbers = { lr, step: Math.floor(step / every) + 1, seed: step, apply: (step + 1) % every === 0 ? 1 : 0 };
  return [...fed, ...made.settings.map((setting) => [setting.input, [numbers[setting.name]]])];
}

const initial = (made: TrainingGraph): Record<string, readonly number[]> =>
  Object.fromEntries(
    made.state.map(({ name, input, role, type }) => {
      const shape = shapeOf(type);
      const count = shape.reduce((a, b) => a * b, 1);
      return [input, role === "moment" ? new Array<number>(count).fill(0) : filled(name, shape)];
    }),
  );

async function train(name: string, steps: number) {
  const { lr, ...options } = RUNS[name]!;
  const made = differentiate(dense(), { ...options, batch: BATCH });
  const running = await openGraph(made.graph);
  let state = initial(made);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const feeds = Object.fromEntries(fedIn(made, name, step, lr, options.accumulate ?? 1));
    const results = await running.run({ ...state, ...feeds });
    losses.push(results[made.loss]![0]!);
    state = Object.fromEntries(made.state.map(({ input, output }) => [input, results[output]!]));
  }
  return { losses, state };
}

const largestDifference = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));

describe("ten steps", () => {
  it("has a recorded run for each", () => {
    expect(Object.keys(RUNS)).toEqual(Object.keys(RECORDED));
  });

  for (const name of Object.keys(RUNS)) {
    it(`go as in PyTorch: ${name}`, async () => {
      const { losses, state } = await train(name, 10);
      const recorded = RECORDED[name]!;
      expect(largestDifference(losses, recorded.losses)).toBeLessThan(1e-5);
      expect(largestDifference(state["fc/weight"]!, recorded.weight)).toBeLessThan(1e-5);
      expect(largestDifference(state["fc/bias"]!, recorded.bias)).toBeLessThan(1e-5);
    });
  }
});

describe("differentiate", () => {
  it("leaves layers alone that are not to learn", () => {
    const made = differentiate(dense(), {
      loss: CLASSES,
      optimiser: { kind: "adam" },
      batch: 2,
      trainable: (name) => name.endsWith("bias"),
    });
    expect(made.state.map(({ name, role }) => `${role} ${name}`)).toEqual([
      "parameter fc/bias",
      "moment small_float32/mean",
      "moment small_float32/square",
    ]);
    expect(made.graph.weights.has("fc/weight")).toBe(true);
  });

  it("keeps running statistics as they are when asked", () => {
    const b = new NetworkBuilder("normalised");
    b.output(flatten(b, batchNorm(b, conv(b, b.input("x", ["batch", 2, 3, 3]), 2, { kernel: 3 }))));
    const roles = (statistics: "batch" | "running") =>
      differentiate(b.graph(), { loss: CLASSES, optimiser: sgd(), batch: 2, statistics }).state.map(({ role }) => role);
    expect(roles("batch").filter((role) => role === "statistic")).toHaveLength(2);
    expect(roles("running").filter((role) => role === "statistic")).toHaveLength(0);
  });

  it("draws dropout's mask from the seed alone, with the probability asked for", async () => {
    const b = new NetworkBuilder("dropping");
    const x = linear(b, b.input("x", ["batch", 4]), 400);
    b.output(b.layer("Dropout", [x, b.constant("ratio", "float32", [0.3], [])]));
    const made = differentiate(b.graph(), { loss: { kind: "mse" }, optimiser: sgd(), batch: 25 });
    const running = await openGraph(made.graph);
    const output = made.outputs.output!;
    const draw = async (seed: number) => {
      const feeds = {
        x: new Array<number>(100).fill(1),
        label: new Array<number>(10_000).fill(0),
        "train/lr": [0],
        "train/seed": [seed],
      };
      return (await running.run({ ...initial(made), ...feeds }))[output]!.map((v) => (v === 0 ? 0 : 1));
    };
    const [first, again, other] = [await draw(1), await draw(1), await draw(2)];
    expect(again).toEqual(first);
    const share = (mask: readonly number[]) => mask.reduce((a: number, v) => a + v, 0) / mask.length;
    for (const mask of [first, other]) expect(Math.abs(share(mask) - 0.7)).toBeLessThan(0.02);
    // independent masks agree with probability 0.7² + 0.3²
    expect(Math.abs(share(first.map((v, i) => (v === other[i] ? 1 : 0))) - 0.58)).toBeLessThan(0.03);
    const neighbours = first.slice(1).map((v, i) => (v === first[i] ? 1 : 0));
    expect(Math.abs(share(neighbours) - 0.58)).toBeLessThan(0.03);
  });

  it("names the layer whose operator has no rule", () => {
    const b = new NetworkBuilder("odd");
    const x = linear(b, b.input("x", ["batch", 4]), 4);
    b.output(b.layer("Hardmax", [x], { name: "choice" }));
    const attempt = () => differentiate(b.graph(), { loss: { kind: "mse" }, optimiser: sgd(), batch: 2 });
    expect(attempt).toThrow(InputError);
    expect(attempt).toThrow(/layer "choice": operator Hardmax has no gradient rule/);
  });

  it("refuses what cannot be", () => {
    const options = { loss: CLASSES, optimiser: sgd(), batch: 2 } as const;
    const old = { ...dense(), opsets: new Map([["", 6]]) };
    expect(() => differentiate(old, options)).toThrow(/operator set 6, training needs 7/);
    expect(() => differentiate(dense(), { ...options, trainable: () => false })).toThrow(
      /no weight of the network learns/,
    );
    expect(() => differentiate(dense(), { ...options, output: "logit" })).toThrow(/unknown output "logit"/);
    expect(() => differentiate(dense(), { ...options, optimiser: sgd({ momentum: 1 }) })).toThrow(/momentum is 1/);
    expect(() => differentiate(dense(), { ...options, clipNorm: 0 })).toThrow(/expected above 0/);
    expect(() => differentiate(dense(), { ...options, accumulate: 1.5 })).toThrow(/accumulate is 1.5/);
    expect(() => differentiate(dense(), { ...options, loss: { kind: "kl", temperature: 0 } })).toThrow(
      /temperature is 0/,
    );
    expect(() => differentiate(dense(), { ...options, loss: { kind: "kl", temperature: 200 } })).toThrow(
      /temperature is 200, expected 0.001 to 100/,
    );
  });
});

describe("losses", () => {
  /** Logits [batch, 3, 2] and what follows. */
  const ending = (op: string, axis: number) => {
    const b = new NetworkBuilder("ending");
    const x = linear(b, b.input("x", ["batch", 4]), 6);
    const logits = b.layer("Reshape", [x, b.constant("shape", "int64", [-1, 3, 2])]);
    b.output(b.layer(op, [logits], { attributes: { axis } }));
    return { graph: b.graph(), logits };
  };
  const made = (op: string, axis: number, loss: LossSpec) => {
    const { graph, logits } = ending(op, axis);
    return { logits, ...differentiate(graph, { loss, optimiser: sgd(), batch: 2 }) };
  };

  it("take a final Softmax into themselves", () => {
    const { outputs, logits, inputs } = made("Softmax", -2, CLASSES);
    expect(outputs.output).toBe(logits);
    expect(inputs.find(({ role }) => role === "label")?.type).toEqual({ dtype: "int64", shape: [2, 2] });
  });

  it("refuse an output without classes on axis 1", () => {
    expect(() => made("Softmax", 2, CLASSES)).toThrow(/a Softmax along axis 2 of 3, expected classes on axis 1/);
    expect(() => made("Softmax", -1, { kind: "kl" })).toThrow(/expected classes on axis 1/);
  });
});

describe("scheduleOf", () => {
  const rates = (lr: number, spec: Parameters<typeof scheduleOf>[1], steps: readonly number[]) =>
    steps.map(scheduleOf(lr, spec));

  it("rises, then follows its shape", () => {
    expect(rates(2, { kind: "constant", warmupSteps: 4 }, [1, 2, 4, 5, 100])).toEqual([0.5, 1, 2, 2, 2]);
    expect(rates(1, { kind: "step", every: 2, factor: 0.5 }, [1, 2, 3, 4, 5])).toEqual([1, 1, 0.5, 0.5, 0.25]);
    expect(rates(1, { kind: "linear", steps: 4 }, [1, 2, 3, 5, 9])).toEqual([1, 0.75, 0.5, 0, 0]);
    const cosine = rates(1, { kind: "cosine", steps: 10, end: 0.1, warmupSteps: 2 }, [2, 3, 7, 11, 50]);
    expect(cosine[0]).toBe(1);
    expect(cosine[1]).toBe(1);
    expect(cosine[2]).toBeCloseTo(0.55, 12);
    expect(cosine[3]).toBeCloseTo(0.1, 12);
    expect(cosine[4]).toBeCloseTo(0.1, 12);
  });

  it("refuses numbers out of range", () => {
    expect(() => scheduleOf(0)).toThrow(/learning rate is 0/);
    expect(() => scheduleOf(1, { kind: "cosine", steps: 0 })).toThrow(/steps is 0/);
    expect(() => scheduleOf(1, { kind: "step", every: 1, factor: -1 })).toThrow(/factor is -1/);
  });
});
