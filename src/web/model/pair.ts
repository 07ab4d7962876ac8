// Two networks' parts beside each other: layers where most names are shared (a student cut from its teacher, a pruned network), else
// blocks. By the difference in joules, the greatest first.
import type { EnergyEstimate } from "../../estimate/metric.ts";
import { rankedCosts } from "../../report/ranking.ts";
import type { WorkReport } from "../../work/work.ts";

/** Joules of a part in each; undefined where one has no such part. */
export interface Part {
  readonly name: string;
  readonly aJ: number | undefined;
  readonly bJ: number | undefined;
}

export interface PairedParts {
  readonly by: "layer" | "block";
  readonly parts: readonly Part[];
}

/** Share of the shorter one's layers that the other has by name too. */
const LEAST_SHARED_RATIO = 0.5;

type Named = readonly { readonly name: string; readonly energyJ: number }[];

function paired(a: Named, b: Named): readonly Part[] {
  const [inA, inB] = [a, b].map((parts) => new Map(parts.map(({ name, energyJ }) => [name, energyJ])));
  const names = [...new Set([...inA!.keys(), ...inB!.keys()])];
  const gap = ({ aJ = 0, bJ = 0 }: Part) => Math.abs(bJ - aJ);
  return names.map((name) => ({ name, aJ: inA!.get(name), bJ: inB!.get(name) })).sort((x, y) => gap(y) - gap(x));
}

export function pairParts(aWork: WorkReport, a: EnergyEstimate, bWork: WorkReport, b: EnergyEstimate): PairedParts {
  const names = new Set(a.layers.map(({ name }) => name));
  const shared = b.layers.filter(({ name }) => names.has(name)).length;
  if (shared >= LEAST_SHARED_RATIO * Math.min(a.layers.length, b.layers.length))
    return { by: "layer", parts: paired(a.layers, b.layers) };
  return { by: "block", parts: paired(rankedCosts(aWork, a).blocks, rankedCosts(bWork, b).blocks) };
}
