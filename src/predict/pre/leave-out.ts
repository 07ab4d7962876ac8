// Fitting a target and judging candidates by leaving whole groups out: networks, environments, or any column. Never a random split:
// runs of one network on one machine are so alike that a random split only asks whether the file can be looked up.
import { mean, median, standardDeviation, sum, variance } from "../../math/statistics.ts";
import { CANDIDATES, type Candidate } from "./candidates.ts";
import { fitDesign } from "./design.ts";
import { groupBy } from "./groups.ts";
import type { FeatureName, PastRun, SetUp } from "./run.ts";
import { TARGETS, type TargetName } from "./targets.ts";

/** The group a run belongs to. */
export type Grouping = (run: PastRun) => string;

/** Predicts a target of a set-up, in the target's unit per training sample (power: W). Above 0 always. */
export type Predict = (setUp: SetUp) => number;

/** Runs that differ in nothing that is known before training: one point of the fit, so that repeats do not outvote. */
interface Point {
  readonly setUp: SetUp;
  /** Mean target on the linear scale. */
  readonly value: number;
}

/** Points above which kernels, whose cost grows with the cube, are left out. */
const KERNEL_POINTS = 200;
/** Inner folds: more groups than this are left out several at a time when candidates are compared. */
const INNER_FOLDS = 6;

/** Made once per run: the same runs are fitted thousands of times while candidates are compared. */
const setUpKeys = new WeakMap<PastRun, string>();

function setUpKey(run: PastRun): string {
  const known = setUpKeys.get(run);
  if (known !== undefined) return known;
  const { architecture, environment, features } = run;
  const key = JSON.stringify([architecture, environment, Object.entries(features).sort()]);
  setUpKeys.set(run, key);
  return key;
}

function pointsOf(
  runs: readonly PastRun[],
  target: TargetName,
): { points: Point[]; fromScale: (value: number, setUp: SetUp) => number } {
  const scale = TARGETS[target].fitScale(runs);
  const usable = runs.filter((run) => scale.of(run) !== undefined);
  const cells = groupBy(usable, setUpKey);
  const points = [...cells.values()].map((cell) => ({
    setUp: cell[0]!,
    value: mean(cell.map((run) => scale.toScale(scale.of(run)!, run))),
  }));
  return { points, fromScale: scale.fromScale };
}

/** Fits one candidate; undefined where it does not apply to this target or these runs. */
function fitCandidate(
  candidate: Candidate,
  target: TargetName,
  runs: readonly PastRun[],
  usable: readonly FeatureName[],
): Predict | undefined {
  const { points, fromScale } = pointsOf(runs, target);
  if (points.length === 0) return undefined;
  if (candidate.perFlop && !(TARGETS[target].isWork && usable.includes("gflops"))) return undefined;
  if (candidate.regression.id.includes("kernel") && points.length > KERNEL_POINTS) return undefined;
  const setUps = points.map(({ setUp }) => setUp);
  const design = fitDesign(setUps, usable, candidate);
  const offset = candidate.perFlop ? fitWork(points) : () => 0;
  const values = points.map(({ setUp, value }) => value - offset(setUp));
  const fitted = candidate.regression.fit(setUps.map(design.row), values, design.parts);
  const clamp = clampTo(values);
  return (setUp) => fromScale(clamp(fitted(design.row(setUp))) + offset(setUp), setUp);
}

/** Overheads tried, as multiples of the median FLOPs of the networks. */
const OVERHEADS = [0, 0.1, 0.3, 1, 3, 10, 30] as const;

/**
 * ln(FLOPs + overhead) with the overhead that leaves the least spread within the environments: what a sample costs however small
 * the network is (starting kernels, loading data).
 */
function fitWork(points: readonly Point[]): (setUp: SetUp) => number {
  const middle = median(points.map(({ setUp }) => setUp.features.gflops!));
  const cells = [...groupBy(points, ({ setUp }) => setUp.environment).values()];
  const works = OVERHEADS.map((ratio) => {
    const work = ({ features }: SetUp): number => Math.log(features.gflops! + ratio * middle);
    const spreads = cells.map((cell) => {
      const values = cell.map(({ setUp, value }) => value - work(setUp));
      return variance(values) * (values.length - 1);
    });
    return { work, spread: sum(spreads) };
  });
  return works.reduce((best, each) => (each.spread < best.spread ? each : best)).work;
}

