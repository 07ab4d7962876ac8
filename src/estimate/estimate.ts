// One network, many devices, many metrics: every answer side by side, and every answer that a number is missing for.
import type { Hardware } from "../hardware/hardware.ts";
import { InputError } from "../units/input-error.ts";
import type { Range } from "../units/range.ts";
import type { WorkReport } from "../work/work.ts";
import { isMissing } from "./assemble.ts";
import type { EnergyEstimate, EnergyMetric, EstimateOptions, MissingEstimate } from "./metric.ts";

export interface Estimates {
  readonly estimates: readonly EnergyEstimate[];
  readonly missing: readonly MissingEstimate[];
}

function checkWithin(name: string, given: number | Range | undefined, low: number, high: number, open = false): void {
  if (given === undefined) return;
  const {
    value,
    low: least,
    high: most,
  } = typeof given === "number" ? { value: given, low: given, high: given } : given;
  const inside =
    (open ? least > low : least >= low) && most <= high && Number.isFinite(most) && least <= value && value <= most;
  if (inside) return;
  const limits = `${open ? "above" : "from"} ${low}${high === Number.POSITIVE_INFINITY ? "" : ` to ${high}`}`;
  const shown = least === most ? `${value}` : `${least} ≤ ${value} ≤ ${most}`;
  throw new InputError("out-of-range", `${name}: ${shown} is out of range`, `give a number ${limits}`);
}

/** @throws InputError "out-of-range" when an option cannot be meant */
function checkOptions(options: EstimateOptions): void {
  checkWithin("utilisationRatio", options.utilisationRatio, 0, 1, true);
  checkWithin("usageRatio", options.usageRatio, 0, 1);
  checkWithin("durationS", options.durationS, 0, Number.POSITIVE_INFINITY);
  checkWithin("energyPerElementJ", options.energyPerElementJ, 0, Number.POSITIVE_INFINITY);
  checkWithin("pueRatio", options.pueRatio, 1, Number.POSITIVE_INFINITY);
  checkWithin("memoryBytes", options.memoryBytes, 0, Number.POSITIVE_INFINITY);
  const nonzero = options.nonzeroRatio;
  const ratios = typeof nonzero === "number" ? [nonzero] : (nonzero?.values() ?? []);
  for (const ratio of ratios) checkWithin("nonzeroRatio", ratio, 0, 1);
}

/**
 * Asks every metric about every device.
 * @param work counts of one pass of the batch, or of one training step
 * @returns estimates and missing ones, by device, then by metric, in the order given
 * @throws InputError when an option is out of range
 */
export function estimateAll(
  work: WorkReport,
  devices: readonly Hardware[],
  metrics: readonly EnergyMetric[],
  options: EstimateOptions = {},
): Estimates {
  checkOptions(options);
  const results = devices.flatMap((device) => metrics.map((metric) => metric.estimate(work, device, options)));
  return {
    estimates: results.filter((result): result is EnergyEstimate => !isMissing(result)),
    missing: results.filter(isMissing),
  };
}
