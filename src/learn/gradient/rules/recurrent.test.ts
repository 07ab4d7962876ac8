// The unrolled cells are the operators: the training form's loss against that of the operator itself, as ONNX Runtime has it.
import { describe, expect, it } from "vitest";
import { openGraph } from "../../../../test/support/run-graph.ts";
import { wave } from "../../../../test/support/wave.ts";
import { type AttributeValue, NetworkBuilder } from "../../../graph/build.ts";
import type { Graph } from "../../../graph/graph.ts";
import { evaluationGraph, gradientGraph } from "../../differentiate.ts";

const [LENGTH, FEATURES, HIDDEN] = [4, 3, 5];

interface Case {
  readonly op: "RNN" | "GRU" | "LSTM";
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** With a bias and first states. */
  readonly whole?: boolean;
}

function network({ op, attributes = {}, whole = false }: Case, lengths = ""): Graph {
  const gates = { RNN: 1, GRU: 3, LSTM: 4 }[op];
  const directions = attributes.direction === "bidirectional" ? 2 : 1;
  const first = attributes.layout === 1;
  const b = new NetworkBuilder("recurrent");
  const x = b.input("x", first ? ["batch", LENGTH, FEATURES] : [LENGTH, "batch", FEATURES]);
  const draw = (name: string, shape: readonly number[]) =>
    b.weight(name, shape, { kind: "uniform", bound: 0.6, seed: b.nextSeed() });
  const inputs = [
    x,
    draw("w", [directions, gates * HIDDEN, FEATURES]),
    draw("r", [directions, gates * HIDDEN, HIDDEN]),
  ];
  const state = first ? [2, directions, HIDDEN] : [directions, 2, HIDDEN];
  if (whole) inputs.push(draw("b", [directions, 2 * gates * HIDDEN]), lengths, draw("h", state));
  if (whole && op === "LSTM") inputs.push(draw("c", state));
  if (!whole && lengths !== "") inputs.push("", b.constant("lengths", "int32", [LENGTH, LENGTH - 1]));
  const outputs = b.layers(op, inputs, op === "LSTM" ? 3 : 2, { attributes: { hidden_size: HIDDEN, ...attributes } });
  // all steps and last states take part
  const flat = outputs.map((output) => b.layer("Reshape", [output, b.constant("shape", "int64", [2, -1])]));
  b.output(b.layer("Concat", flat, { attributes: { axis: 1 } }));
  return b.graph();
}

const CASES: readonly Case[] = [
  { op: "RNN" },
  { op: "RNN", whole: true, attributes: { direction: "reverse" } },
  { op: "GRU", whole: true },
  { op: "GRU", whole: true, attributes: { linear_before_reset: 1 } },
  { op: "GRU", attributes: { direction: "bidirectional" } },
  { op: "LSTM" },
  { op: "LSTM", whole: true, attributes: { direction: "bidirectional" } },
];

describe("recurrent layers in training form", () => {
  for (const one of CASES) {
    it(`give what the operator gives: ${JSON.stringify(one)}`, async () => {
      const options = { loss: { kind: "mse" }, batch: 2 } as const;
      const [trained, judged] = [gradientGraph(network(one), options), evaluationGraph(network(one), options)];
      expect(judged.graph.layers.some(({ op }) => op === one.op)).toBe(true);
      expect(trained.graph.layers.some(({ op }) => op === one.op)).toBe(false);
      const losses = await Promise.all(
        [trained, judged].map(async ({ graph, loss }) => {
          const fed = graph.inputs.map((name) => [name, wave(name, graph.tensors.get(name)!.shape as number[])]);
          return (await (await openGraph(graph)).run(Object.fromEntries(fed)))[loss]![0]!;
        }),
      );
      expect(losses[0]! / losses[1]!).toBeCloseTo(1, 5);
      expect(losses[0]).toBeGreaterThan(0.1);
    });
  }

  it("refuse what the equations leave out, with the layer", () => {
    const attempt = (one: Case, lengths?: string) => () =>
      gradientGraph(network(one, lengths), { loss: { kind: "mse" }, batch: 2 });
    const odd = { kind: "strings", value: ["Relu"] } as const;
    expect(attempt({ op: "RNN", attributes: { activations: odd } })).toThrow(/layer "rnn".*functions are Relu/);
    expect(attempt({ op: "LSTM", attributes: { input_forget: 1 } })).toThrow(/layer "lstm".*coupled/);
    expect(attempt({ op: "GRU" }, "some")).toThrow(/layer "gru".*lengths 4,3, expected all of 4/);
  });
});
