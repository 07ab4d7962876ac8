import { describe, expect, it } from "vitest";
import { countGraph } from "../work/count-graph.ts";
import { MNIST_CNN } from "./mnist-cnn.ts";

describe("the MNIST network", () => {
  const graph = MNIST_CNN.build();
  const report = countGraph(graph, { batch: 1 });
  const layer = (name: string) => report.layers.find((work) => work.name === name)!;

  it("has the counts that follow from the paper's layer sizes", () => {
    expect(report.unknown).toEqual([]);
    expect(report.total.params).toBe(433_274);
    expect(report.total.macs).toBe(6_236_544);
    expect(MNIST_CNN.published).toMatchObject({ params: 433_274, macs: 6_236_544 });
  });

  it("halves the image and rounds up", () => {
    expect([1, 2, 3, 4].map((i) => layer(`pool${i}`).outputShape)).toEqual([
      [1, 16, 14, 14],
      [1, 32, 7, 7],
      [1, 48, 4, 4],
      [1, 64, 2, 2],
    ]);
    expect(report.layers.at(-1)!.outputShape).toEqual([1, 10]);
  });

  it("holds its MACs in these layers", () => {
    const macs = Object.fromEntries(
      report.layers.filter((work) => work.macs > 0).map((work) => [work.name, work.macs]),
    );
    expect(macs).toEqual({
      conv1: 28 * 28 * 16 * 25,
      conv2: 14 * 14 * 32 * 16 * 25,
      conv3: 7 * 7 * 48 * 32 * 25,
      conv4: 4 * 4 * 64 * 48 * 25,
      fc1: 256 * 512,
      fc2: 512 * 256,
      fc3: 256 * 128,
      fc4: 128 * 64,
      fc5: 64 * 10,
    });
  });

  it("names its layers in the paper's words", () => {
    const convolutional = [1, 2, 3, 4].flatMap((i) => [`conv${i}`, `relu${i}`, `pool${i}`]);
    const dense = [1, 2, 3, 4].flatMap((i) => [`fc${i}`, `relu${i + 4}`]);
    expect(graph.layers.map(({ name }) => name)).toEqual([...convolutional, "flatten", ...dense, "fc5", "softmax"]);
  });

  it("keeps ten classes at half the width", () => {
    const half = countGraph(MNIST_CNN.build({ width: 0.5 }), { batch: 2 });
    expect(half.layers.at(-1)!.outputShape).toEqual([2, 10]);
    expect(half.total.params).toBeLessThan(433_274 / 3);
  });
});
