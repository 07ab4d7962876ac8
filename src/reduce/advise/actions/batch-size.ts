// Several samples in one pass: weights are read once for all, and calls are paid once. It costs waiting, so the rate says how many fit.
import { formatDuration, formatRatio } from "../../../units/format.ts";
import { scaled } from "../../../units/range.ts";
import { batchesWithin } from "../../levers/batch-size.ts";
import type { Action, AdviceContext, Saving } from "../action.ts";
import { bestTried, metricSaving } from "../evidence.ts";
import { savingOf } from "../verdict.ts";

const ID = "batch-size";
/** Batches that are tried and told of. */
export const BATCHES: readonly number[] = [2, 4, 8, 16, 32];

interface Choice {
  readonly batch: number;
  readonly saving: Saving;
}

/** By the metric: each batch that fits, per sample; the one with the least joules. */
function byMetric(context: AdviceContext): Choice | undefined {
  const { use, maxWaitS, workOf } = context;
  const choices = batchesWithin(BATCHES, use.ratePerS, maxWaitS).flatMap((batch): Choice[] => {
    const work = workOf(batch);
    const perSample: AdviceContext = {
      ...context,
      estimate: (one) => {
        const pass = context.estimate(one);
        return pass && scaled(pass, 1 / one.batch);
      },
    };
    const saving = work && metricSaving(perSample, work);
    return saving === undefined ? [] : [{ batch, saving }];
  });
  return choices.reduce<Choice | undefined>(
    (best, one) => (best === undefined || one.saving.after.value < best.saving.after.value ? one : best),
    undefined,
  );
}

export const batchSize: Action = {
  id: ID,
  candidates: async ({ network, use, maxWaitS, isHere }) =>
    isHere
      ? batchesWithin(BATCHES, use.ratePerS, maxWaitS).map((batch) => ({
          name: `batch ${batch}`,
          network,
          batch,
          isJudged: false,
        }))
      : [],
  consider: (context) => {
    const { use, maxWaitS, before, refused } = context;
    const tried = bestTried(context, ID);
    const measured = tried && savingOf(before.value, tried);
    const choice = measured ? { batch: tried.candidate.batch!, saving: measured } : byMetric(context);
    const isTooSlow = batchesWithin(BATCHES, use.ratePerS, maxWaitS).length === 0;
    const cannot = refused.get(ID);
    if (choice === undefined && !isTooSlow && cannot === undefined) return undefined;
    const waitS = choice === undefined ? 0 : (choice.batch - 1) / use.ratePerS;
    return {
      change: choice === undefined ? "several samples in one pass" : `batch ${choice.batch}`,
      saving: choice?.saving,
      costJ: 0,
      costBasis: choice?.saving.basis ?? "estimated",
      risk: "none",
      obstacle: isTooSlow
        ? `at this rate a second sample comes only after ${formatDuration(1 / use.ratePerS)}, later than the ${formatDuration(maxWaitS)} that one may wait`
        : choice === undefined
          ? cannot
          : undefined,
      why:
        choice === undefined
          ? ""
          : `${formatRatio(choice.saving.saved.value / choice.saving.before)} less per sample than one at a time: weights and calls are paid once for all; the first sample waits ${formatDuration(waitS)} for the last`,
    };
  },
  silence: () => "the metric tells nothing of other batches",
};
