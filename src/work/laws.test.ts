// Laws of counting, on random small networks: sums, scaling with the batch, 1 MAC = 2 FLOPs, training costs no less.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../graph/build.ts";
import { inferShapes } from "../graph/shape/infer.ts";
import { FLOPS_PER_MAC } from "../units/quantity.ts";
import { add, batchNorm, concat, conv, flatten, globalAveragePool, linear, maxPool, relu } from "../zoo/pieces.ts";
import { type CountOptions, countWork } from "./count.ts";
import { sumWork } from "./total.ts";
import { OPTIMISERS } from "./training.ts";
import type { Work, WorkReport } from "./work.ts";

const PIECES = ["conv", "depthwise", "bn", "relu", "pool", "residual", "concat", "sigmoid"] as const;
type Piece = (typeof PIECES)[number];

function append(b: NetworkBuilder, x: string, piece: Piece, width: number): string {
  const channels = b.length(x, 1);
  switch (piece) {
    case "conv":
      return conv(b, x, width, { kernel: 3, pad: 1 });
    case "depthwise":
      return conv(b, x, channels, { kernel: 3, pad: 1, groups: channels, bias: false });
    case "bn":
      return batchNorm(b, x);
    case "relu":
      return relu(b, x);
    case "pool":
      return b.length(x, 2) < 2 ? x : maxPool(b, x, { kernel: 2 });
    case "residual":
      return add(b, conv(b, x, channels, { kernel: 1 }), x);
    case "concat":
      return concat(b, [x, relu(b, x)]);
    case "sigmoid":
      return b.layer("Sigmoid", [x]);
  }
}

interface Net {
  readonly channels: number;
  readonly side: number;
  readonly pieces: readonly { readonly piece: Piece; readonly width: number }[];
}

const net: fc.Arbitrary<Net> = fc.record({
  channels: fc.integer({ min: 1, max: 4 }),
  side: fc.integer({ min: 2, max: 12 }),
  pieces: fc.array(fc.record({ piece: fc.constantFrom(...PIECES), width: fc.integer({ min: 1, max: 6 }) }), {
    maxLength: 8,
  }),
});

function count({ channels, side, pieces }: Net, batch: number, options: CountOptions = {}): WorkReport {
  const b = new NetworkBuilder("net");
  let x = b.input("x", [batch, channels, side, side]);
  pieces.forEach(({ piece, width }, i) => {
    x = b.scope(`part${i}`, () => append(b, x, piece, width));
  });
  b.output(linear(b, flatten(b, globalAveragePool(b, x)), 3));
  return countWork(inferShapes(b.graph()), options);
}

const KEYS = Object.keys(sumWork([])) as (keyof Work)[];
const pick = (work: Work): number[] => KEYS.map((key) => work[key]);
const run = { seed: 20240, numRuns: 60 };

describe("laws", () => {
  it("total = sum of layers = sum of blocks, in both phases", () => {
    fc.assert(
      fc.property(net, fc.constantFrom("inference", "training"), (given, phase) => {
        const { layers, blocks, total } = count(given, 2, { phase: phase as "inference" });
        expect(pick(sumWork(layers))).toEqual(pick(total));
        expect(pick(sumWork(blocks))).toEqual(pick(total));
        expect(blocks.reduce((sum, block) => sum + block.layers, 0)).toBe(layers.length);
      }),
      run,
    );
  });
  it("flops = 2 · macs + the rest, for every layer, and nothing is negative or fractional", () => {
    fc.assert(
      fc.property(net, (given) => {
        for (const layer of count(given, 1, { phase: "training", optimiser: "adam" }).layers) {
          expect(layer.flops).toBe(FLOPS_PER_MAC * layer.macs + layer.muls + layer.adds + layer.others);
          for (const value of pick(layer)) expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
        }
      }),
      run,
    );
  });
  it("arithmetic and activations grow linearly with the batch, weights do not", () => {
    fc.assert(
      fc.property(net, fc.integer({ min: 2, max: 9 }), (given, batch) => {
        const one = count(given, 1);
        const many = count(given, batch);
        expect(many.batch).toBe(batch);
        expect(many.total.macs).toBe(batch * one.total.macs);
        expect(many.total.flops).toBe(batch * one.total.flops);
        expect(many.total.writtenBytes).toBe(batch * one.total.writtenBytes);
        expect(many.peakActivationBytes).toBe(batch * one.peakActivationBytes);
        expect(many.total.params).toBe(one.total.params);
        expect(many.total.weightBytes).toBe(one.total.weightBytes);
      }),
      run,
    );
  });
  it("a training step costs no less than a pass, layer by layer, and backward at most twice its MACs", () => {
    fc.assert(
      fc.property(
        net,
        fc.constantFrom(...(Object.keys(OPTIMISERS) as (keyof typeof OPTIMISERS)[])),
        (given, optimiser) => {
          const pass = count(given, 2);
          const step = count(given, 2, { phase: "training", optimiser });
          expect(step.peakActivationBytes).toBeGreaterThanOrEqual(pass.peakActivationBytes);
          pass.layers.forEach((layer, i) => {
            const trained = step.layers[i]!;
            expect(trained.flops).toBeGreaterThanOrEqual(layer.flops);
            expect(trained.readBytes).toBeGreaterThanOrEqual(layer.readBytes);
            expect(trained.macs).toBeLessThanOrEqual(3 * layer.macs);
            expect(trained.params).toBe(layer.params);
          });
        },
      ),
      run,
    );
  });
  it("the peak is at least every layer's output and at most all activations together", () => {
    fc.assert(
      fc.property(net, (given) => {
        const { layers, peakActivationBytes } = count(given, 1);
        for (const layer of layers) expect(peakActivationBytes).toBeGreaterThanOrEqual(layer.writtenBytes);
        expect(peakActivationBytes).toBeLessThanOrEqual(count(given, 1, { phase: "training" }).peakActivationBytes);
      }),
      run,
    );
  });
});
