// Metric 2: a straight line through measurements of convolutions and dense layers. The coefficients belong to one board;
// the paper's printed form is lost in our copy, so this reading of it is ours.
import { exact, plus, rangeOf, scaled } from "../units/range.ts";
import type { LayerWork } from "../work/work.ts";
import { assemble, formatRange, missing } from "./assemble.ts";
import type { EnergyMetric } from "./metric.ts";

const ID = "mac-linear";

/** Conv, ConvTranspose, QLinearConv, com.microsoft.FusedConv, ConvInteger, … */
const isConvolution = (layer: LayerWork): boolean => /conv/iu.test(layer.op);

/** E = Σ_conv(α·MACs + β·input features) + Σ_fc γ·MACs, after [Lahmer2022], table I metric (2) of [DeepRxEnergy]. */
export const macLinear: EnergyMetric = {
  id: ID,
  name: "linear in MACs",
  equation: "E = Σ_conv(α·MACs + β·input features) + Σ_fc γ·MACs",
  source: "[Lahmer2022]",
  caution: "Valid for the board its coefficients were fitted on; layers without MACs count nothing.",
  estimate(work, hardware) {
    const coefficients = hardware.macLinear;
    if (coefficients === undefined)
      return missing(ID, hardware, ["macLinear.convJPerMac", "macLinear.convJPerInput", "macLinear.denseJPerMac"]);
    const alpha = rangeOf(coefficients.convJPerMac);
    const beta = rangeOf(coefficients.convJPerInput);
    const gamma = rangeOf(coefficients.denseJPerMac);
    const layers = work.layers.map((layer) => {
      const convolution = isConvolution(layer);
      const compute = scaled(convolution ? alpha : gamma, layer.macs);
      const memory = convolution ? scaled(beta, layer.inputElements) : exact(0);
      const parts = { compute: compute.value, memory: memory.value };
      return { name: layer.name, energy: plus(compute, memory), parts };
    });
    const assumptions = [
      `α = ${formatRange(alpha, "J/MAC")}, β = ${formatRange(beta, "J")} per input element, γ = ${formatRange(gamma, "J/MAC")}`,
      "every layer with MACs that is no convolution counts as fully connected; layers without MACs count nothing",
    ];
    if (work.phase === "training") assumptions.push("coefficients of inference are used for training");
    return assemble(ID, work, hardware, { layers, durationS: undefined, assumptions });
  },
};
