import { describe, expect, it } from "vitest";
import { bestBatch } from "./best-batch.ts";

const row = (batch: number, perSampleJ: number, halfJ: number, grossPerSampleJ: number) => ({
  batch,
  perSampleJ,
  lowJ: perSampleJ - halfJ,
  highJ: perSampleJ + halfJ,
  grossPerSampleJ,
});
const batches = (rows: readonly { readonly batch: number }[]) => rows.map(({ batch }) => batch);

describe("the batch of least energy", () => {
  it("is that of least net joules where they are above 0", () => {
    const { best, isByGross, alike } = bestBatch([row(1, 9, 1, 20), row(2, 5, 1, 19), row(4, 6.5, 1, 10)]);
    expect([best.batch, isByGross, batches(alike)]).toEqual([2, false, [4]]);
  });

  it("is that of least gross joules where the least net ones may be 0", () => {
    const { best, isByGross } = bestBatch([row(1, 9, 1, 20), row(2, -5, 8, 19), row(4, 3, 5, 10)]);
    expect([best.batch, isByGross]).toEqual([4, true]);
  });

  it("is not told apart from any whose interval overlaps, on either side", () => {
    const { best, alike } = bestBatch([row(1, 30, 4, 50), row(8, 28, 1, 40), row(16, 25, 10, 30), row(32, 90, 1, 99)]);
    expect([best.batch, batches(alike)]).toEqual([16, [1, 8]]);
  });
});
