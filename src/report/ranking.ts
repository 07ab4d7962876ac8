// Which layers and blocks cost most: order, share, cumulative share. Pure arithmetic on one estimate.
import type { EnergyEstimate } from "../estimate/metric.ts";
import type { LayerWork, WorkReport } from "../work/work.ts";

export interface Cost {
  readonly name: string;
  readonly energyJ: number;
  /** Of the whole, in [0, 1]; and of this one and all before it. */
  readonly share: number;
  readonly cumulative: number;
}
export interface LayerCost extends Cost {
  readonly layer: LayerWork | undefined;
}
export interface BlockCost extends Cost {
  readonly layers: number;
}

/** Metrics by how much they tell about single layers: those that know memory come first. */
const TELLING = ["roofline", "op-energy", "mac-linear", "flops-per-watt"];

/** The estimate that layers are ranked by: the first device's most telling metric. Undefined without estimates. */
export function leadEstimate<E extends EnergyEstimate>(estimates: readonly E[]): E | undefined {
  const own = estimates.filter((estimate) => estimate.device === estimates[0]?.device && estimate.energyJ > 0);
  const told = TELLING.map((metric) => own.find((estimate) => estimate.metric === metric));
  return told.find((estimate) => estimate !== undefined) ?? own[0] ?? estimates[0];
}

function ranked<T extends { readonly energyJ: number }>(
  items: readonly T[],
): (T & { share: number; cumulative: number })[] {
  const total = items.reduce((sum, item) => sum + item.energyJ, 0);
  let before = 0;
  return items
    .toSorted((a, b) => b.energyJ - a.energyJ)
    .map((item) => {
      before += item.energyJ;
      const ratio = (part: number) => (total > 0 ? Math.min(1, part / total) : 0);
      return { ...item, share: ratio(item.energyJ), cumulative: ratio(before) };
    });
}

/** Layers and blocks by falling energy; equal ones stay in network order. */
export function rankedCosts(work: WorkReport, estimate: EnergyEstimate): { layers: LayerCost[]; blocks: BlockCost[] } {
  const byName = new Map(work.layers.map((layer) => [layer.name, layer]));
  const blocks = new Map<string, { name: string; energyJ: number; layers: number }>();
  for (const { name, energyJ } of estimate.layers) {
    const block = byName.get(name)?.block ?? "";
    const sum = blocks.get(block) ?? { name: block, energyJ: 0, layers: 0 };
    blocks.set(block, { name: block, energyJ: sum.energyJ + energyJ, layers: sum.layers + 1 });
  }
  return {
    layers: ranked(estimate.layers.map(({ name, energyJ }) => ({ name, energyJ, layer: byName.get(name) }))),
    blocks: ranked([...blocks.values()]),
  };
}
