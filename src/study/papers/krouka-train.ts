// The networks of [Krouka2021], made here: the MNIST network trained, trained on with the L1 penalty (μ = 0.9999), pruned by a threshold,
// dead neurons taken out; and the networks of figure 5, pruned to given ratios. Data, runtime and clock come in as arguments.
import type { DataSet } from "../../learn/data/data-set.ts";
import { fitNetwork } from "../../learn/train/fit.ts";
import type { Clock } from "../../learn/train/plan.ts";
import { judgeNetwork } from "../../reduce/judge.ts";
import type { WeightedNetwork } from "../../reduce/network.ts";
import { DEFAULT_MU, type PruneFit, penalisedLoss, pruneNetwork } from "../../reduce/prune/pipeline.ts";
import { countNonzero } from "../../reduce/prune/sparsity.ts";
import type { PruneTarget } from "../../reduce/prune/target.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { InputError } from "../../units/input-error.ts";

export interface KroukaTraining {
  /** The network before all training. */
  readonly network: WeightedNetwork;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly train: DataSet;
  readonly test: DataSet;
  readonly seed: number;
  /** Epochs of plain training, of training with the penalty, and of fine-tuning after pruning. Defaults 3, 4, 1. */
  readonly epochs?: readonly [plain: number, penalised: number, tuning: number];
  /** Weights below it go. Default DEFAULT_THRESHOLD. */
  readonly threshold?: number;
  /** Compression ratios of figure 5. Default CURVE_RATIOS. */
  readonly ratios?: readonly number[];
  readonly signal?: { readonly aborted: boolean };
  readonly onStep?: (what: string) => void;
}

/** The paper says "a predefined threshold" and not which. */
export const DEFAULT_THRESHOLD = 0.01;
export const CURVE_RATIOS: readonly number[] = [2, 5, 10, 20, 50, 100];
const DEFAULT_EPOCHS = [3, 4, 1] as const;
const BATCH = 64;
const RATE = 1e-3;
/** Pruning wants a ratio above 1. */
const LEAST_RATIO = 1.0001;

export interface TrainedNetwork {
  readonly network: WeightedNetwork;
  readonly accuracy: number;
}

export interface KroukaTrained {
  readonly original: TrainedNetwork;
  readonly compressed: TrainedNetwork;
  readonly curve: readonly (TrainedNetwork & { readonly ratio: number })[];
  /** Why the curve has fewer points than ratios were asked for. */
  readonly curveEnd?: string;
}

/** Trains and prunes. @throws InputError what training and pruning throw */
export async function trainKrouka(plan: KroukaTraining): Promise<KroukaTrained> {
  const { runtime, train, test, seed, clock, signal, onStep = () => undefined } = plan;
  const [plain, penalised, tuning] = plan.epochs ?? DEFAULT_EPOCHS;
  const { threshold = DEFAULT_THRESHOLD, ratios = CURVE_RATIOS } = plan;
  const loss = { kind: "cross-entropy" } as const;
  const fit: PruneFit = {
    runtime,
    train,
    loss,
    optimiser: { kind: "adam" },
    batch: Math.min(BATCH, train.samples),
    rate: RATE,
    schedule: "cosine",
    seed,
    clock,
    ...(signal && { signal }),
  };
  const trained = async (network: WeightedNetwork, epochs: number, more: Partial<PruneFit> = {}) => {
    if (epochs === 0) return network;
    const { graph, weights } = network;
    return { graph: (await fitNetwork({ ...fit, network: graph, weights, epochs, ...more })).network, weights };
  };
  const judged = async (network: WeightedNetwork): Promise<TrainedNetwork> => {
    const { accuracy } = await judgeNetwork(network, { runtime, set: test, loss });
    return { network, accuracy: accuracy ?? Number.NaN };
  };
  const pruned = async (network: WeightedNetwork, target: PruneTarget) =>
    judged((await pruneNetwork({ network, target, epochs: tuning, fit })).network);

  onStep("training");
  const original = await judged(await trained(plan.network, plain));
  onStep(`training with the L1 penalty, μ = ${DEFAULT_MU}`);
  const target: PruneTarget = { method: "threshold", threshold };
  const sparse = await trained(original.network, penalised, {
    loss: penalisedLoss(loss, DEFAULT_MU, target, original.network),
  });
  onStep(`pruning below ${threshold}`);
  const compressed = await pruned(sparse, target);
  const whole = (await countNonzero(original.network)).nonzero;
  const curve: (TrainedNetwork & { readonly ratio: number })[] = [{ ...original, ratio: 1 }];
  const left = (await countNonzero(sparse)).nonzero / whole;
  let curveEnd: string | undefined;
  for (const ratio of ratios) {
    if (signal?.aborted) break;
    onStep(`pruning to a ratio of ${ratio}`);
    try {
      // Ratios count from the original; the penalty alone leaves nearly all parameters a little above zero.
      const one = await pruned(sparse, { method: "magnitude", ratio: Math.max(LEAST_RATIO, ratio * left) });
      curve.push({ ...one, ratio: whole / (await countNonzero(one.network)).nonzero });
    } catch (error) {
      if (!(error instanceof InputError && error.code === "unreachable-ratio")) throw error;
      curveEnd = error.message;
      break;
    }
  }
  return { original, compressed, curve, ...(curveEnd !== undefined && { curveEnd }) };
}
