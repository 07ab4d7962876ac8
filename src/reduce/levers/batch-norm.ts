// Batch normalisation fused into the layer before: the same answers with fewer layers. Whether it saves time depends on the runtime, which
// may fuse by itself when it loads the network (ONNX Runtime does): the clock tells.
import { foldBatchNorms } from "../../learn/train/fold.ts";
import type { WeightedNetwork } from "../network.ts";
import type { InferenceTime } from "../record.ts";
import { type TimingPlan, timeNetworks } from "../timing.ts";
import type { Verdict } from "./sweep.ts";

export interface FusedNorms {
  readonly network: WeightedNetwork;
  /** Normalisations that are gone. */
  readonly folded: number;
  /** Undefined where there was nothing to fold. */
  readonly before: InferenceTime | undefined;
  readonly after: InferenceTime | undefined;
  readonly verdict: Verdict;
  readonly why: string;
}

/** Least share of the time that is worth a change. */
const WORTH_RATIO = 0.03;

/** @throws InputError when the runtime refuses the network */
export async function batchNormLever(network: WeightedNetwork, plan: TimingPlan): Promise<FusedNorms> {
  const { graph, folded } = await foldBatchNorms(network.graph, network.weights);
  const fused = { graph, weights: network.weights };
  if (folded === 0) {
    const why = "no batch normalisation stands right after a convolution or dense layer";
    return { network: fused, folded, before: undefined, after: undefined, verdict: "will not help", why };
  }
  const timed = await timeNetworks({ before: network, after: fused }, plan);
  const [before, after] = [timed.before.time, timed.after.time];
  const savedRatio = 1 - after.medianS / before.medianS;
  const percent = `${(100 * savedRatio).toFixed(0)} %`;
  if (savedRatio < WORTH_RATIO) {
    const why = "the runtime fuses batch normalisation by itself: no difference by the clock";
    return { network: fused, folded, before, after, verdict: "will not help", why };
  }
  const isApart = after.highS < before.lowS;
  return {
    network: fused,
    folded,
    before,
    after,
    verdict: isApart ? "do" : "perhaps",
    why: `${percent} less time per inference${isApart ? "" : ", but the quartiles overlap"}`,
  };
}
