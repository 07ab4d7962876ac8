// From a plan to its trials: every combination, so often as asked, in an order drawn from the plan's seed, so that what changes with
// time (a room that warms up) falls on all alike. A trial's id says what it is: the same plan gives the same ids on every machine.
import { seededRandom, shuffled } from "../math/random.ts";
import type { StudyPlan } from "./plan.ts";
import type { Phase } from "./study-row.ts";

/** One measurement to be made. */
export interface Trial {
  /** "zoo:cifar/lenet data=synthetic:pictures phase=training batch=128 … repetition=0". */
  readonly id: string;
  readonly network: string;
  readonly data: string;
  readonly phase: Phase;
  readonly batch: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly momentum: number;
  readonly repetition: number;
  /** Of weights and order: the plan's and the repetition's. */
  readonly seed: number;
}

function crossed<A, B>(lefts: readonly A[], rights: readonly B[]): readonly (A & B)[] {
  return lefts.flatMap((left) => rights.map((right) => ({ ...left, ...right })));
}

const each = <K extends string, V>(key: K, values: readonly V[]): readonly Record<K, V>[] =>
  values.map((value) => ({ [key]: value }) as Record<K, V>);

/** Inference does not depend on how was trained: only the first of each hyperparameter. */
function hyperparameters(plan: StudyPlan, phase: Phase) {
  const some = <T>(values: readonly T[]) => (phase === "training" ? values : values.slice(0, 1));
  return crossed(
    crossed(each("learningRate", some(plan.learningRates)), each("weightDecay", some(plan.weightDecays))),
    each("momentum", some(plan.momenta)),
  );
}

/** Every trial of a plan, in the order of their turn. */
export function trialsOf(plan: StudyPlan): readonly Trial[] {
  const places = crossed(each("network", plan.networks), each("data", plan.data));
  const repetitions = Array.from({ length: plan.repetitions }, (_, repetition) => ({
    repetition,
    seed: plan.seed + repetition,
  }));
  const trials = plan.phases.flatMap((phase) =>
    crossed(
      crossed(crossed(places, each("batch", plan.batches)), hyperparameters(plan, phase)),
      repetitions.map((one) => ({ ...one, phase })),
    ),
  );
  const named = trials.map(
    (trial): Trial => ({
      ...trial,
      id: [
        trial.network,
        `data=${trial.data}`,
        `phase=${trial.phase}`,
        `batch=${trial.batch}`,
        ...(trial.phase === "training"
          ? [`lr=${trial.learningRate}`, `decay=${trial.weightDecay}`, `momentum=${trial.momentum}`]
          : []),
        `repetition=${trial.repetition}`,
      ].join(" "),
    }),
  );
  return shuffled(named, seededRandom(plan.seed));
}