/** Lines run away outside of what was seen: no further than its spread, at least a factor e, beyond its ends. */
function clampTo(values: readonly number[]): (value: number) => number {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = Math.max(high - low, 1);
  return (value) => Math.min(high + margin, Math.max(low - margin, value));
}

/** A run that was predicted without its group. */
export interface HeldOut {
  readonly run: PastRun;
  readonly group: string;
  readonly predicted: number;
}

/** Predicts every run from the others' groups. Empty when there are fewer than two groups. */
export function leaveGroupsOut(
  runs: readonly PastRun[],
  grouping: Grouping,
  train: (training: readonly PastRun[]) => Predict | undefined,
  folds = Number.POSITIVE_INFINITY,
): readonly HeldOut[] {
  const names = [...groupBy(runs, grouping).keys()];
  if (names.length < 2) return [];
  const foldOf = new Map(names.map((name, i) => [name, i % folds]));
  const parts = [...new Set(foldOf.values())];
  return parts.flatMap((part) => {
    const isOut = (run: PastRun): boolean => foldOf.get(grouping(run)) === part;
    const predict = train(runs.filter((run) => !isOut(run)));
    if (predict === undefined) return [];
    return runs.filter(isOut).map((run) => ({ run, group: grouping(run), predicted: predict(run) }));
  });
}

/** |ln(predicted ÷ true)| of a target by group: a factor 2 too much counts as a factor 2 too little. */
function logErrors(heldOut: readonly HeldOut[], of: (run: PastRun) => number | undefined): readonly number[] {
  const groups = groupBy(heldOut, ({ group }) => group);
  return [...groups.values()].map((group) =>
    mean(group.map(({ run, predicted }) => Math.abs(Math.log(predicted / of(run)!)))),
  );
}

/** Taken when there are too few groups to compare candidates. */
const UNJUDGED = CANDIDATES.find(({ id }) => id === "all ridge")!;

/**
 * The candidates that cannot be told from the best: error within one standard error of the best one's [Hastie2009, 7.10]. Their
 * mean is taken, because with a handful of groups the best of many is best by luck.
 */
function indistinguishable(
  judged: readonly { candidate: Candidate; errors: readonly number[] }[],
): readonly Candidate[] {
  const sorted = judged
    .map(({ candidate, errors }) => ({
      candidate,
      error: mean(errors),
      spread: standardDeviation(errors) / Math.sqrt(errors.length),
    }))
    .sort((a, b) => a.error - b.error);
  const limit = sorted[0]!.error + sorted[0]!.spread;
  return sorted.filter(({ error }) => error <= limit).map(({ candidate }) => candidate);
}

const saying = (target: TargetName, runs: readonly PastRun[]): readonly PastRun[] => {
  const { of } = TARGETS[target].fitScale(runs);
  return runs.filter((run) => of(run) !== undefined);
};

/**
 * Chooses candidates by leaving groups out.
 * @param groupings tried in this order: the first that parts the runs into two groups or more decides
 * @param usable features that all runs and the question know
 */
export function chooseMembers(
  target: TargetName,
  runs: readonly PastRun[],
  groupings: readonly Grouping[],
  usable: readonly FeatureName[],
): readonly Candidate[] {
  const known = saying(target, runs);
  const { of } = TARGETS[target].fitScale(known);
  const grouping = groupings.find((each) => new Set(known.map(each)).size > 1);
  if (grouping === undefined) return [UNJUDGED];
  const judged = CANDIDATES.flatMap((candidate) => {
    const train = (training: readonly PastRun[]) => fitCandidate(candidate, target, training, usable);
    const heldOut = leaveGroupsOut(known, grouping, train, INNER_FOLDS);
    return heldOut.length === 0 ? [] : [{ candidate, errors: logErrors(heldOut, of) }];
  });
  return indistinguishable(judged);
}

/** Fits candidates on all runs; their geometric mean predicts. @returns undefined when no run says the target */
export function fitMembers(
  members: readonly Candidate[],
  target: TargetName,
  runs: readonly PastRun[],
  usable: readonly FeatureName[],
): Predict | undefined {
  const known = saying(target, runs);
  const fits = members.flatMap((candidate) => fitCandidate(candidate, target, known, usable) ?? []);
  if (fits.length === 0) return undefined;
  return (setUp) => Math.exp(mean(fits.map((fitted) => Math.log(fitted(setUp)))));
}
