// Which network on which machine for the least energy at a given loss of quality: what the past runs say themselves, nothing fitted.
// The question and the claim (up to 80.68 % less energy for under 2 % of F1) are of [DelRey2025].
import { regularisedBeta } from "../../math/distribution.ts";
import { leastSquares } from "../../math/regression.ts";
import { mean, median, spearman, sum } from "../../math/statistics.ts";
import { groupBy } from "./groups.ts";
import type { PastRun } from "./run.ts";

/** One network on one machine; medians over its runs, so that a failed run does not decide. */
export interface Combination {
  readonly architecture: string;
  readonly environment: string;
  readonly runs: number;
  readonly energyJ: number;
  /** F1 or accuracy, a ratio; undefined where no run says it. */
  readonly quality: number | undefined;
  /** Quality below the best combination's, relative to it: 0.02 is 2 % less. */
  readonly loss: number | undefined;
  /** The loss is within what is allowed. */
  readonly isWithin: boolean;
  /** Energy below that of the combination with the best quality, as a ratio of it. Below 0 is more energy. */
  readonly saving: number | undefined;
  /** No other combination has both less energy and a better quality. */
  readonly isPareto: boolean;
}

/** How far network and machine act together, beyond each alone: two-way analysis of variance of ln(energy). */
export interface Interaction {
  readonly f: number;
  readonly degrees: readonly [number, number];
  readonly p: number;
  /** Partial η²: share of the variance not explained by network and machine apart that their pairing explains. */
  readonly partialEtaSquared: number;
}

/** The larger machine over the smaller, by network: the paper finds the ratio to fall as the network grows. */
export interface Scaling {
  readonly larger: string;
  readonly smaller: string;
  readonly rows: readonly { readonly architecture: string; readonly gflops: number; readonly ratio: number }[];
  /** Rank correlation of the ratio with the network's GFLOPs: −1 when larger networks gain steadily on the larger machine. */
  readonly spearman: number;
}

export interface Recommendation {
  /** "f1" or "accuracy". */
  readonly quality: string;
  readonly maxLoss: number;
  /** Within the loss first, then by energy. */
  readonly ranked: readonly Combination[];
  /** The combination with the best quality: what the others are compared with. */
  readonly reference: Combination | undefined;
  readonly best: Combination | undefined;
  /** Least over most energy among the combinations within the loss, as a saving. */
  readonly savingFromDearest: number | undefined;
  readonly interaction: Interaction | undefined;
  readonly scaling: Scaling | undefined;
}

/** What the paper's abstract states. */
export const PUBLISHED_SAVING = { savingRatio: 0.8068, maxLossRatio: 0.02, source: "[DelRey2025] abstract" } as const;

const cellOf = ({ architecture, environment }: PastRun): string => JSON.stringify([architecture, environment]);

type Cell = Pick<Combination, "architecture" | "environment" | "runs" | "energyJ" | "quality">;

function cellsOf(runs: readonly PastRun[], quality: string): readonly Cell[] {
  return [...groupBy(runs, cellOf).values()].map((cell) => {
    const known = cell.flatMap((run) => run.quality[quality] ?? []);
    return {
      architecture: cell[0]!.architecture,
      environment: cell[0]!.environment,
      runs: cell.length,
      energyJ: median(cell.map(({ energyJ }) => energyJ)),
      quality: known.length === 0 ? undefined : median(known),
    };
  });
}

/**
 * Two-way analysis of variance with the full table of cell means against the additive model.
 * @returns undefined without repeats or without a pairing that could differ
 */
export function interactionOf(runs: readonly PastRun[]): Interaction | undefined {
  const values = runs.map(({ energyJ }) => Math.log(energyJ));
  const [first, ...architectures] = [...new Set(runs.map(({ architecture }) => architecture))];
  const [one, ...environments] = [...new Set(runs.map(({ environment }) => environment))];
  const cells = groupBy(runs, cellOf);
  const between = cells.size - architectures.length - environments.length - 1;
  const within = runs.length - cells.size;
  if (first === undefined || one === undefined || between < 1 || within < 1) return undefined;
  const rows = runs.map((run) => [
    ...architectures.map((name) => (run.architecture === name ? 1 : 0)),
    ...environments.map((name) => (run.environment === name ? 1 : 0)),
  ]);
  const additive = additiveResidue(rows, values);
  if (additive === undefined) return undefined;
  const residue = sum(
    [...cells.values()].map((cell) => {
      const own = cell.map(({ energyJ }) => Math.log(energyJ));
      return sum(own.map((value) => (value - mean(own)) ** 2));
    }),
  );
  const gained = Math.max(0, additive - residue);
  const f = gained / between / (residue / within);
  const p = regularisedBeta(within / (within + between * f), within / 2, between / 2);
  return { f, degrees: [between, within], p, partialEtaSquared: gained / (gained + residue) };
}

