import { describe, expect, it } from "vitest";
import { countGraph } from "../work/count-graph.ts";
import { buildTransformerEncoder, TRANSFORMER_ENCODER } from "./transformer-encoder.ts";

/** Per layer: query, key, value and output with bias; two dense layers with bias; two normalisations. */
const params = (features: number, layers: number): number =>
  layers * (4 * (features ** 2 + features) + (8 * features ** 2 + 5 * features) + 4 * features);

/** Per layer: four projections, Q·Kᵀ and weights·V over all heads, two dense layers of 4× width. */
const macs = (features: number, layers: number, sequence: number): number =>
  layers * (4 * sequence * features ** 2 + 2 * sequence ** 2 * features + 8 * sequence * features ** 2);

describe("the transformer encoder", () => {
  it("has the counts derived by hand, and those of torch.nn.TransformerEncoder", () => {
    const report = countGraph(TRANSFORMER_ENCODER.build(), { batch: 1 });
    expect(report.unknown).toEqual([]);
    expect(report.total.params).toBe(params(256, 4));
    expect(report.total.params).toBe(3_159_040);
    expect(report.total.macs).toBe(macs(256, 4, 128));
    expect(TRANSFORMER_ENCODER.published).toMatchObject({ params: 3_159_040, macs: 436_207_616 });
    expect(report.total.macs).toBe(436_207_616);
  });

  it("keeps the shape of its input", () => {
    const report = countGraph(TRANSFORMER_ENCODER.build(), { batch: 2 });
    expect(report.layers.at(-1)!.outputShape).toEqual([2, 128, 256]);
    expect(report.layers.find(({ name }) => name === "layer1/attention/scores")!.outputShape).toEqual([2, 4, 128, 128]);
  });

  it.each([
    [{ width: 0.5, depth: 2, sequence: 16 }, 128, 2, 16],
    [{ width: 2, depth: 1 }, 512, 1, 128],
    [{ width: 0.01, depth: 1 }, 64, 1, 128],
  ])("follows %j", (options, features, layers, sequence) => {
    const report = countGraph(buildTransformerEncoder(options), { batch: 1 });
    expect(report.total.params).toBe(params(features, layers));
    expect(report.total.macs).toBe(macs(features, layers, sequence));
  });
});
