// The grid of [DeepRxEnergy], section IV-B: student size, teacher size, α and T, every point with several seeds. The best point is the one with the best
// mean on validation data; nothing here looks at test data.
import type { Score } from "../../learn/train/plan.ts";
import { mean, standardDeviation } from "../../math/statistics.ts";
import { InputError } from "../../units/input-error.ts";

/** One setting. */
export interface GridPoint {
  /** As the user writes it: "zoo:mnist-cnn", a file, "× 0.5" for a narrowed teacher. */
  readonly teacher: string;
  readonly student: string;
  readonly alpha: number;
  readonly temperature: number;
}

/** Values by axis, at least one each. */
export type GridAxes = { readonly [K in keyof GridPoint]: readonly GridPoint[K][] };

const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;

/** Most trainings of one grid, if nothing else is said. */
export const MOST_TRAININGS = 100;

/**
 * Every combination once, the last axis fastest. At α = 1 the teacher and T say nothing: those points are kept once per student.
 * @throws InputError "grid-too-large" when points × seeds are more than `most`
 */
export function gridPoints(axes: GridAxes, seeds: number, most = MOST_TRAININGS): readonly GridPoint[] {
  const { teacher, student, alpha, temperature } = axes;
  const whole = teacher.length * student.length * alpha.length * temperature.length * seeds;
  const points: GridPoint[] = [];
  const plain = new Set<string>();
  const add = (point: GridPoint) => {
    if (point.alpha === 1 && plain.has(point.student)) return;
    if (point.alpha === 1) plain.add(point.student);
    points.push(point);
  };
  if (whole <= most * PLAIN_MARGIN)
    for (const t of teacher)
      for (const s of student)
        for (const a of alpha) for (const T of temperature) add({ teacher: t, student: s, alpha: a, temperature: T });
  const trainings = points.length === 0 ? whole : points.length * seeds;
  if (trainings <= most) return points;
  throw new InputError(
    "grid-too-large",
    `the grid has ${trainings} trainings (${counted(teacher.length, "teacher")} × ${counted(student.length, "student")} × ${alpha.length} α × ${temperature.length} T × ${counted(seeds, "seed")}), expected at most ${most}`,
    "leave values out, or allow more with --max-trainings",
  );
}

/** Points left out at α = 1 can make a grid this much smaller at most before it is written out. */
const PLAIN_MARGIN = 10;

/** Mean and spread over the seeds of a point. */
export interface Spread {
  readonly mean: number;
  /** Sample standard deviation; undefined for a single seed. */
  readonly deviation: number | undefined;
}

/** Of accuracies where there are any, else of losses; undefined where a seed was not judged. */
export function spreadOf(scores: readonly (Score | undefined)[]): Spread | undefined {
  const values = scores.flatMap((score) => (score === undefined ? [] : [score.accuracy ?? score.loss]));
  if (values.length < scores.length || values.length === 0) return undefined;
  return { mean: mean(values), deviation: values.length > 1 ? standardDeviation(values) : undefined };
}

/** Index of the best mean: the highest accuracy, else the lowest loss; the first of equals. 0 where nothing was judged. */
export function bestOf(points: readonly (readonly (Score | undefined)[])[]): number {
  const isAccuracy = points[0]?.[0]?.accuracy !== undefined;
  const worth = (scores: readonly (Score | undefined)[]): number => {
    const spread = spreadOf(scores);
    if (spread === undefined) return Number.NEGATIVE_INFINITY;
    return isAccuracy ? spread.mean : -spread.mean;
  };
  return points.reduce((best, scores, i) => (worth(scores) > worth(points[best]!) ? i : best), 0);
}
