// Pruning from end to end: warm start, training with an L1 penalty, pruning in one or several steps with fine-tuning, and taking
// out what is dead. The two steps of [Krouka2021] are the L1 training and a threshold; gradual pruning is [Zhu2017].

import { operatorKey } from "../../graph/graph.ts";
import type { FitPlan } from "../../learn/train/fit.ts";
import { fitNetwork } from "../../learn/train/fit.ts";
import type { EnergyMeter, EpochRow } from "../../learn/train/plan.ts";
import type { LossSpec } from "../../learn/training-graph.ts";
import { InputError } from "../../units/input-error.ts";
import type { WeightedNetwork } from "../network.ts";
import { type DeadOptions, hasFixedOutput, removeDead } from "./dead.ts";
import { parametersOf } from "./parameters.ts";
import { compressionRatio, countNonzero, type Sparsity } from "./sparsity.ts";
import type { StructuredPruned } from "./structured.ts";
import { checkTarget, type PruneTarget, pruneSteps, staysZero } from "./target.ts";

/** Training with a penalty: loss = μ·loss + (1 − μ)·Σ|w| [Krouka2021, equation 10]. */
export interface L1Training {
  /** μ; above 0, below 1. Default 0.9999. */
  readonly mu?: number;
  /** From 1. */
  readonly epochs: number;
  readonly rate: number;
}

export const DEFAULT_MU = 0.9999;
/** The MNIST network without its dead channels, in ONNX Runtime, batch 64: 0.91 times as fast with odd numbers of channels, 1.11 with multiples of 8. */
export const DEFAULT_MULTIPLE = 8;

/** What every training here is told alike. */
export type PruneFit = Omit<FitPlan, "network" | "weights" | "epochs" | "keepZeros" | "onEpoch" | "onProgress">;

export interface PrunePlan {
  readonly network: WeightedNetwork;
  readonly target: PruneTarget;
  /** Epochs of plain training before all else, for networks that are not trained. Default 0. */
  readonly warmEpochs?: number;
  /** Default: no such training. */
  readonly l1?: L1Training;
  /** Steps in which the target is reached; one epoch after each but the last. Default 1. */
  readonly gradual?: number;
  /** Epochs of fine-tuning after the last step, in which zeros stay zero. Default 0. */
  readonly epochs?: number;
  /**
   * Channels and neurons left in a layer are a multiple of this, dead ones included: runtimes work on blocks of 4, 8 or 16 and leave
   * their fast path for odd numbers. Default 8.
   */
  readonly multiple?: number;
  /** Dead neurons and channels stay where they are. Default false. */
  readonly keepShapes?: boolean;
  readonly fit: PruneFit;
  /** Called after each epoch; epochs are numbered from 1 over all phases. */
  readonly onEpoch?: (phase: string, row: EpochRow) => void;
  readonly onProgress?: (phase: string, progress: Parameters<NonNullable<FitPlan["onProgress"]>>[0]) => void;
}

/** Epochs of one kind, in a row. */
export interface PrunePhase {
  /** "warm start", "L1", "fine-tuning 1 of 3". */
  readonly name: string;
  readonly epochs: number;
  readonly rate: number;
}

export interface PruneOutcome {
  /** What is compared with: the network as it came, after the warm start. */
  readonly original: WeightedNetwork;
  readonly network: WeightedNetwork;
  /** Epochs of all phases, numbered from 1. */
  readonly rows: readonly EpochRow[];
  readonly phases: readonly PrunePhase[];
  readonly before: Sparsity;
  readonly after: Sparsity;
  /** C_r; undefined when nothing is left. */
  readonly ratio: number | undefined;
  /** Channels and neurons by layer before and after, where a method removed any. */
  readonly channels: StructuredPruned["layers"];
  /** Dead channels and neurons removed, by layer. */
  readonly dead: ReadonlyMap<string, number>;
  /** Pruning steps done; 0: interrupted before the first, and the network is not pruned at all. */
  readonly steps: number;
  readonly end: "finished" | "interrupted";
}

/** Names of the scales of batch normalisations. */
function scalesOf({ graph }: WeightedNetwork): readonly string[] {
  return graph.layers.flatMap((layer) => (operatorKey(layer) === "BatchNormalization" ? [layer.inputs[1]!] : []));
}

/** The penalised loss. Slimming penalises the scales of batch normalisations [Liu2017], other methods the weights of layers. */
export function penalisedLoss(loss: LossSpec, mu: number, target: PruneTarget, network: WeightedNetwork): LossSpec {
  if (!(mu > 0 && mu < 1))
    throw new InputError("bad-option", `μ is ${mu}, expected between 0 and 1`, "leave it at its default, 0.9999");
  const l1: LossSpec = target.method === "slimming" ? { kind: "l1", parameters: scalesOf(network) } : { kind: "l1" };
  return {
    kind: "sum",
    terms: [
      { weight: mu, loss },
      { weight: 1 - mu, loss: l1 },
    ],
  };
}

/** Windows are named by epoch: phases that each begin with 1 go on from the last. */
const shifted = (meter: EnergyMeter, by: number): EnergyMeter => {
  const renamed = (name: string): string => name.replace(/\d+/, (number) => String(Number(number) + by));
  return {
    openWindow: (name) => meter.openWindow(renamed(name)),
    closeWindow: (name) => meter.closeWindow(renamed(name)),
    spentJ: () => meter.spentJ(),
  };
};

