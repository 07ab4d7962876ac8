// The paper's numbers from its own equations, on networks of the zoo: what must follow, and what cannot.
import { describe, expect, it } from "vitest";
import { seededBytes } from "../../graph/weights.ts";
import type { Hardware } from "../../hardware/hardware.ts";
import { seededRandom } from "../../math/random.ts";
import type { WeightedNetwork } from "../../reduce/network.ts";
import { uplink } from "../../split/radio.ts";
import { chooseNetwork } from "../../zoo/catalogue.ts";
import { figure3, figure4, impliedGain, kroukaNetwork, meanColumns, reproduceKrouka } from "./krouka.ts";
import { CHOICES, TABLE_III } from "./krouka-published.ts";

const sourced = (value: number) => ({ value, source: "[Horowitz2014]" });
const process: Hardware = {
  id: "horowitz-45nm",
  name: "45 nm",
  kind: "process",
  aliases: [],
  peakFlopsPerS: {},
  flopsPerClockPerCore: {},
  memoryLevels: [],
  arithmetic: { float32: { addJ: sourced(0.9e-12), mulJ: sourced(3.7e-12) } },
};

function networkOf(name: string): WeightedNetwork {
  const { network, options } = chooseNetwork(name);
  return {
    graph: network.build(options),
    weights: async (ref, type) => {
      if (ref.kind === "inline") return ref.bytes;
      if (ref.kind === "seeded") return seededBytes(ref.initialiser, type, seededRandom);
      throw new Error("a zoo network has no file");
    },
  };
}

const input = {
  original: await kroukaNetwork(networkOf("zoo:mnist-cnn"), process),
  compressed: await kroukaNetwork(networkOf("zoo:mnist-cnn:width=0.25"), process),
};

describe("Krouka et al.", () => {
  it("has layers whose energies are equations 1 and 2, and add up", () => {
    const layers = new Map(figure3(input).map((row) => [row.name, row]));
    // fc1: 131,584 parameters, 131,072 MACs
    expect(layers.get("fc1")!.beforeJ! / (131_584 * 2.6e-9 + 131_072 * 4.6e-12 + 512 * 0.9e-12)).toBeCloseTo(1, 5);
    expect(layers.get("pool1")).toMatchObject({ beforeElements: 3136, afterElements: 784 });
    const { all } = input.original.planned;
    const sum = [...layers.values()].reduce((total, { beforeJ }) => total + beforeJ!, 0);
    expect(sum / all.deviceJ[all.local]!).toBeCloseTo(1, 9);
  });
  it("cannot have the pool1 energy that the paper prints", () => {
    const ours = meanColumns(input, 15e3).pool1.processingJ;
    expect(ours).toBeLessThan(TABLE_III[0]!.columns.pool1.processingJ / 20);
  });
  it("orders the choices as the paper does, at both bandwidths", () => {
    for (const { bandwidthHz } of TABLE_III) {
      const columns = meanColumns(input, bandwidthHz);
      const energy = (choice: keyof typeof columns) => columns[choice].processingJ + columns[choice].radioJ;
      for (const choice of CHOICES) expect(energy("ps")).toBeLessThanOrEqual(energy(choice) * (1 + 1e-12));
      expect(columns.pool1.radioJ).toBeGreaterThan(columns.ps.radioJ);
      expect(columns.softmax.radioJ).toBeLessThan(columns.ps.radioJ);
    }
  });
  it("sends for less the more is left out below the truncation, without end", () => {
    const at = (outageRatio: number) => meanColumns(input, 15e6, outageRatio).pool1.radioJ;
    expect(at(1e-4)).toBeGreaterThan(at(1e-2));
    expect(at(1e-8)).toBeGreaterThan(at(1e-4));
  });
  it("finds the gain that a printed energy implies", () => {
    const link = uplink({ bandwidthHz: 15e3 });
    const bits = 100_352;
    const radioJ = (1e-3 * bits) / link.rateBps(1.7);
    expect(impliedGain(bits, radioJ, 15e3)).toBeCloseTo(1.7, 9);
  });
  it("takes the same path for all choices of figure 4", () => {
    const { places, choices } = figure4(input);
    expect(choices.map(({ id }) => id)).toEqual(["ps", "psnc", "pool1", "softmax", "raw"]);
    for (const { path } of choices) expect(path.cut).toHaveLength(places.length);
    const table = reproduceKrouka(input).filter(({ item }) => item.startsWith("Table III"));
    expect(table).toHaveLength(34);
    for (const { note, ours } of table) {
      expect(note).not.toBe("");
      expect(ours).toBeGreaterThan(0);
    }
  });
});
