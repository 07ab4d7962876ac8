// The practice of carbon calculators: full design power for as long as it takes. For comparison with the other metrics.
import { rangeOf, times } from "../units/range.ts";
import { assemble, formatRange, missing } from "./assemble.ts";
import type { EnergyMetric } from "./metric.ts";
import { hasTime, passTime } from "./pass-time.ts";

const ID = "tdp";

/** E = TDP × time, as the Machine Learning Emissions Calculator does [Lacoste2019]. */
export const tdp: EnergyMetric = {
  id: ID,
  name: "TDP × time",
  equation: "E = TDP × time",
  source: "[Lacoste2019]",
  caution: "Charges full power even when the device waits, and is only as good as the time given.",
  estimate(work, hardware, options) {
    const time = passTime(work, hardware, options);
    if (!hasTime(time) || hardware.tdpW === undefined)
      return missing(ID, hardware, [
        ...(hasTime(time) ? [] : time.needs),
        ...(hardware.tdpW === undefined ? ["tdpW"] : []),
      ]);
    const tdpW = rangeOf(hardware.tdpW);
    const layers = time.layers.map((layer) => {
      const energy = times(tdpW, layer.durationS);
      return { name: layer.name, energy, parts: { [layer.bound]: energy.value } };
    });
    return assemble(ID, work, hardware, {
      layers,
      durationS: time.durationS.value,
      assumptions: [`full TDP of ${formatRange(tdpW, "W")} for the whole time`, ...time.assumptions],
    });
  },
};