/** A pruning under way; a lifetime, hence a class. */
class Pruning {
  readonly #plan: PrunePlan;
  readonly rows: EpochRow[] = [];
  readonly phases: PrunePhase[] = [];
  readonly dead = new Map<string, number>();
  network: WeightedNetwork;
  #hasStopped = false;

  constructor(plan: PrunePlan) {
    this.#plan = plan;
    this.network = plan.network;
  }

  async train(name: string, epochs: number, more: Partial<FitPlan> = {}): Promise<void> {
    const { fit, onEpoch, onProgress } = this.#plan;
    if (epochs === 0 || this.isInterrupted) return;
    const before = this.rows.length;
    const numbered = (row: EpochRow): EpochRow => ({ ...row, epoch: row.epoch + before });
    const { weights } = this.network;
    const fitted = await fitNetwork({
      ...fit,
      network: this.network.graph,
      weights,
      epochs,
      ...(fit.meter && { meter: shifted(fit.meter, before) }),
      onEpoch: (row) => onEpoch?.(name, numbered(row)),
      onProgress: (progress) => onProgress?.(name, progress),
      ...more,
    });
    this.rows.push(...fitted.result.rows.map(numbered));
    this.phases.push({ name, epochs: fitted.result.rows.length, rate: more.rate ?? fit.rate });
    this.network = { graph: fitted.network, weights };
    this.#hasStopped = fitted.result.end === "interrupted";
  }

  get isInterrupted(): boolean {
    return this.#hasStopped || this.#plan.fit.signal?.aborted === true;
  }

  /** @throws InputError "layer-removed" when nothing that depends on the input is left of a layer, or of the answer */
  async removeDead(original: Sparsity): Promise<void> {
    const { fit, keepShapes, multiple = DEFAULT_MULTIPLE } = this.#plan;
    const options = { multiple, ...(fit.dims && { dims: fit.dims }) };
    const { network, removed } = await removeDead(this.network, options);
    await checkAlive(network, original, options);
    if (keepShapes === true) return;
    this.network = network;
    for (const [layer, count] of removed) this.dead.set(layer, (this.dead.get(layer) ?? 0) + count);
  }
}

/** Zeros can add up to nothing: a layer keeps some weights, but all that they read or all that reads them is gone. */
async function checkAlive(network: WeightedNetwork, original: Sparsity, options: DeadOptions): Promise<void> {
  const kinds = new Map(parametersOf(network.graph).map((one) => [one.name, one] as const));
  const had = new Map(original.weights.map(({ name, nonzero }) => [name, nonzero]));
  const gone = (await countNonzero(network)).weights.find(
    ({ name, nonzero }) => kinds.get(name)?.kind === "matrix" && nonzero === 0 && had.get(name) !== 0,
  );
  if (gone === undefined && !(await hasFixedOutput(network, options))) return;
  const [layer] = gone === undefined ? [] : (kinds.get(gone.name)?.layers ?? []);
  throw new InputError(
    "layer-removed",
    layer === undefined
      ? "the pruned network gives the same answer whatever it is shown: nothing is left of it"
      : `pruning would remove layer "${layer}" whole: each of its weights is zero, or reads or is read by nothing that is left`,
    "prune less: a smaller --threshold or --ratio, a larger --macs; or train more before, with --l1 nearer to 1",
  );
}

/** Channels over several steps: as many as at first, as few as at last. */
function merged(before: StructuredPruned["layers"], after: StructuredPruned["layers"]): StructuredPruned["layers"] {
  if (before.length === 0) return after;
  const last = new Map(after.map((row) => [row.layers.join(), row.after]));
  return before.map((row) => ({ ...row, after: last.get(row.layers.join()) ?? row.after }));
}

/**
 * Prunes.
 * @throws InputError what the target's method throws ("layer-removed", "unreachable-ratio", "unreachable-macs", …), and training does
 */
export async function pruneNetwork(plan: PrunePlan): Promise<PruneOutcome> {
  const { target, l1, gradual = 1, epochs = 0, warmEpochs = 0, multiple = DEFAULT_MULTIPLE, fit } = plan;
  const run = new Pruning(plan);
  const isTrained = warmEpochs > 0 || l1 !== undefined;
  await checkTarget(target, plan.network, { steps: gradual, dims: fit.dims, multiple, isTrained });
  await run.train("warm start", warmEpochs);
  const original = run.network;
  if (l1 !== undefined) {
    const loss = penalisedLoss(fit.loss, l1.mu ?? DEFAULT_MU, target, original);
    await run.train("L1", l1.epochs, { loss, rate: l1.rate });
  }
  const steps = await pruneSteps(target, { original, steps: gradual, dims: fit.dims, multiple });
  const before = await countNonzero(original);
  let channels: StructuredPruned["layers"] = [];
  let done = 0;
  for (const [i, step] of steps.entries()) {
    if (run.isInterrupted) break;
    const pruned = await step(run.network);
    done++;
    run.network = pruned.network;
    channels = merged(channels, pruned.channels);
    await run.removeDead(before);
    const isLast = i === steps.length - 1;
    const name = steps.length === 1 ? "fine-tuning" : `fine-tuning ${i + 1} of ${steps.length}`;
    await run.train(name, isLast ? epochs : 1, { keepZeros: staysZero(target, run.network) });
  }
  if (done > 0) await run.removeDead(before);
  const after = await countNonzero(run.network);
  return {
    original,
    network: run.network,
    rows: run.rows,
    phases: run.phases,
    before,
    after,
    ratio: compressionRatio(before, after),
    channels,
    dead: run.dead,
    steps: done,
    end: run.isInterrupted ? "interrupted" : "finished",
  };
}
