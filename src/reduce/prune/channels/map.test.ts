// Which channels hang together: additions, concatenations, groups, flattening, sharing; and what is pinned.
import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../../../graph/build.ts";
import { add, concat, conv, flatten, linear, multiply, relu } from "../../../zoo/pieces.ts";
import { groupsOf, mapChannels } from "./map.ts";

const groups = (b: NetworkBuilder) =>
  groupsOf(mapChannels(b.graph())).map(({ layers, sets }) => [layers.join(), sets.length]);

function start(channels = 3) {
  const b = new NetworkBuilder("net", 1);
  return { b, x: b.input("input", ["batch", channels, 6, 6]) };
}

const done = (b: NetworkBuilder, x: string) => b.output(conv(b, x, 2, { name: "last", kernel: 1 }));

describe("mapChannels", () => {
  it("ties branches that are added, and frees those that follow one another", () => {
    const { b, x } = start();
    const one = conv(b, x, 4, { name: "one", kernel: 1 });
    const two = conv(b, relu(b, one), 4, { name: "two", kernel: 1 });
    const inner = conv(b, two, 6, { name: "inner", kernel: 1 });
    done(b, add(b, add(b, one, two), conv(b, inner, 4, { name: "three", kernel: 1 }), "add2"));
    expect(groups(b)).toEqual([
      ["one,two,three", 4],
      ["inner", 6],
    ]);
  });

  it("keeps concatenated channels apart", () => {
    const { b, x } = start();
    done(b, concat(b, [conv(b, x, 4, { name: "one", kernel: 1 }), x, conv(b, x, 2, { name: "two", kernel: 1 })]));
    expect(groups(b)).toEqual([
      ["one", 4],
      ["two", 2],
    ]);
  });

  it("goes through depthwise filters, and takes groups at the same position together", () => {
    const { b, x } = start();
    const one = conv(b, x, 6, { name: "one", kernel: 1 });
    const depth = conv(b, one, 12, { name: "depth", kernel: 3, groups: 6 });
    done(b, conv(b, depth, 9, { name: "grouped", kernel: 1, groups: 3 }));
    // 12 channels in 3 groups of 4, two for each of the 6: positions 0 and 1 are channels 0, 2, 4; positions 2 and 3 are 1, 3, 5.
    expect(groups(b)).toEqual([
      ["one", 2],
      ["grouped", 3],
    ]);
  });

  it("follows channels through flattening, reshaping and gates", () => {
    const { b, x } = start();
    const one = conv(b, x, 4, { name: "one", kernel: 1 });
    const gate = b.layer("Sigmoid", [conv(b, b.layer("GlobalAveragePool", [one]), 4, { name: "gate", kernel: 1 })]);
    const gated = multiply(b, one, gate);
    const flat = b.layer("Reshape", [gated, b.constant("shape", "int64", [-1, 144])]);
    const hidden = relu(b, linear(b, flat, 5, "fc1"));
    b.output(linear(b, hidden, 3, "fc2"));
    expect(groups(b)).toEqual([
      ["one,gate", 4],
      ["fc1", 5],
    ]);
  });

  it("pins what reaches an output, is added to the input, is softened or is not understood", () => {
    const { b, x } = start();
    const added = add(b, conv(b, x, 3, { name: "added", kernel: 1 }), x);
    const soft = b.layer("Softmax", [conv(b, added, 4, { name: "soft", kernel: 1 })], { attributes: { axis: 1 } });
    const first = conv(b, soft, 4, { name: "sliced", kernel: 1 });
    const starts = b.constant("starts", "int64", [0]);
    const sliced = b.layer("Slice", [
      first,
      starts,
      b.constant("ends", "int64", [2]),
      b.constant("axes", "int64", [1]),
    ]);
    const free = conv(b, sliced, 5, { name: "free", kernel: 1 });
    b.output(linear(b, flatten(b, free), 3, "fc"));
    expect(groups(b)).toEqual([["free", 5]]);
  });

  it("keeps a weight whole that somebody else reads", () => {
    const { b, x } = start();
    const one = conv(b, x, 3, { name: "one", kernel: 1 });
    const two = conv(b, one, 3, { name: "two", kernel: 1 });
    b.output(conv(b, two, 2, { name: "last", kernel: 1 }));
    b.output(b.layer("Softmax", ["two/weight"]));
    expect(groups(b)).toEqual([]);
  });

  it("ties the layers that share a weight", () => {
    const { b, x } = start(4);
    const w = b.weight("shared", [4, 4, 1, 1], { kind: "normal", std: 1, seed: 1 });
    const one = relu(b, conv(b, x, 4, { name: "stem", kernel: 1 }), "relu1");
    const two = relu(b, b.layer("Conv", [one, w], { name: "c1" }), "relu2");
    done(b, b.layer("Conv", [two, w], { name: "c2" }));
    expect(groups(b)).toEqual([["stem,c1,c2", 4]]);
  });
});
