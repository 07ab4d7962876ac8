// Batch normalisation fused into the layer before: the same answers, fewer layers. A runtime that fuses by itself has taken it already.
import { foldBatchNorms } from "../../../learn/train/fold.ts";
import type { Action } from "../action.ts";
import { bestTried, savingBy } from "../evidence.ts";
import { withLayers } from "../what-if.ts";

const ID = "fold-batch-norm";

export const foldBatchNorm: Action = {
  id: ID,
  candidates: async ({ network, isHere }) => {
    if (!isHere) return [];
    const { graph, folded } = await foldBatchNorms(network.graph, network.weights);
    if (folded === 0) return [];
    return [{ name: `${folded} folded`, network: { graph, weights: network.weights }, isJudged: false }];
  },
  consider: (context) => {
    const { work, foldable, isHere } = context;
    const tried = bestTried(context, ID);
    const without = work.layers.filter(({ name }) => !foldable.has(name));
    const count = foldable.size;
    const obstacles: readonly (readonly [boolean, string])[] = [
      [
        count === 0 && tried === undefined,
        "no batch normalisation follows a convolution: none is there, or all are folded",
      ],
      [isHere && tried === undefined, "ONNX Runtime folds batch normalisation by itself when it loads a network"],
    ];
    return {
      change: `${count} folded`,
      saving: count === 0 ? undefined : savingBy(context, tried, withLayers(work, without)),
      costJ: tried?.madeJ ?? 0,
      costBasis: tried?.basis ?? "estimated",
      risk: "none",
      obstacle: obstacles.find(([applies]) => applies)?.[1],
      why: isHere
        ? "ONNX Runtime folds most of it by itself when it loads a network"
        : `${count} layers fewer, which read and write every activation once more; many runtimes fold by themselves`,
    };
  },
  silence: () => "",
};
