// From what was tried, or from the metrics, to a saving: the two ways that every action has to know its joules.
import { scaled } from "../../units/range.ts";
import type { WorkReport } from "../../work/work.ts";
import type { AdviceContext, Saving, Tried } from "./action.ts";
import type { Bottleneck } from "./bottleneck.ts";
import { estimatedSaving, savingOf } from "./verdict.ts";

/** What surely needs the least joules: by the high end, so that no chance decides. Undefined where none told joules. */
export function bestTried({ tried }: AdviceContext, action: string): Tried | undefined {
  const known = (tried.get(action) ?? []).filter(({ ratio }) => ratio !== undefined);
  return known.reduce<Tried | undefined>(
    (best, one) => (best === undefined || one.ratio!.high < best.ratio!.high ? one : best),
    undefined,
  );
}

/** The first that was tried, whatever it told: accuracy is known also where joules are not. */
export const firstTried = ({ tried }: AdviceContext, action: string): Tried | undefined => tried.get(action)?.[0];

/** By the metric: its ratio of joules, put to what one inference takes. */
export function metricSaving(context: AdviceContext, after: WorkReport): Saving | undefined {
  const [now, then] = [context.estimate(context.work), context.estimate(after)];
  if (now === undefined || then === undefined || !(now.value > 0)) return undefined;
  const factor = context.before.value / now.value;
  return estimatedSaving(scaled(now, factor), scaled(then, factor));
}

/** From the trial where there was one, else by the metric on the work that it would be. */
export function savingBy(context: AdviceContext, tried: Tried | undefined, after: WorkReport): Saving | undefined {
  return (tried && savingOf(context.before.value, tried)) ?? metricSaving(context, after);
}

/** Joules of training: all samples, so many times. */
export function trainingJ({ training }: AdviceContext, epochsRatio = 1, perSampleRatio = 1): number | undefined {
  return training && training.samples * training.epochs * epochsRatio * training.perSampleJ * perSampleRatio;
}

/** What it costs to look at samples in passes, as calibration does. */
export const passesJ = ({ before }: AdviceContext, samples: number): number => samples * before.value;

const BOUND: Readonly<Record<Bottleneck["binds"], string>> = {
  memory: "; memory binds here: fewer bytes help, fewer MACs alone do not",
  compute: "; arithmetic binds here",
  overhead: "; calls and waiting take the time here, not arithmetic or bytes",
};

/** What binds, as the end of a sentence. */
export const bottleneckText = ({ bottleneck }: AdviceContext): string =>
  bottleneck === undefined ? "" : BOUND[bottleneck.binds];
