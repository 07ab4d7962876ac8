// Metric 0: operations over efficiency. The common first guess; says nothing of memory.
import { exact, over, rangeOf, scaled, times } from "../units/range.ts";
import { operationUnit, planArithmetic } from "./arithmetic.ts";
import { assemble, formatRange, missing } from "./assemble.ts";
import type { EnergyMetric } from "./metric.ts";

const ID = "flops-per-watt";

/** E = FLOPs / (peak FLOP/s ÷ TDP) [Desislavov2023], table I metric (0) of [DeepRxEnergy]. */
export const flopsPerWatt: EnergyMetric = {
  id: ID,
  name: "FLOPs per watt",
  equation: "E = FLOPs / (peak FLOP/s ÷ TDP)",
  source: "[Desislavov2023]",
  caution: "Ignores memory and assumes peak rate at full power: a lower bound for layers that wait for data.",
  estimate(work, hardware, options) {
    const plan = planArithmetic(work, hardware, hardware.peakFlopsPerS, (rate) => rate.value);
    if (plan === undefined || hardware.tdpW === undefined)
      return missing(ID, hardware, [
        ...(plan === undefined ? ["peakFlopsPerS"] : []),
        ...(hardware.tdpW === undefined ? ["tdpW"] : []),
      ]);
    const powerW = rangeOf(hardware.tdpW);
    const utilisation = options.utilisationRatio ?? exact(1);
    let durationS = 0;
    const layers = work.layers.map((layer) => {
      const rate = times(rangeOf(plan.of(layer)), utilisation);
      durationS += layer.flops / rate.value;
      const energy = scaled(over(powerW, rate), layer.flops);
      return { name: layer.name, energy, parts: { compute: energy.value } };
    });
    const used = plan.used.map(([type, peak]) => {
      const rate = rangeOf(peak);
      const unit = operationUnit(type);
      const perJoule = formatRange(over(rate, powerW), `${unit}/J`);
      return `${type}: ${formatRange(rate, `${unit}/s`)} at ${formatRange(powerW, "W")} is ${perJoule}`;
    });
    return assemble(ID, work, hardware, {
      layers,
      durationS,
      assumptions: [
        ...used,
        `arithmetic reaches ${formatRange(utilisation, "")} of peak rate at full TDP; memory is not counted`,
        ...plan.assumptions,
      ],
    });
  },
};
