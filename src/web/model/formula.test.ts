// Whatever the page fills into an equation must come to the joules of the estimate: every metric, device, layer.
import { describe, expect, it } from "vitest";
import { findNetwork } from "../../zoo/catalogue.ts";
import { DEVICES, estimateGraph } from "../engine/estimate.ts";
import { PROCESS } from "../engine/process.ts";
import { formulaOf } from "./formula.ts";

const process = DEVICES.find(({ id }) => id === PROCESS)!;

describe.each([
  ["cifar/lenet", "inference", 1, 1],
  ["cifar/mobilenet-v2", "inference", 0.5, 6],
  ["transformer-encoder", "training", 1, 6],
] as const)("formulas of %s, %s, at %f of the peak", (name, phase, peakShareRatio, every) => {
  it("come to the estimate's joules", async () => {
    const devices = DEVICES.filter((_, i) => i % every === 0).map(({ id }) => id);
    const graph = findNetwork(name).build();
    const question = { devices, dims: {}, phase, region: "FI", peakShareRatio } as const;
    const { work, answers } = await estimateGraph(graph, question);
    const layers = new Map(work.layers.map((layer) => [layer.name, layer]));
    let compared = 0;
    for (const { device, metric, layers: energies } of answers) {
      const hardware = DEVICES.find(({ id }) => id === device)!;
      for (const { name: layerName, energyJ } of energies) {
        const layer = layers.get(layerName)!;
        const formula = formulaOf(metric, { layer, work, hardware, process, peakShareRatio })!;
        expect(Math.abs(formula.energyJ - energyJ), `${metric} on ${device}, ${layerName}`).toBeLessThanOrEqual(
          1e-9 * energyJ,
        );
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(1000);
  });
});
