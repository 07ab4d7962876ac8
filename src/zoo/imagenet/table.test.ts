import { describe, expect, it } from "vitest";
import { countGraph } from "../../work/count-graph.ts";
import { MOBILENET_V2, toEights } from "./mobilenet-v2.ts";
import { IMAGENET_NETWORKS } from "./table.ts";

// Written out here once more and not read from the networks. Parameters: num_params on the model pages of torchvision.
// MACs: forward hooks on the modules of torchvision 0.29 (output elements × weights per output of Conv2d and Linear).
const COUNTS: Readonly<Record<string, readonly [params: number, macs: number]>> = {
  alexnet: [61_100_840, 714_188_480],
  vgg11: [132_863_336, 7_609_090_048],
  vgg13: [133_047_848, 11_308_466_176],
  vgg16: [138_357_544, 15_470_264_320],
  resnet18: [11_689_512, 1_814_073_344],
  resnet50: [25_557_032, 4_089_184_256],
  googlenet: [6_624_904, 1_498_376_192],
  densenet121: [7_978_856, 2_834_161_664],
  "mobilenet-v2": [3_504_872, 300_774_272],
  "efficientnet-b0": [5_288_548, 385_814_752],
  "shufflenet-v2": [2_278_604, 144_907_992],
};

describe("the ImageNet networks", () => {
  it("are those of torchvision", () => {
    expect(IMAGENET_NETWORKS.map(({ name }) => name)).toEqual(Object.keys(COUNTS));
  });

  for (const network of IMAGENET_NETWORKS) {
    it(`${network.name} has torchvision's parameters and MACs`, () => {
      const report = countGraph(network.build(), { batch: 1 });
      expect(report.unknown).toEqual([]);
      expect([report.total.params, report.total.macs]).toEqual(COUNTS[network.name]);
      expect([network.published!.params, network.published!.macs]).toEqual(COUNTS[network.name]);
    });

    it(`${network.name} ends in 1,000 classes at any batch, and its work grows with the batch`, () => {
      const report = countGraph(network.build(), { batch: 3 });
      expect(report.layers.at(-1)!.outputShape).toEqual([3, 1000]);
      expect(report.total.macs).toBe(3 * COUNTS[network.name]![1]);
      expect(report.total.params).toBe(COUNTS[network.name]![0]);
    });

    it(`${network.name} leaves the batch open and names its layers once`, () => {
      const graph = network.build();
      expect(graph.tensors.get(graph.inputs[0]!)!.shape).toEqual(["batch", 3, 224, 224]);
      expect(graph.tensors.get(graph.outputs[0]!)!.shape).toEqual(["batch", 1000]);
      expect(new Set(graph.layers.map(({ name }) => name)).size).toBe(graph.layers.length);
    });
  }

  it("draw other weights from another seed, and each weight has its own", () => {
    const seeds = (seed: number): number[] =>
      [...MOBILENET_V2.build({ seed }).weights.values()].flatMap((ref) =>
        ref.kind === "seeded" && ref.initialiser.kind === "uniform" ? [ref.initialiser.seed] : [],
      );
    const first = seeds(0);
    expect(new Set(first).size).toBe(first.length);
    expect(seeds(1_000)).toEqual(first.map((seed) => seed + 1_000));
  });
});

describe("MobileNetV2's width", () => {
  it("rounds to eights and never loses more than a tenth", () => {
    expect([4, 8, 11, 12, 18, 24, 33.6].map(toEights)).toEqual([8, 8, 16, 16, 24, 24, 32]);
  });

  // torchvision: mobilenet_v2(width_mult=0.5) and (1.4)
  it.each([
    [0.5, 1_968_680],
    [1.4, 6_108_776],
  ])("%d has torchvision's parameters", (width, params) => {
    expect(countGraph(MOBILENET_V2.build({ width }), { batch: 1 }).total.params).toBe(params);
  });

  it("must be a number above 0", () => {
    expect(() => MOBILENET_V2.build({ width: 0 })).toThrow(/width is 0, expected/);
  });
});
