// A student of half the width that learns from the network's answers. The most joules saved, and the most spent: the horizon decides.
import { narrowed } from "../../distil/shrink.ts";
import type { Action } from "../action.ts";
import { bestTried, bottleneckText, savingBy, trainingJ } from "../evidence.ts";
import { narrower } from "../what-if.ts";

const ID = "distil-smaller";
const WIDTH = 0.5;
/** A student begins from nothing: so many times the epochs of a fine-tuning. */
const EPOCHS_RATIO = 5;

export const distilSmaller: Action = {
  id: ID,
  candidates: async ({ network, dims, isHere }) =>
    isHere
      ? [
          {
            name: "half of the width",
            network: { graph: narrowed(network.graph, WIDTH, 0, dims), weights: network.weights },
            isJudged: false,
          },
        ]
      : [],
  consider: (context) => {
    const { refused, work, training, before } = context;
    const cannot = refused.get(ID);
    const student = narrower(work, WIDTH);
    const saving = cannot === undefined ? savingBy(context, bestTried(context, ID), student) : undefined;
    if (saving === undefined && cannot === undefined) return undefined;
    const learningJ = trainingJ(context, EPOCHS_RATIO, student.total.flops / work.total.flops);
    const teacherJ = training && training.samples * training.epochs * EPOCHS_RATIO * before.value;
    return {
      change: "half of the width",
      saving,
      costJ: learningJ === undefined || teacherJ === undefined ? undefined : learningJ + teacherJ,
      costBasis: "estimated",
      risk: "high",
      obstacle: cannot,
      why: `${training === undefined ? "" : `${training.epochs * EPOCHS_RATIO} epochs of student and teacher; `}accuracy is known only after them${bottleneckText(context)}`,
    };
  },
  silence: () => "the metric tells nothing of a smaller network",
};
