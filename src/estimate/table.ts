// Every energy metric, in the order reports show them. To add one: write its file, list it here.
import { unknownName } from "../units/nearest.ts";
import { clock } from "./clock.ts";
import { flopsPerWatt } from "./flops-per-watt.ts";
import { greenAlgorithms } from "./green-algorithms.ts";
import { macLinear } from "./mac-linear.ts";
import type { EnergyMetric } from "./metric.ts";
import { opEnergy } from "./op-energy.ts";
import { roofline } from "./roofline.ts";
import { tdp } from "./tdp.ts";

export const METRICS: readonly EnergyMetric[] = [
  flopsPerWatt,
  clock,
  macLinear,
  opEnergy,
  roofline,
  tdp,
  greenAlgorithms,
];

/**
 * The metric called `name`, whatever its case.
 * @throws InputError "unknown-metric" with the nearest names
 */
export function findMetric(name: string): EnergyMetric {
  const found = METRICS.find((metric) => metric.id === name.trim().toLowerCase());
  if (found !== undefined) return found;
  const names = METRICS.map((metric) => metric.id);
  throw unknownName("metric", name, names, `choose one of ${names.join(", ")}`);
}
