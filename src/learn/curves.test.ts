// A hundred training steps of small networks against PyTorch's in float64 (test/fixtures/gradients/curves.py): batch normalisation,
// separable and dilated convolutions, residual blocks, under every optimiser; and the trained state in inference mode.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { residualNetwork } from "../../test/support/residual.ts";
import { openGraph } from "../../test/support/run-graph.ts";
import { filled, wave } from "../../test/support/wave.ts";
import { NetworkBuilder } from "../graph/build.ts";
import type { Graph, TensorType } from "../graph/graph.ts";
import { buildDeepRx } from "../zoo/deeprx.ts";
import { batchNorm, conv, flatten, linear, maxPool, relu } from "../zoo/pieces.ts";
import { differentiate, evaluationGraph } from "./differentiate.ts";
import type { FedTensor, LossSpec, OptimiserSpec } from "./training-graph.ts";

interface Recorded {
  readonly losses: readonly number[];
  /** Loss of batch 0 in inference mode, before and after. */
  readonly inferred: readonly [number, number];
  /** By how much PyTorch in float32 leaves its own curve in float64. */
  readonly float32Deviation: number;
}
const FIXTURE = new URL("../../test/fixtures/gradients/curves.json", import.meta.url);
const RECORDED: Readonly<Record<string, Recorded>> = JSON.parse(readFileSync(FIXTURE, "utf8")).results;
const BATCHES = 4;
/** The largest difference of a loss that is still the same curve. Seen when this was written: 1.5e-4, most of them below 3e-6. */
const SAME = 1e-3;

function mnistWithBatchNorm(): Graph {
  const b = new NetworkBuilder("mnist-bn");
  let x = b.input("input", ["batch", 1, 28, 28]);
  for (const [i, channels] of [4, 8].entries()) {
    x = batchNorm(b, conv(b, x, channels, { name: `conv${i + 1}`, kernel: 5, pad: 2 }), `bn${i + 1}`);
    x = maxPool(b, relu(b, x), { kernel: 2 });
  }
  b.output(linear(b, relu(b, linear(b, flatten(b, x), 16, "fc1")), 10, "fc2"));
  return b.graph();
}

interface NetworkCase {
  readonly graph: () => Graph;
  readonly batch: number;
  readonly loss: LossSpec;
}
const NETWORKS: Readonly<Record<string, NetworkCase>> = {
  "mnist-cnn with batch norm": { graph: mnistWithBatchNorm, batch: 8, loss: { kind: "cross-entropy" } },
  "separable deeprx": {
    graph: () => buildDeepRx({ width: 0.125, depth: 3, bits: 4, subcarriers: 24 }),
    batch: 4,
    loss: { kind: "bce" },
  },
  residual: { graph: residualNetwork, batch: 8, loss: { kind: "cross-entropy" } },
};
const OPTIMISERS: Readonly<Record<string, { readonly optimiser: OptimiserSpec; readonly lr: number }>> = {
  adam: { optimiser: { kind: "adam", epsilon: 1e-5 }, lr: 1e-3 },
  adamw: { optimiser: { kind: "adamw", epsilon: 1e-5, weightDecay: 0.05 }, lr: 1e-3 },
  sgd: { optimiser: { kind: "sgd", momentum: 0.9, weightDecay: 1e-4 }, lr: 5e-3 },
  lamb: { optimiser: { kind: "lamb", epsilon: 1e-4 }, lr: 2e-3 },
};

const shapeOf = (type: TensorType) => type.shape as readonly number[];
const countOf = (type: TensorType) => shapeOf(type).reduce((a, b) => a * b, 1);

function fedIn(inputs: readonly FedTensor[], batch: number, classes: number) {
  const numbers = ({ role, type }: FedTensor): number[] => {
    if (role === "data") return wave(`input${batch}`, shapeOf(type));
    if (type.dtype === "int64") return Array.from({ length: countOf(type) }, (_, i) => (i * (batch + 1)) % classes);
    return wave(`label${batch}`, shapeOf(type)).map((v) => (v > 0 ? 1 : 0));
  };
  return Object.fromEntries(inputs.map((input) => [input.name, numbers(input)]));
}

async function curve(network: string, optimiser: string) {
  const { graph, batch, loss } = NETWORKS[network]!;
  const { lr, ...options } = OPTIMISERS[optimiser]!;
  const made = differentiate(graph(), { loss, batch, ...options });
  const classes = Number(graph().tensors.get(graph().outputs[0]!)?.shape?.[1]);
  const running = await openGraph(made.graph);
  const judging = evaluationGraph(graph(), { loss, batch });
  const judge = await openGraph(judging.graph);
  const inferred = async (state: Readonly<Record<string, readonly number[]>>) =>
    (await judge.run({ ...state, ...fedIn(judging.inputs, 0, classes) }))[judging.loss]![0]!;
  let state: Record<string, readonly number[]> = Object.fromEntries(
    made.state.map(({ name, input, role, type }) => [
      input,
      role === "moment" ? new Array<number>(countOf(type)).fill(0) : filled(name, shapeOf(type)),
    ]),
  );
  const before = await inferred(state);
  const losses: number[] = [];
  for (let step = 0; step < RECORDED[`${network}, ${optimiser}`]!.losses.length; step++) {
    const numbers = { lr, step: step + 1, seed: 0, apply: 1 };
    const settings = Object.fromEntries(made.settings.map(({ name, input }) => [input, [numbers[name]]]));
    const results = await running.run({ ...state, ...settings, ...fedIn(made.inputs, step % BATCHES, classes) });
    losses.push(results[made.loss]![0]!);
    state = Object.fromEntries(made.state.map(({ input, output }) => [input, results[output]!]));
  }
  return { losses, inferred: [before, await inferred(state)] };
}

const largest = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

describe("a hundred steps", () => {
  const names = Object.keys(NETWORKS).flatMap((network) =>
    Object.keys(OPTIMISERS).map((one) => [network, one] as const),
  );

  it("are recorded for every network and optimiser, and learn", () => {
    expect(Object.keys(RECORDED)).toEqual(names.map((name) => name.join(", ")));
    for (const { losses, float32Deviation } of Object.values(RECORDED)) {
      // else the course of the run would hang on rounding, and nobody could follow it
      expect(float32Deviation).toBeLessThan(SAME / 10);
      expect(losses).toHaveLength(100);
      expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.05);
    }
  });

  for (const [network, optimiser] of names) {
    it(`follow PyTorch's: ${network}, ${optimiser}`, async () => {
      const recorded = RECORDED[`${network}, ${optimiser}`]!;
      const { losses, inferred } = await curve(network, optimiser);
      expect(losses).toHaveLength(recorded.losses.length);
      const deviations = { losses: largest(losses, recorded.losses), inferred: largest(inferred, recorded.inferred) };
      expect(deviations.losses).toBeLessThan(SAME);
      expect(deviations.inferred).toBeLessThan(SAME);
    });
  }
});
