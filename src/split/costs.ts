// What every cut costs on the device and on the server, as flat tables: all that a decision reads. Joules come from any energy metric,
// seconds from the roofline (a lower bound) where the machine has peak rates. The link is radio.ts; choosing is decide.ts.

import { estimateAll } from "../estimate/estimate.ts";
import type { EnergyMetric, EstimateOptions } from "../estimate/metric.ts";
import { rooflineTime } from "../estimate/pass-time.ts";
import type { Hardware } from "../hardware/hardware.ts";
import { InputError } from "../units/input-error.ts";
import type { WorkReport } from "../work/work.ts";
import type { Cut } from "./cuts.ts";
import type { SplitNetwork } from "./split-network.ts";

/** One machine's costs of each layer, by index of the split network's layers. */
export interface LayerCosts {
  readonly hardware: string;
  readonly metric: string;
  /** J */
  readonly energyJ: Float64Array;
  /** s; undefined where the machine has no peak rates (a process is no machine). */
  readonly durationS: Float64Array | undefined;
  readonly assumptions: readonly string[];
}

/** Sums what a report says of layers onto the layers that a cut can place; a body's layers belong to the layer around them. */
function gathered(
  network: SplitNetwork,
  rows: readonly { readonly name: string }[],
  amountOf: (row: number) => number,
): { readonly values: Float64Array; readonly left: number } {
  const index = new Map(network.layers.map(({ name }, i) => [name, i]));
  const values = new Float64Array(network.layers.length);
  let left = 0;
  rows.forEach(({ name }, row) => {
    let outer = name;
    while (!index.has(outer) && outer.includes("/")) outer = outer.slice(0, outer.lastIndexOf("/"));
    const at = index.get(outer);
    if (at === undefined) left += amountOf(row);
    else values[at]! += amountOf(row);
  });
  return { values, left };
}

/**
 * Joules and seconds of every layer on one machine.
 * @throws InputError "missing-number" when the metric lacks a number of the machine
 */
export function layerCosts(
  network: SplitNetwork,
  work: WorkReport,
  hardware: Hardware,
  metric: EnergyMetric,
  options: EstimateOptions = {},
): LayerCosts {
  const { estimates, missing } = estimateAll(work, [hardware], [metric], options);
  const [estimate] = estimates;
  if (estimate === undefined)
    throw new InputError(
      "missing-number",
      `${metric.id} has no answer for ${hardware.name}: it needs ${missing[0]?.needs.join(", ")}`,
      "choose another --metric, or a device that has these numbers (`joulecast devices NAME`)",
    );
  const energy = gathered(network, estimate.layers, (row) => estimate.layers[row]!.energyJ);
  const time = rooflineTime(work, hardware, options);
  const durationS =
    "layers" in time ? gathered(network, time.layers, (row) => time.layers[row]!.durationS.value).values : undefined;
  return {
    hardware: hardware.id,
    metric: metric.id,
    energyJ: energy.values,
    durationS,
    assumptions: [
      ...estimate.assumptions,
      ...(energy.left > 0
        ? [`${energy.left} J of layers that do not depend on the input are on neither side and in no sum`]
        : []),
    ],
  };
}

/** Everything a decision needs of a network, by cut. Typed arrays, so that deciding allocates nothing. */
export interface CostTable {
  readonly cuts: readonly Cut[];
  /** Processing energy of the device, J. */
  readonly deviceJ: Float64Array;
  /** Bits that are sent. */
  readonly bits: Float64Array;
  /** Processing energy of the server, J. All NaN: not known. */
  readonly serverJ: Float64Array;
  /** Time of device and server without the link, s. All NaN: not known. */
  readonly deviceS: Float64Array;
  readonly serverS: Float64Array;
  /** Index of the cut with all layers on the device. */
  readonly local: number;
}

function sums(cuts: readonly Cut[], values: Float64Array | undefined, onDevice: 0 | 1): Float64Array {
  return Float64Array.from(cuts, (cut) => {
    if (values === undefined) return Number.NaN;
    let sum = 0;
    for (let layer = 0; layer < values.length; layer++) if (cut.onDevice[layer] === onDevice) sum += values[layer]!;
    return sum;
  });
}

/**
 * @param cuts at least the local one
 * @param server undefined: the server's joules and seconds are not known and in no sum
 */
export function costTable(cuts: readonly Cut[], device: LayerCosts, server?: LayerCosts): CostTable {
  const local = cuts.findIndex((cut) => cut.isLocal);
  if (local < 0) throw new Error("a table of costs needs the cut with all layers on the device");
  return {
    cuts,
    deviceJ: sums(cuts, device.energyJ, 1),
    bits: Float64Array.from(cuts, (cut) => cut.sentBits),
    serverJ: sums(cuts, server?.energyJ, 0),
    deviceS: sums(cuts, device.durationS, 1),
    serverS: sums(cuts, server?.durationS, 0),
    local,
  };
}

/** The table without some cuts.  The local one always stays. */
export function keepCuts(table: CostTable, keeps: (cut: Cut, index: number) => boolean): CostTable {
  const kept = table.cuts.flatMap((cut, i) => (keeps(cut, i) || cut.isLocal ? [i] : []));
  const pick = (values: Float64Array) => Float64Array.from(kept, (i) => values[i]!);
  return {
    cuts: kept.map((i) => table.cuts[i]!),
    deviceJ: pick(table.deviceJ),
    bits: pick(table.bits),
    serverJ: pick(table.serverJ),
    deviceS: pick(table.deviceS),
    serverS: pick(table.serverS),
    local: kept.indexOf(table.local),
  };
}
