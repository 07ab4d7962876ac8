// The Green Algorithms calculator: cores at their design power, memory by its size, times what the data centre adds.
import { formatQuantity } from "../units/format.ts";
import { exact, plus, scaled, times } from "../units/range.ts";
import { assemble, formatRange, isMissing } from "./assemble.ts";
import type { EnergyMetric } from "./metric.ts";
import { passTime, timeAndPower } from "./pass-time.ts";

const ID = "green-algorithms";

/** Power of memory per gigabyte kept for the job, W [Lannelongue2021]. */
export const MEMORY_W_PER_GB = 0.3725;

/** Power usage effectiveness when nothing is known of the data centre [Lannelongue2021]. A computer of one's own has 1. */
export const DEFAULT_PUE = 1.67;

const BYTES_PER_GB = 1e9;

/** E = t × (n_c·P_c·u_c + n_m·P_m) × PUE, n_c·P_c = TDP, n_m in GB, P_m = 0.3725 W/GB [Lannelongue2021]. */
export const greenAlgorithms: EnergyMetric = {
  id: ID,
  name: "Green Algorithms",
  equation: "E = t × (TDP·usage + memory GB × 0.3725 W) × PUE",
  source: "[Lannelongue2021]",
  caution: "Charges memory by what is kept for the job, not by use, and adds the overhead of a data centre.",
  estimate(work, hardware, options) {
    const known = timeAndPower(ID, hardware, passTime(work, hardware, options));
    if (isMissing(known)) return known;
    const { time, tdpW } = known;
    const usage = options.usageRatio ?? exact(1);
    const pue = options.pueRatio ?? DEFAULT_PUE;
    const neededBytes = work.total.weightBytes + work.peakActivationBytes;
    const knownBytes = options.memoryBytes ?? hardware.memoryBytes?.value;
    const memoryBytes = knownBytes ?? neededBytes;
    const computeW = times(tdpW, usage);
    const memoryW = exact((memoryBytes / BYTES_PER_GB) * MEMORY_W_PER_GB);
    const layers = time.layers.map((layer) => {
      const compute = times(computeW, layer.durationS);
      const memory = times(memoryW, layer.durationS);
      const device = plus(compute, memory);
      const overhead = scaled(device, pue - 1);
      return {
        name: layer.name,
        energy: plus(device, overhead),
        parts: { compute: compute.value, memory: memory.value, facility: overhead.value },
      };
    });
    const memorySource =
      options.memoryBytes !== undefined
        ? "as given"
        : hardware.memoryBytes !== undefined
          ? "all that the device has"
          : "what weights and activations need, as the device's size is not known";
    return assemble(ID, work, hardware, {
      layers,
      whole: time.measured && knownBytes !== undefined,
      durationS: time.durationS.value,
      assumptions: [
        `all cores together draw TDP, ${formatRange(tdpW, "W")}, with usage ${formatRange(usage, "")}`,
        `memory ${formatQuantity(memoryBytes, "B")} (${memorySource}) at ${MEMORY_W_PER_GB} W per GB: ${formatRange(memoryW, "W")}`,
        `PUE ${pue}${options.pueRatio === undefined ? ", the published default" : ""}`,
        ...time.assumptions,
      ],
    });
  },
};
