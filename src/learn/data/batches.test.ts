// Shuffling by seed, order, shapes and labels: what reaches a step is what was stored.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TensorType } from "../../graph/graph.ts";
import type { Tensors } from "../../runtime/runtime.ts";
import type { FedTensor } from "../training-graph.ts";
import { type Batches, orderedBatches, shuffledBatches } from "./batches.ts";
import { checkLabels, classes, type DataSet, dataSet, limited, pixels, slice } from "./data-set.ts";

const fed = (name: string, role: FedTensor["role"], type: TensorType): FedTensor => ({ name, role, type });
const inputs = (batch: number): readonly FedTensor[] => [
  fed("x", "data", { dtype: "float32", shape: [batch, 1, 1, 2] }),
  fed("y", "label", { dtype: "int64", shape: [batch] }),
];
/** Sample i has pixels i, 255 - i and label i. */
function counted(samples: number): DataSet {
  const values = Uint8Array.from({ length: 2 * samples }, (_, k) => (k % 2 === 0 ? k / 2 : 255 - (k - 1) / 2));
  return dataSet("counted", [
    pixels("x", [1, 2], values),
    classes(
      "y",
      Uint8Array.from({ length: samples }, (_, i) => i),
    ),
  ]);
}
async function labelsOf(batches: Batches, epoch: number, from = 0): Promise<number[]> {
  const labels: number[] = [];
  for await (const feeds of batches.epoch(epoch, from)) {
    const { x, y } = feeds as Tensors & { x: { data: Float32Array }; y: { data: BigInt64Array } };
    for (const [i, label] of [...y.data].map(Number).entries()) {
      expect(x.data[2 * i]).toBeCloseTo(label / 255, 6);
      expect(x.data[2 * i + 1]).toBeCloseTo((255 - label) / 255, 6);
      labels.push(label);
    }
  }
  return labels;
}

describe("shuffledBatches", () => {
  it("gives whole batches of different samples, the same for the same seed and epoch", () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 3, max: 60 }),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(),
        async (n, batch, seed) => {
          const batches = shuffledBatches(counted(n), inputs(batch), seed);
          const labels = await labelsOf(batches, 1);
          expect(labels).toHaveLength(Math.floor(n / batch) * batch);
          expect(new Set(labels).size).toBe(labels.length);
          expect(await labelsOf(shuffledBatches(counted(n), inputs(batch), seed), 1)).toEqual(labels);
          expect(await labelsOf(batches, 1, 1)).toEqual(labels.slice(batch));
        },
      ),
      { numRuns: 30 },
    ));

  it("changes with the epoch and the seed", async () => {
    const batches = shuffledBatches(counted(50), inputs(5), 1);
    const first = await labelsOf(batches, 1);
    expect(await labelsOf(batches, 2)).not.toEqual(first);
    expect(await labelsOf(shuffledBatches(counted(50), inputs(5), 2), 1)).not.toEqual(first);
  });

  it("says what does not fit", () => {
    const code = (code: string) => expect.objectContaining({ code });
    expect(() => shuffledBatches(counted(3), inputs(4), 0)).toThrow(code("few-samples"));
    const other = [fed("x", "data", { dtype: "float32", shape: [1, 3] })];
    expect(() => shuffledBatches(counted(3), other, 0)).toThrow(/is \[1, 2\], input "x" of the network takes \[3\]/);
    const masked = [...inputs(1), fed("m", "mask", { dtype: "float32", shape: [1] })];
    expect(() => shuffledBatches(counted(3), masked, 0)).toThrow(code("no-column"));
    const halves = dataSet("h", [pixels("x", [2], new Uint8Array(2)), classes("y", Float32Array.of(0.5))]);
    expect(() => shuffledBatches(halves, inputs(1), 0)).toThrow(code("label-out-of-range"));
  });
});

describe("orderedBatches", () => {
  it("goes through the samples in order", async () => {
    expect(await labelsOf(orderedBatches(counted(7), inputs(3)), 0)).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe("a data set", () => {
  it("is cut into parts that share its numbers", () => {
    const part = slice(counted(10), 4, 6);
    expect(part.samples).toBe(2);
    expect(part.columns[1]!.values).toEqual(Uint8Array.of(4, 5));
    expect(limited(counted(3), 9).samples).toBe(3);
    expect(limited(counted(9), 3).samples).toBe(3);
  });

  it("is refused when it cannot be learned from", () => {
    const code = (code: string) => expect.objectContaining({ code });
    const y = classes("y", Uint8Array.of(0, 1));
    const x = (values: Float32Array) => ({ role: "data", name: "x", shape: [1], values, scale: 1 }) as const;
    expect(() => dataSet("d", [x(Float32Array.of(1, Number.NaN)), y])).toThrow(/sample 1 holds NaN/);
    expect(() => dataSet("d", [x(Float32Array.of(1)), y])).toThrow(code("unequal-columns"));
    expect(() => dataSet("d", [])).toThrow(code("no-samples"));
    expect(() => checkLabels(classes("y", Uint8Array.of(0, 10)), 10)).toThrow(/sample 1 is 10.*classes 0 to 9/);
    expect(() => checkLabels(classes("y", Int8Array.of(-1)), 10)).toThrow(code("label-out-of-range"));
    expect(checkLabels(classes("y", Uint8Array.of(9, 0)), 10)).toBeUndefined();
  });
});
