// The answer before a run: joules of a training that has not begun, from the user's own past runs. Not a measurement and not a metric of
// a datasheet: without past runs there is no answer. The method is PRE [DelRey2025], with targets that cannot become 0.
import { mean, quantile } from "../../math/statistics.ts";
import { formatNumber, formatQuantity } from "../../units/format.ts";
import { usableFeatures } from "./design.ts";
import { FORMS, type Form, type Given, saysGiven } from "./forms.ts";
import { CONFIDENCE, halfWidth } from "./interval.ts";
import { chooseMembers, fitMembers } from "./leave-out.ts";
import { FEATURES, type FeatureName, type PastRun, type SetUp } from "./run.ts";
import { BY_ARCHITECTURE, BY_ENVIRONMENT, BY_PAIR, residualsOf, type Scored, scoreBy } from "./score.ts";
import { TARGETS, type TargetName } from "./targets.ts";

export interface PlanAnswer {
  readonly energyJ: number;
  /** Bounds of the 90 % interval; undefined when there were too few groups to leave out. */
  readonly lowJ: number | undefined;
  readonly highJ: number | undefined;
  readonly meanPowerW: number | undefined;
  readonly durationS: number | undefined;
  readonly form: Form;
  /** "repeat": this very set-up is in the history; "model": it is predicted. */
  readonly basis: "repeat" | "model";
  /** Past runs of this very set-up. */
  readonly repeats: number;
  /** What was averaged, by target. */
  readonly models: Readonly<Partial<Record<TargetName, readonly string[]>>>;
  readonly inRange: boolean;
  /** What lies outside what was seen, in words: "GFLOPs per sample 31 (seen 0.064–10)". */
  readonly outside: readonly string[];
  /** Features that went in. */
  readonly features: readonly FeatureName[];
}

/** Distance on the logarithmic scale at which two values of a feature are the same. */
const SAME = 0.02;
/** Repeats from which their own spread gives the interval. */
const ENOUGH_REPEATS = 5;

const isSame = (a: number | undefined, b: number | undefined): boolean =>
  a === undefined || b === undefined || Math.abs(Math.log(a / b)) <= SAME;

/** Past runs of the same network on the same machine with the same settings. */
function repeatsOf(question: SetUp, runs: readonly PastRun[]): readonly PastRun[] {
  return runs.filter(
    (run) =>
      run.architecture === question.architecture &&
      run.environment === question.environment &&
      (Object.keys(FEATURES) as FeatureName[]).every((name) => isSame(run.features[name], question.features[name])),
  );
}

/** Features of the question below or above everything in the history, in words. */
export function outsideOf(question: SetUp, runs: readonly PastRun[]): readonly string[] {
  return (Object.keys(FEATURES) as FeatureName[]).flatMap((name) => {
    const asked = question.features[name];
    const seen = runs.flatMap(({ features }) => features[name] ?? []);
    if (asked === undefined || seen.length === 0) return [];
    const [low, high] = [Math.min(...seen), Math.max(...seen)];
    if (Math.log(asked / high) <= SAME && Math.log(low / asked) <= SAME) return [];
    const { label, unit } = FEATURES[name];
    const text = (value: number): string => (unit === "" ? formatNumber(value) : formatQuantity(value, unit));
    return [`${label} ${text(asked)} (seen ${low === high ? text(low) : `${text(low)}–${text(high)}`})`];
  });
}

/** What is new in a question decides which left-out errors speak for it. */
function scoresFor(question: SetUp, runs: readonly PastRun[], scored: readonly Scored[]): readonly Scored[] {
  const isNew = (by: typeof BY_PAIR): boolean => !runs.some((run) => by.of(run) === by.of(question as PastRun));
  const asked = [BY_ARCHITECTURE, BY_ENVIRONMENT].filter(isNew);
  const wanted = asked.length > 0 ? asked : [BY_PAIR];
  return wanted.map((by) => scored.find((each) => each.by.name === by.name) ?? scoreBy(runs, by));
}

/** Errors of independent kinds (a new network, a new machine) add as squares; undefined when one of them is not known. */
function combinedHalf(form: Form, scores: readonly Scored[]): number | undefined {
  const halves = scores.map(({ energies }) => {
    const own = energies.find((each) => each.form.id === form.id);
    return own === undefined ? undefined : halfWidth([...residualsOf(own).values()]);
  });
  return halves.includes(undefined) ? undefined : Math.hypot(...(halves as number[]));
}

