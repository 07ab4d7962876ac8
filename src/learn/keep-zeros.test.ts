// Weights that are 0 stay 0, bit by bit, under every optimiser, with decay, clipping and accumulation; the others learn.
import { describe, expect, it } from "vitest";
import { openGraph } from "../../test/support/run-graph.ts";
import { filled, wave } from "../../test/support/wave.ts";
import { NetworkBuilder } from "../graph/build.ts";
import { linear, relu } from "../zoo/pieces.ts";
import { differentiate } from "./differentiate.ts";
import type { DifferentiateOptions, OptimiserSpec, TrainingGraph } from "./training-graph.ts";

const [BATCH, FEATURES, WIDTH, OUT] = [6, 5, 8, 4];

function network() {
  const b = new NetworkBuilder("pruned");
  const hidden = relu(b, linear(b, b.input("input", ["batch", FEATURES]), WIDTH, "fc1"));
  b.output(linear(b, hidden, OUT, "fc2"));
  return b.graph();
}

const sizeOf = ({ type }: { readonly type: { readonly shape: unknown } }) =>
  (type.shape as readonly number[]).reduce((a, b) => a * b, 1);

const isPruned = (i: number): boolean => i % 3 !== 1;

/** Every bias begins with 0 too. */
function start(made: TrainingGraph): Record<string, readonly number[]> {
  return Object.fromEntries(
    made.state.map((entry) => {
      const zeros = new Array<number>(sizeOf(entry)).fill(0);
      if (!entry.name.endsWith("weight") || entry.role === "moment") return [entry.input, zeros];
      return [entry.input, filled(entry.name, entry.type.shape as number[]).map((w, i) => (isPruned(i) ? 0 : w))];
    }),
  );
}

async function trained(options: Omit<DifferentiateOptions, "batch" | "loss">, steps: number) {
  const made = differentiate(network(), { loss: { kind: "mse" }, batch: BATCH, ...options });
  const running = await openGraph(made.graph);
  let state = start(made);
  for (let step = 0; step < steps; step++) {
    const fed = made.inputs.map((entry) => [entry.name, wave(`${entry.role}${step}`, entry.type.shape as number[])]);
    const numbers = { lr: 0.05, step: Math.floor(step / 2) + 1, seed: step, apply: step % 2 };
    const settings = made.settings.map(({ name, input }) => [input, [numbers[name]]]);
    const results = await running.run({ ...state, ...Object.fromEntries([...fed, ...settings]) });
    state = Object.fromEntries(made.state.map(({ input, output }) => [input, results[output]!]));
  }
  return state;
}

const OPTIMISERS: readonly OptimiserSpec[] = [
  { kind: "sgd", momentum: 0.9, weightDecay: 0.1 },
  { kind: "sgd", momentum: 0.9, nesterov: true },
  { kind: "adam", weightDecay: 0.1 },
  { kind: "adamw", weightDecay: 0.1 },
  { kind: "lamb" },
];

describe("keepZeros", () => {
  for (const optimiser of OPTIMISERS) {
    it(`holds pruned weights at 0: ${JSON.stringify(optimiser)}`, async () => {
      const state = await trained({ optimiser, keepZeros: true, clipNorm: 1, accumulate: 2 }, 6);
      const begun = start(differentiate(network(), { loss: { kind: "mse" }, batch: BATCH, optimiser }));
      for (const name of ["fc1/weight", "fc2/weight"]) {
        const weights = state[name]!;
        expect(weights.filter((w, i) => isPruned(i) && w !== 0)).toEqual([]);
        const still = weights.filter((w, i) => !isPruned(i) && w === begun[name]![i]);
        expect(still.length).toBeLessThan(weights.length / 6);
      }
      expect(state["fc2/bias"]!.every((w) => w !== 0)).toBe(true);
    });
  }

  it("does nothing unless asked, and only where it is asked", async () => {
    const free = await trained({ optimiser: { kind: "adam" } }, 4);
    expect(free["fc2/weight"]!.filter((w, i) => isPruned(i) && w === 0)).toEqual([]);
    const named = await trained({ optimiser: { kind: "adam" }, keepZeros: (name) => name === "fc2/bias" }, 4);
    expect(named["fc2/bias"]!.every((w) => w === 0)).toBe(true);
    expect(named["fc2/weight"]!.filter((w, i) => isPruned(i) && w === 0)).toEqual([]);
  });
});
