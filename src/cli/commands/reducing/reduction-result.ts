// The JSON contract's words for a network before and after a reduction. More fields than `train` has, none renamed.
import type { NetworkRecord } from "../../../reduce/record.ts";
import { scoreResult } from "../learning/learning-result.ts";

export function recordResult({ work, nonzero, energyJ, time, measured, score }: NetworkRecord) {
  return {
    macs: work.macs,
    flops: work.flops,
    params: work.params,
    weightBytes: work.weightBytes,
    metric: scoreResult(score),
    loss: score?.loss ?? null,
    energyJ,
    nonzero: { params: nonzero.params, macs: nonzero.macs, energyJ: nonzero.energyJ },
    seconds: time?.medianS ?? null,
    time:
      time === undefined ? null : { medianS: time.medianS, lowS: time.lowS, highS: time.highS, passes: time.passes },
    measured: measured ?? null,
  };
}
