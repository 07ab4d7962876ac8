// By what the joules of reduced networks are priced. As for any network (learning/learning-energy.ts); but zeros that are skipped and zeros that are
// multiplied must be told apart everywhere, so where this processor is not known, single operations of a published process stand in.
import { estimateAll } from "../../../estimate/estimate.ts";
import { METRICS } from "../../../estimate/table.ts";
import type { OptionValues } from "../../command.ts";
import { type Pricing, pricing } from "../learning/learning-energy.ts";

export interface ReductionPricing extends Pricing {
  /** What should be said of it. */
  readonly notes: readonly string[];
}

/** Of the device asked for, else of this processor, else op-energy at 45 nm [Horowitz2014]. @throws InputError for an unknown --on */
export async function reductionPricing(options: OptionValues): Promise<ReductionPricing> {
  const price = await pricing(options);
  const { process } = price;
  if (price.hardware !== undefined || process === undefined) return { ...price, notes: [] };
  return {
    device: process.name,
    hardware: process,
    process,
    energyJ: (work) =>
      Object.fromEntries(
        estimateAll(work, [process], METRICS).estimates.map(({ metric, energyJ }) => [metric, energyJ / work.batch]),
      ),
    notes: [
      `this processor is not in the catalogue: joules by metrics are those of single operations on ${process.name}; --on names another device`,
    ],
  };
}
