import { describe, expect, it } from "vitest";
import { blocksOf, TOP_BLOCK } from "./block.ts";

describe("blocksOf", () => {
  it("finds PyTorch's modules two parts deep", () => {
    const names = ["/conv1/Conv", "/layer1/layer1.0/conv1/Conv", "/layer1/layer1.0/Add", "/layer1/layer1.1/Add"];
    const more = ["/layer1/layer1.1/conv1/Conv", "/Flatten"];
    expect([...blocksOf([...names, ...more]).values()]).toEqual([
      "conv1",
      "layer1/layer1.0",
      "layer1/layer1.0",
      "layer1/layer1.1",
      "layer1/layer1.1",
      TOP_BLOCK,
    ]);
  });
  it("takes a piece of one operator into the block around it", () => {
    expect([...blocksOf(["block3/conv1/conv", "block3/relu", "block3/conv2/conv"]).values()]).toEqual([
      "block3",
      "block3",
      "block3",
    ]);
  });
  it("cuts deep names", () => {
    const names = ["/model/layers.0/self_attn/q_proj/MatMul", "/model/layers.0/mlp/up_proj/MatMul"];
    expect(new Set(blocksOf(names).values())).toEqual(new Set(["model/layers.0"]));
  });
  it("puts flat names together", () => {
    expect(new Set(blocksOf(["Conv_0", "Relu_1", "Conv_2"]).values())).toEqual(new Set([TOP_BLOCK]));
  });
});
