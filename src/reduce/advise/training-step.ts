// What learning costs: some real steps by clock and meter where the network can learn here, else the work of a step at the metric's price.
import type { DataSet } from "../../learn/data/data-set.ts";
import { limited } from "../../learn/data/data-set.ts";
import { fitNetwork } from "../../learn/train/fit.ts";
import type { Clock, EnergyMeter } from "../../learn/train/plan.ts";
import type { LossSpec } from "../../learn/training-graph.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { WorkReport } from "../../work/work.ts";
import type { WeightedNetwork } from "../network.ts";
import type { AdviceContext } from "./action.ts";

/** Steps that are timed; as many go before them, to warm up. */
const STEPS = 4;
const BATCH = 32;

export interface StepTrial {
  readonly samples: number;
  readonly seconds: number;
  /** Window of the steps, as the meter was told. */
  readonly window: string;
}

export interface StepPlan {
  readonly network: WeightedNetwork;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly train: DataSet;
  readonly loss: LossSpec;
  readonly dims: Readonly<Record<string, number>>;
  readonly meter?: EnergyMeter;
  readonly signal?: { readonly aborted: boolean };
}

/** Trains a little, and throws away what was learned. @throws InputError where the network or the data cannot be learned from */
export async function trySteps(plan: StepPlan): Promise<StepTrial | undefined> {
  const { network, train, ...how } = plan;
  const batch = Math.min(BATCH, train.samples);
  const { result } = await fitNetwork({
    ...how,
    network: network.graph,
    weights: network.weights,
    train: limited(train, STEPS * batch),
    optimiser: { kind: "adam" },
    batch,
    rate: 1e-4,
    epochs: 2,
    seed: 0,
  });
  const row = result.rows[1];
  const steps = Math.floor(Math.min(train.samples, STEPS * batch) / batch);
  return row && { samples: steps * batch, seconds: row.seconds, window: `epoch ${row.epoch}` };
}

/** Joules of learning from one sample, by the work of a step: the metric's price, else that of inference times the FLOPs. */
export function modelledStepJ(
  { estimate, before, work }: Pick<AdviceContext, "estimate" | "before" | "work">,
  step: WorkReport,
): number {
  const [pass, learning] = [estimate(work), estimate(step)];
  const ratio =
    pass !== undefined && learning !== undefined && pass.value > 0
      ? learning.value / step.batch / (pass.value / work.batch)
      : step.total.flops / step.batch / (work.total.flops / work.batch);
  return before.value * ratio;
}
