// Every CIFAR-10 network is held to its published counts, its output shape, and a batch axis that stays free.
import { describe, expect, it } from "vitest";
import { bindDimensions } from "../../graph/bind.ts";
import { inferShapes } from "../../graph/shape/infer.ts";
import { countWork } from "../../work/count.ts";
import { CIFAR_NETWORKS } from "./table.ts";

const NAMES = [
  "cifar/densenet121",
  "cifar/dpn26",
  "cifar/efficientnet-b0",
  "cifar/googlenet",
  "cifar/lenet",
  "cifar/mobilenet",
  "cifar/mobilenet-v2",
  "cifar/pnasnet-a",
  "cifar/pnasnet-b",
  "cifar/preactresnet18",
  "cifar/regnetx-200mf",
  "cifar/resnet18",
  "cifar/resnext29-2x64d",
  "cifar/senet18",
  "cifar/shufflenet-v2",
  "cifar/simpledla",
  "cifar/vgg16",
];

describe("CIFAR_NETWORKS", () => {
  it("lists the networks of the repository", () => {
    expect(CIFAR_NETWORKS.map((network) => network.name)).toEqual(NAMES);
  });

  it.each(CIFAR_NETWORKS)("$name meets its published counts", ({ name, published, build }) => {
    const graph = build();
    const report = (batch: number) => countWork(inferShapes(bindDimensions(graph, { batch }).graph));
    const one = report(1);
    expect(graph.name).toBe(name);
    expect(one.unknown).toEqual([]);
    expect({ params: one.total.params, macs: one.total.macs }).toEqual({
      params: published?.params,
      macs: published?.macs,
    });
    const three = report(3);
    expect(three.total.macs).toBe(3 * one.total.macs);
    expect(three.total.params).toBe(one.total.params);
    expect(three.total.outputElements).toBeGreaterThan(2 * one.total.outputElements);
  });

  it.each(CIFAR_NETWORKS)("$name reads [batch, 3, 32, 32] and gives [batch, 10]", ({ build }) => {
    const graph = build();
    expect(graph.inputs.map((tensor) => graph.tensors.get(tensor)?.shape)).toEqual([["batch", 3, 32, 32]]);
    expect(graph.outputs.map((tensor) => graph.tensors.get(tensor)?.shape)).toEqual([["batch", 10]]);
  });

  it.each(CIFAR_NETWORKS)("$name draws other weights from another seed, and the same from the same", ({ build }) => {
    const first = build({ seed: 1 }).weights;
    expect(build({ seed: 1 }).weights).toEqual(first);
    expect(build({ seed: 2 }).weights).not.toEqual(first);
  });
});