/** Squares left by the additive model; undefined where the table falls into parts that share neither network nor machine. */
function additiveResidue(rows: readonly (readonly number[])[], values: readonly number[]): number | undefined {
  try {
    const { intercept, coefficients } = leastSquares(rows, values);
    return sum(
      rows.map((row, i) => (values[i]! - row.reduce((total, x, j) => total + x * coefficients[j]!, intercept)) ** 2),
    );
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Networks that must be on both machines. */
const LEAST_SHARED = 3;

function scalingOf(runs: readonly PastRun[], cells: readonly Cell[]): Scaling | undefined {
  const size = ({ features }: PastRun): number | undefined => features.peakFlopsPerS ?? features.gpuTdpW;
  const machines = [...groupBy(runs, ({ environment }) => environment)]
    .flatMap(([name, own]) => (size(own[0]!) === undefined ? [] : [{ name, size: size(own[0]!)! }]))
    .sort((a, b) => b.size - a.size);
  const pairs = machines.flatMap((larger, i) => machines.slice(i + 1).map((smaller) => ({ larger, smaller })));
  const scalings = pairs.map(({ larger, smaller }): Scaling => {
    const rows = cells
      .filter(({ environment }) => environment === larger.name)
      .flatMap(({ architecture, energyJ }) => {
        const other = cells.find((each) => each.architecture === architecture && each.environment === smaller.name);
        const gflops = runs.find((run) => run.architecture === architecture)?.features.gflops;
        return other === undefined || gflops === undefined
          ? []
          : [{ architecture, gflops, ratio: energyJ / other.energyJ }];
      })
      .sort((a, b) => a.gflops - b.gflops);
    return {
      larger: larger.name,
      smaller: smaller.name,
      rows,
      spearman: spearman(
        rows.map(({ gflops }) => gflops),
        rows.map(({ ratio }) => ratio),
      ),
    };
  });
  return scalings.filter(({ rows }) => rows.length >= LEAST_SHARED).sort((a, b) => b.rows.length - a.rows.length)[0];
}

/**
 * Ranks network × machine by energy.
 * @param quality name of the quality to keep: "f1" or "accuracy"
 * @param maxLoss loss of quality allowed, relative to the best combination, in [0, 1]
 */
export function recommend(runs: readonly PastRun[], quality: string, maxLoss: number): Recommendation {
  const cells = cellsOf(runs, quality);
  const known = cells.filter((cell) => cell.quality !== undefined);
  const top = known.reduce<Cell | undefined>(
    (best, each) => (best && best.quality! >= each.quality! ? best : each),
    undefined,
  );
  const combinations = cells.map((cell): Combination => {
    const loss = cell.quality === undefined || top === undefined ? undefined : 1 - cell.quality / top.quality!;
    return {
      ...cell,
      loss,
      isWithin: loss !== undefined && loss <= maxLoss,
      saving: top === undefined ? undefined : 1 - cell.energyJ / top.energyJ,
      isPareto:
        cell.quality !== undefined &&
        !known.some(
          (other) =>
            other.energyJ <= cell.energyJ &&
            other.quality! >= cell.quality! &&
            (other.energyJ < cell.energyJ || other.quality! > cell.quality!),
        ),
    };
  });
  const ranked = combinations.sort((a, b) => Number(b.isWithin) - Number(a.isWithin) || a.energyJ - b.energyJ);
  const within = ranked.filter(({ isWithin }) => isWithin);
  return {
    quality,
    maxLoss,
    ranked,
    reference: ranked.find(
      ({ architecture, environment }) => architecture === top?.architecture && environment === top.environment,
    ),
    best: within[0],
    savingFromDearest: within.length === 0 ? undefined : 1 - within[0]!.energyJ / within.at(-1)!.energyJ,
    interaction: interactionOf(runs),
    scaling: scalingOf(runs, cells),
  };
}
