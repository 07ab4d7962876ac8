// Two populations in one set of samples: the same layers cost more under one value of a column than under another, though nothing
// that describes a layer differs. Seen in the residuals of the chosen model; a remark, not a correction.
import { mean } from "../../math/statistics.ts";
import type { Candidate } from "./candidates.ts";
import { parameterColumns } from "./parameters.ts";
import { columnsOf, type Sample } from "./samples.ts";
import type { Split } from "./splits.ts";
import { namesIn } from "./terms.ts";

/** A column with more values than this numbers the rows. */
const MOST_VALUES = 6;
const LEAST_ROWS = 12;
/** Ratio of costs that is worth a remark. */
const LEAST_RATIO = 1.3;

/** @param folds those that the candidate's held-out pairs come from, in order */
export function populations(
  samples: readonly Sample[],
  { heldOut, set }: Candidate,
  folds: readonly Split[],
): string[] {
  const order = folds.flatMap(({ test }) => test);
  const ratios = heldOut.folds.map(({ truthJ, energyJ }) => Math.log(truthJ / energyJ));
  const columns = columnsOf(samples);
  const explained = new Set([...set.features.flatMap(namesIn), ...parameterColumns(columns).values()]);
  return columns
    .filter((column) => !explained.has(column))
    .flatMap((column) => {
      const groups = new Map<string, number[]>();
      order.forEach((position, i) => {
        const value = samples[position]!.cells.get(column) ?? "";
        if (!groups.has(value)) groups.set(value, []);
        if (Number.isFinite(ratios[i])) groups.get(value)!.push(ratios[i]!);
      });
      const large = [...groups].filter(([, values]) => values.length >= LEAST_ROWS);
      if (large.length < 2 || groups.size > MOST_VALUES) return [];
      const means = large.map(([value, values]) => ({ value, mean: mean(values) })).sort((a, b) => a.mean - b.mean);
      const [low, high] = [means[0]!, means.at(-1)!];
      const ratio = Math.exp(high.mean - low.mean);
      if (ratio < LEAST_RATIO) return [];
      return [
        `the same layer costs ${ratio.toFixed(1)} times as much where ${column} is ${high.value} as where it is ${low.value}: ` +
          `two populations in one file; choose one with --where ${column}=${low.value}`,
      ];
    });
}
