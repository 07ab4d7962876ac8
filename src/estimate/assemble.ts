// From the joules of each layer to an EnergyEstimate: the sums and the assumptions that all metrics share. Knows no equation.
import type { Hardware } from "../hardware/hardware.ts";
import { formatCount, formatNumber, formatQuantity } from "../units/format.ts";
import { exact, plus, type Range } from "../units/range.ts";
import type { WorkReport } from "../work/work.ts";
import type { EnergyEstimate, MissingEstimate } from "./metric.ts";

/** What a metric says of one layer, J. `parts` sum to `energy.value`. */
export interface LayerAnswer {
  readonly name: string;
  readonly energy: Range;
  readonly parts: Readonly<Record<string, number>>;
}

interface Answer {
  readonly layers: readonly LayerAnswer[];
  /** The energy holds layers that were not counted too, because a measured time does. Default false. */
  readonly whole?: boolean;
  readonly durationS: number | undefined;
  readonly assumptions: readonly string[];
}

function sharedAssumptions(work: WorkReport, whole: boolean): string[] {
  const notes: string[] = [];
  if (work.phase === "training") notes.push("one training step: forward, backward and optimiser");
  const count = work.unknown.length;
  if (count > 0) {
    const operators = [...new Set(work.unknown.map((unknown) => unknown.op))].join(", ");
    const layers = `${formatCount(count)} ${count === 1 ? "layer is" : "layers are"} not counted`;
    const meaning = whole ? "the given time holds them, shared out among the others" : "a lower bound";
    notes.push(`${layers}: ${meaning} (${operators})`);
  }
  return notes;
}

/** True when every layer that does something is unknown: 0 J would then be no answer. */
function nothingCounted({ unknown, total }: WorkReport): boolean {
  return unknown.length > 0 && total.flops === 0 && total.readBytes + total.writtenBytes === 0;
}

/**
 * Sums layers to an estimate; low ≤ energyJ ≤ high holds whatever the rounding.
 * @returns what is missing when operators are unknown and nothing at all was counted
 */
export function assemble(
  metric: string,
  work: WorkReport,
  hardware: Hardware,
  answer: Answer,
): EnergyEstimate | MissingEstimate {
  if (nothingCounted(work)) {
    const all = work.unknown.length + work.layers.length;
    return missing(metric, hardware, [
      `operators that can be counted: ${formatCount(work.unknown.length)} of ${formatCount(all)} layers unknown`,
    ]);
  }
  const whole = answer.whole ?? false;
  let sum = exact(0);
  const parts: Record<string, number> = {};
  for (const layer of answer.layers) {
    sum = plus(sum, layer.energy);
    for (const [part, energyJ] of Object.entries(layer.parts)) parts[part] = (parts[part] ?? 0) + energyJ;
  }
  return {
    device: hardware.id,
    metric,
    energyJ: sum.value,
    lowJ: Math.min(sum.low, sum.value),
    highJ: Math.max(sum.high, sum.value),
    complete: whole || work.unknown.length === 0,
    durationS: answer.durationS,
    parts,
    layers: answer.layers.map(({ name, energy }) => ({ name, energyJ: energy.value })),
    assumptions: [...answer.assumptions, ...sharedAssumptions(work, whole)],
  };
}

/** The answer when `hardware` lacks the numbers called `needs`. */
export function missing(metric: string, hardware: Hardware, needs: readonly string[]): MissingEstimate {
  return { device: hardware.id, metric, needs };
}

/** True for the answer that names what is missing. */
export function isMissing<T extends object>(result: T | MissingEstimate): result is MissingEstimate {
  return "needs" in result;
}

/** A range for people: "2.00 W", or "2.00 W (1.50 W – 3.00 W)". An empty unit gives the bare number. */
export function formatRange(range: Range, unit: string): string {
  const show = (value: number) => (unit === "" ? formatNumber(value) : formatQuantity(value, unit));
  const value = show(range.value);
  return range.low === range.high ? value : `${value} (${show(range.low)} – ${show(range.high)})`;
}
