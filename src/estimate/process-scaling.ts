// From 45 nm to another process node: the fitted polynomials of [Stillmaker2017], table 5 (high-performance devices).
// Energy factor = a2·V² + a1·V + a0; a ratio of two factors scales an energy. Logic and on-chip memory only, never DRAM.
import { InputError } from "../units/input-error.ts";
import type { Range } from "../units/range.ts";

interface Node {
  /** a2, a1, a0 of the energy factor. */
  readonly factor: readonly [number, number, number];
  /** Nominal supply of the transistor models behind the fit [PTM], V. */
  readonly supplyV: number;
}

const NODES: Readonly<Record<number, Node>> = {
  45: { factor: [1.018, -0.3107, 0.1539], supplyV: 1.0 },
  32: { factor: [0.8367, -0.4341, 0.1701], supplyV: 0.9 },
  20: { factor: [0.373, -0.1582, 0.04104], supplyV: 0.9 },
  16: { factor: [0.2958, -0.1241, 0.03024], supplyV: 0.85 },
  14: { factor: [0.2363, -0.09675, 0.02239], supplyV: 0.8 },
  10: { factor: [0.2068, -0.09311, 0.02375], supplyV: 0.75 },
  7: { factor: [0.1776, -0.09097, 0.02447], supplyV: 0.7 },
};

/** Id of the record whose energies can be scaled. */
export const BASE_PROCESS = "horowitz-45nm";

/** Supply of the 45 nm energies in [Horowitz2014], V. */
const BASE_SUPPLY_V = 0.9;

/** Nodes that can be scaled to, nm. */
export const SCALABLE_NM: readonly number[] = Object.keys(NODES)
  .map(Number)
  .sort((a, b) => b - a);

const energyFactor = ({ factor: [a2, a1, a0] }: Node, supplyV: number): number => a2 * supplyV ** 2 + a1 * supplyV + a0;

/**
 * Factor from 45 nm at 0.9 V to node `nm` at its nominal supply; the range reaches to an unchanged supply of 0.9 V.
 * @throws InputError "unknown-node" for a node without a fit
 */
export function scalingFrom45(nm: number): Range {
  const node = NODES[nm];
  if (node === undefined)
    throw new InputError(
      "unknown-node",
      `no scaling from 45 nm to ${nm} nm`,
      `choose one of ${SCALABLE_NM.join(", ")}`,
    );
  if (nm === 45) return { value: 1, low: 1, high: 1 };
  const base = energyFactor(NODES[45]!, BASE_SUPPLY_V);
  const value = energyFactor(node, node.supplyV) / base;
  return { value, low: value, high: Math.max(value, energyFactor(node, BASE_SUPPLY_V) / base) };
}
