// A step with recomputation gives what it gives without, up to rounding: loss, parameters, moments, running statistics, with dropout too; and needs
// less memory by the liveness of its tensors. Whether a runtime uses that is its own matter (bench/learn).
import { describe, expect, it } from "vitest";
import { openGraph } from "../../test/support/run-graph.ts";
import { filled, wave } from "../../test/support/wave.ts";
import { NetworkBuilder } from "../graph/build.ts";
import type { Graph, TensorType } from "../graph/graph.ts";
import { inferShapes } from "../graph/shape/infer.ts";
import { countWork } from "../work/count.ts";
import { findNetwork } from "../zoo/catalogue.ts";
import { buildDeepRx } from "../zoo/deeprx.ts";
import { batchNorm, conv, flatten, linear, relu } from "../zoo/pieces.ts";
import { buildTransformerEncoder } from "../zoo/transformer-encoder.ts";
import { differentiate } from "./differentiate.ts";
import { stepMemory } from "./memory.ts";
import type { LossSpec, TrainingGraph } from "./training-graph.ts";

const shapeOf = (type: TensorType) => type.shape as readonly number[];

/** Eight convolutions with batch normalisation and dropout. */
function deep(): Graph {
  const b = new NetworkBuilder("deep");
  let x = b.input("input", ["batch", 3, 10, 10]);
  for (let i = 0; i < 8; i++)
    x = b.scope(`block${i}`, () => {
      const y = relu(b, batchNorm(b, conv(b, x, 6, { kernel: 3, pad: 1 })));
      return b.layer("Dropout", [y, b.constant("ratio", "float32", [0.2], [])]);
    });
  b.output(linear(b, flatten(b, x), 5));
  return b.graph();
}

const NETWORKS: Readonly<
  Record<string, { readonly graph: () => Graph; readonly loss: LossSpec; readonly bound: number }>
> = {
  "batch normalisation and dropout": { graph: deep, loss: { kind: "cross-entropy" }, bound: 1e-6 },
  deeprx: {
    graph: () => buildDeepRx({ width: 0.125, depth: 5, bits: 4, subcarriers: 24 }),
    loss: { kind: "bce" },
    bound: 1e-6,
  },
  transformer: {
    graph: () => buildTransformerEncoder({ width: 0.25, depth: 3, sequence: 32 }),
    loss: { kind: "mse" },
    // the runtime fuses what has one reader, here another set of layers than without recomputation
    bound: 1e-4,
  },
};

async function oneStep(made: TrainingGraph) {
  const fed = made.inputs.map(({ name, role, type }) => {
    const numbers = wave(role, shapeOf(type));
    return [
      name,
      type.dtype === "int64" ? numbers.map((_, i) => i % 5) : numbers.map((v) => (role === "label" ? +(v > 0) : v)),
    ];
  });
  const state = made.state.map(({ name, input, role, type }) => [
    input,
    role === "moment" ? wave(input, shapeOf(type)).map((v) => 1e-3 * v * v) : filled(name, shapeOf(type)),
  ]);
  const numbers = { lr: [1e-2], step: [3], seed: [7], apply: [1] };
  const settings = made.settings.map(({ name, input }) => [input, numbers[name]]);
  return (await openGraph(made.graph)).run(Object.fromEntries([...fed, ...state, ...settings]));
}

describe("recompute", () => {
  for (const [name, { graph, loss, bound }] of Object.entries(NETWORKS)) {
    it(`gives the same numbers for less memory: ${name}`, async () => {
      const options = { loss, batch: 4, optimiser: { kind: "adam" } } as const;
      const plain = differentiate(graph(), options);
      const expected = await oneStep(plain);
      const before = stepMemory(plain).peakActivationBytes;
      for (const recompute of [true, 3] as const) {
        const made = differentiate(graph(), { ...options, recompute });
        expect(made.graph.layers.length).toBeGreaterThan(plain.graph.layers.length);
        expect(made.state).toEqual(plain.state);
        const found = await oneStep(made);
        for (const [tensor, numbers] of Object.entries(expected)) {
          const worst = Math.max(...numbers.map((v, i) => Math.abs(v - found[tensor]![i]!)));
          expect(worst, tensor).toBeLessThan(bound);
        }
        expect(stepMemory(made).peakActivationBytes).toBeLessThan(0.9 * before);
      }
      const best = stepMemory(differentiate(graph(), { ...options, recompute: true })).peakActivationBytes;
      for (const segments of [2, 3, 5])
        expect(
          stepMemory(differentiate(graph(), { ...options, recompute: segments })).peakActivationBytes,
        ).toBeGreaterThanOrEqual(best);
    });
  }

  it("is counted: a forward pass more at most, for less than a third of DeepRx's memory", () => {
    const graph = findNetwork("deeprx").build();
    const options = { loss: { kind: "bce" }, batch: 8, optimiser: { kind: "sgd" } } as const;
    const work = (made: TrainingGraph) => countWork(inferShapes(made.graph)).total.macs;
    const plain = differentiate(graph, options);
    const made = differentiate(graph, { ...options, recompute: true });
    expect(stepMemory(made).peakActivationBytes).toBeLessThan(0.33 * stepMemory(plain).peakActivationBytes);
    const ratio = work(made) / work(plain);
    expect(ratio).toBeGreaterThan(1.05);
    expect(ratio).toBeLessThan(4 / 3);
  });

  it("refuses a number that is none of segments", () => {
    const options = { loss: { kind: "cross-entropy" }, batch: 4, optimiser: { kind: "sgd" } } as const;
    expect(() => differentiate(deep(), { ...options, recompute: 1 })).toThrow(
      /1 segments, expected a whole number from 2/,
    );
  });
});
