// The practice of carbon calculators: full design power for as long as it takes. For comparison with the other metrics.
import { times } from "../units/range.ts";
import { assemble, formatRange, isMissing } from "./assemble.ts";
import type { EnergyMetric } from "./metric.ts";
import { passTime, timeAndPower } from "./pass-time.ts";

const ID = "tdp";

/** E = TDP × time, as the Machine Learning Emissions Calculator does [Lacoste2019]. */
export const tdp: EnergyMetric = {
  id: ID,
  name: "TDP × time",
  equation: "E = TDP × time",
  source: "[Lacoste2019]",
  caution: "Charges full power even when the device waits, and is only as good as the time given.",
  estimate(work, hardware, options) {
    const known = timeAndPower(ID, hardware, passTime(work, hardware, options));
    if (isMissing(known)) return known;
    const { time, tdpW } = known;
    const layers = time.layers.map((layer) => {
      const energy = times(tdpW, layer.durationS);
      return { name: layer.name, energy, parts: { [layer.bound]: energy.value } };
    });
    return assemble(ID, work, hardware, {
      layers,
      whole: time.measured,
      durationS: time.durationS.value,
      assumptions: [`full TDP of ${formatRange(tdpW, "W")} for the whole time`, ...time.assumptions],
    });
  },
};