/** Mean |ln(true ÷ predicted)| over the left-out groups; Infinity where the form was not scored. */
function errorOf(form: Form, scores: readonly Scored[]): number {
  const errors = scores.map(({ energies }) => {
    const own = energies.find((each) => each.form.id === form.id);
    if (own === undefined) return Number.POSITIVE_INFINITY;
    return mean([...residualsOf(own).values()].map((group) => mean(group.map(Math.abs))));
  });
  return Math.max(...errors);
}

interface Answering {
  predicted(target: TargetName): number | undefined;
  readonly models: Readonly<Partial<Record<TargetName, readonly string[]>>>;
}

function repeating(repeats: readonly PastRun[]): Answering {
  return {
    predicted: (target) => {
      const { of } = TARGETS[target].fitScale(repeats);
      const values = repeats.flatMap((run) => of(run) ?? []);
      return values.length === 0 ? undefined : Math.exp(mean(values.map(Math.log)));
    },
    models: {},
  };
}

function modelling(
  question: SetUp,
  runs: readonly PastRun[],
  usable: readonly FeatureName[],
  scores: readonly Scored[],
): Answering {
  const groupings = [...scores.map(({ by }) => by.of), BY_ARCHITECTURE.of, BY_ENVIRONMENT.of];
  const targets = Object.keys(TARGETS) as TargetName[];
  const fits = new Map(
    targets.map((target) => {
      const members = chooseMembers(target, runs, groupings, usable);
      return [target, { members, predict: fitMembers(members, target, runs, usable) }] as const;
    }),
  );
  return {
    predicted: (target) => fits.get(target)!.predict?.(question),
    models: Object.fromEntries([...fits].map(([target, { members }]) => [target, members.map(({ id }) => id)])),
  };
}

/** The spread of repeats about their own mean, as a half-width; undefined where they are too few. */
function repeatHalf(form: Form, repeats: readonly PastRun[], answering: Answering): number | undefined {
  const usable = repeats.filter((run) => saysGiven(form, run));
  if (usable.length < ENOUGH_REPEATS) return undefined;
  const predicted = Object.fromEntries(form.targets.map((target) => [target, answering.predicted(target)]));
  const off = usable.map((run) => Math.abs(Math.log(run.energyJ / form.energyJ(predicted, run, run))));
  return quantile(off, Math.min(1, (CONFIDENCE * (usable.length + 1)) / usable.length));
}

/** Forms that can be used with what is given, those that use most of it first. */
function formsFor(given: Given, answering: Answering): readonly Form[] {
  return FORMS.filter(
    (form) =>
      form.needs.every((name) => given[name] !== undefined) &&
      form.targets.every((target) => answering.predicted(target) !== undefined),
  );
}

/**
 * Answers a question from the history.
 * @param scored left-out scores that are known already, so that they are not made twice
 * @returns undefined when the history has neither durations nor epochs that go with what is given
 */
export function planTraining(
  question: SetUp,
  given: Given,
  runs: readonly PastRun[],
  scored: readonly Scored[] = [],
): PlanAnswer | undefined {
  const usable = usableFeatures(runs, question);
  const repeats = repeatsOf(question, runs);
  const isRepeat = repeats.length >= ENOUGH_REPEATS;
  const scores = isRepeat ? [] : scoresFor(question, runs, scored);
  const answering = isRepeat ? repeating(repeats) : modelling(question, runs, usable, scores);
  const possible = formsFor(given, answering);
  const first = possible[0];
  if (first === undefined) return undefined;
  const form = possible
    .filter(({ part }) => part === first.part)
    .reduce((best, each) => (errorOf(each, scores) < errorOf(best, scores) ? each : best));
  const predicted = Object.fromEntries(form.targets.map((target) => [target, answering.predicted(target)]));
  const energyJ = form.energyJ(predicted, question, given);
  const half = isRepeat ? repeatHalf(form, repeats, answering) : combinedHalf(form, scores);
  const meanPowerW = answering.predicted("power");
  const outside = outsideOf(question, runs);
  return {
    energyJ,
    lowJ: half === undefined ? undefined : energyJ * Math.exp(-half),
    highJ: half === undefined ? undefined : energyJ * Math.exp(half),
    meanPowerW,
    durationS: given.durationS ?? (meanPowerW === undefined ? undefined : energyJ / meanPowerW),
    form,
    basis: isRepeat ? "repeat" : "model",
    repeats: repeats.length,
    models: Object.fromEntries(
      form.targets.flatMap((target) => (answering.models[target] ? [[target, answering.models[target]]] : [])),
    ),
    inRange: outside.length === 0,
    outside,
    features: usable,
  };
}
