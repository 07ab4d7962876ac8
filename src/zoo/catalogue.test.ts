import { describe, expect, it } from "vitest";
import { countGraph } from "../work/count-graph.ts";
import { chooseNetwork, findNetwork, ZOO } from "./catalogue.ts";

describe("the zoo", () => {
  it("has each name once and finds each with and without its prefix", () => {
    expect(new Set(ZOO.map(({ name }) => name)).size).toBe(ZOO.length);
    for (const network of ZOO) {
      expect(findNetwork(network.name)).toBe(network);
      expect(findNetwork(`zoo:${network.name}`)).toBe(network);
    }
  });

  it("has the networks that the command line names", () => {
    // biome-ignore format: a list of names
    const wanted = [
      "alexnet", "vgg11", "vgg13", "vgg16", "resnet18", "resnet50", "googlenet", "densenet121", "mobilenet-v2", "efficientnet-b0", "shufflenet-v2",
      "cifar/simpledla", "cifar/dpn26", "cifar/densenet121", "cifar/efficientnet-b0", "cifar/googlenet", "cifar/lenet", "cifar/mobilenet", "cifar/mobilenet-v2",
      "cifar/pnasnet-a", "cifar/pnasnet-b", "cifar/preactresnet18", "cifar/regnetx-200mf", "cifar/resnet18", "cifar/resnext29-2x64d", "cifar/senet18", "cifar/shufflenet-v2", "cifar/vgg16",
      "mnist-cnn", "transformer-encoder", "deeprx",
    ];
    expect(ZOO.map(({ name }) => name).sort()).toEqual(wanted.sort());
  });

  it("says the nearest names for one it does not have", () => {
    expect(() => findNetwork("zoo:resnet5")).toThrow(/unknown network "resnet5"; nearest: .*resnet50/);
  });

  for (const network of ZOO) {
    it(`${network.name} meets its published counts without an unknown operator`, () => {
      const report = countGraph(network.build(), { batch: 1 });
      expect(report.unknown).toEqual([]);
      expect({ params: report.total.params, macs: report.total.macs }).toEqual({
        params: network.published!.params,
        macs: network.published!.macs,
      });
    });
  }
});

describe("options after a name", () => {
  it("are read and applied", () => {
    const { network, options } = chooseNetwork("zoo:deeprx:width=0.5,depth=7");
    expect(network.name).toBe("deeprx");
    expect(options).toEqual({ width: 0.5, depth: 7 });
  });
  it.each([
    ["zoo:vgg16:width=2", /has no option "width"/],
    ["zoo:deeprx:heads=2", /has no option "heads"/],
    ["zoo:deeprx:width=wide", /expected a number/],
    ["zoo:deeprx:width=", /expected a number/],
  ])("%s is refused", (name, message) => {
    expect(() => chooseNetwork(name)).toThrow(message);
  });
  it.each(["depth=1e9", "width=1e9", "antennas=1e9", "bits=1e9", "subcarriers=1e9", "symbols=1e9"])(
    "deeprx refuses %s before it builds anything",
    (text) => {
      const { network, options } = chooseNetwork(`zoo:deeprx:${text}`);
      expect(() => network.build(options)).toThrow(/is 1000000000, expected .* at most/);
    },
  );
});
