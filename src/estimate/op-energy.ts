// Energy counted operation by operation: multiplications, additions and fetches of weights, each at its price.
// The prices are those of a process, not of a device: the metric compares networks, not machines.
import type { ArithmeticEnergy, Hardware } from "../hardware/hardware.ts";
import { exact, plus, type Range, rangeOf, scaled, times } from "../units/range.ts";
import type { LayerWork, WorkReport } from "../work/work.ts";
import { planArithmetic } from "./arithmetic.ts";
import { assemble, formatRange, missing } from "./assemble.ts";
import { chooseMemory } from "./memory-level.ts";
import type { EnergyMetric, EstimateOptions } from "./metric.ts";
import { BASE_PROCESS, scalingFrom45 } from "./process-scaling.ts";

const ID = "op-energy";

/** Times a layer's weights are fetched in one pass: forward; or forward, backward and update. */
const FETCHES: Readonly<Record<WorkReport["phase"], number>> = { inference: 1, training: 3 };

/** Share of a layer's operations and weights that hardware which skips zeros still does. */
function nonzeroOf(layer: LayerWork, ratio: EstimateOptions["nonzeroRatio"]): number {
  if (ratio === undefined) return 1;
  if (typeof ratio === "number") return layer.params > 0 ? ratio : 1;
  return ratio.get(layer.name) ?? 1;
}

/** Bits of trained weights and biases as stored; running statistics fold into them before use and are not charged. */
function weightBits(layer: LayerWork): number {
  const stored = layer.params + layer.buffers;
  return stored === 0 ? 0 : (layer.weightBytes * 8 * layer.params) / stored;
}

/** The record that prices the operations: the device's own, else the process the caller gives. */
function priceList(hardware: Hardware, options: EstimateOptions): Hardware | undefined {
  if (hardware.kind === "memory") return undefined;
  return Object.keys(hardware.arithmetic).length > 0 ? hardware : options.process;
}

/** E = e_mul·M + e_add·A + e_m·Γ [Krouka2021], with the 45 nm prices of [Horowitz2014]. */
export const opEnergy: EnergyMetric = {
  id: ID,
  name: "energy per operation",
  equation: "E = e_mul·M + e_add·A + e_m·(weights and biases fetched)",
  source: "[Krouka2021] [Horowitz2014]",
  caution: "Prices of bare operations in one process: control, data movement on chip and leakage are not in them.",
  estimate(work, hardware, options) {
    const prices = priceList(hardware, options);
    const plan =
      prices && planArithmetic<ArithmeticEnergy>(work, prices, prices.arithmetic, (energy) => -energy.mulJ.value);
    if (prices === undefined || plan === undefined) return missing(ID, hardware, ["arithmetic"]);

    const scalable = prices.id === BASE_PROCESS;
    const scaling = options.scaleToNm === undefined || !scalable ? exact(1) : scalingFrom45(options.scaleToNm);
    const fetches = FETCHES[work.phase];
    let weights = 0;
    for (const layer of work.layers) weights += weightBits(layer) * nonzeroOf(layer, options.nonzeroRatio);
    const memory = chooseMemory(hardware, prices, weights / 8, options);
    const perBitJ = memory.scalable ? times(memory.energyPerBitJ, scaling) : memory.energyPerBitJ;

    const layers = work.layers.map((layer) => {
      const nonzero = nonzeroOf(layer, options.nonzeroRatio);
      const { mulJ, addJ } = plan.of(layer);
      const multiplications = scaled(rangeOf(mulJ), (layer.macs + layer.muls) * nonzero);
      const additions = scaled(rangeOf(addJ), (layer.macs + layer.adds) * nonzero);
      const compute = times(plus(multiplications, additions), scaling);
      const activationBits = Math.max(0, layer.readBytes + layer.writtenBytes - fetches * layer.weightBytes) * 8;
      const bits = weightBits(layer) * nonzero * fetches + (options.chargeActivations === true ? activationBits : 0);
      const fetched: Range = scaled(perBitJ, bits);
      return {
        name: layer.name,
        energy: plus(compute, fetched),
        parts: { compute: compute.value, memory: fetched.value },
      };
    });

    const assumptions = [
      ...(prices.id === hardware.id
        ? []
        : [`energies of ${prices.name}, not of ${hardware.name}: the same for every device without its own`]),
      ...plan.used.map(
        ([type, { mulJ, addJ }]) =>
          `${type}: e_mul = ${formatRange(rangeOf(mulJ), "J")}, e_add = ${formatRange(rangeOf(addJ), "J")}`,
      ),
      ...memory.assumptions,
      options.chargeActivations === true
        ? "activations are charged like weights: every input read once, every output written once"
        : "activations are not charged as memory",
      ...plan.assumptions,
    ];
    if (work.phase === "training") assumptions.push("weights are fetched three times: forward, backward and update");
    if (options.nonzeroRatio !== undefined) assumptions.push("operations and fetches of zero weights are skipped");
    if (work.total.others > 0)
      assumptions.push("function evaluations (exp, sqrt, …) have no published energy and count nothing");
    if (options.scaleToNm !== undefined)
      assumptions.push(
        scalable
          ? `45 nm energies × ${formatRange(scaling, "")} for ${options.scaleToNm} nm [Stillmaker2017]; DRAM is not scaled`
          : `not scaled to ${options.scaleToNm} nm: the energies are of ${prices.name} itself`,
      );
    return assemble(ID, work, hardware, { layers, durationS: undefined, assumptions });
  },
};
