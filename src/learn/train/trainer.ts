// The training loop: epochs of steps, each one run of the training graph; evaluation, checkpoints, budget and early stopping around it.
// Nothing here computes a gradient, reads a file or knows the time: all of that is in the plan. Same plan, same numbers, also when the
// run was interrupted and resumed, because the order of samples and the masks of dropout depend on seed, epoch and update only.
import { elementCount } from "../../graph/graph.ts";
import type { CarriedTensor, Session, Tensors } from "../../runtime/runtime.ts";
import { arrayFromBytes, isTensorType, type Tensor } from "../../runtime/tensor.ts";
import { InputError } from "../../units/input-error.ts";
import type { Setting, StateTensor, TrainingGraph } from "../training-graph.ts";
import { firstNonFinite } from "./finite.ts";
import type {
  Best,
  Checkpoint,
  EpochRow,
  PartialEpoch,
  Score,
  TrainingEnd,
  TrainingPlan,
  TrainingResult,
} from "./plan.ts";

const CHECKPOINT_EVERY_S = 60;
/** Least time between two looks at the joules, s; and how many times longer than a look takes. */
const LOOK = { everyS: 1, timesItsCost: 50 } as const;
/** Mask seeds stay below this. */
const SEED_LIMIT = 2 ** 31;
/** Odd number near 2³² / golden ratio: neighbouring updates get unlike seeds. */
const SPREAD = 0x9e3779b1;

const NOTHING: PartialEpoch = { batches: 0, lossSum: 0, seconds: 0, energyJ: undefined };

type Initial = Omit<StateTensor, "output">;

async function initialTensor({ input, type, initial }: Initial, weights: TrainingPlan["weights"]): Promise<Tensor> {
  if (!isTensorType(type.dtype) || type.shape === undefined) throw new Error(`state ${input} has no fixed type`);
  const data = arrayFromBytes(type.dtype, await weights(initial, type));
  return { dtype: type.dtype, shape: type.shape as readonly number[], data };
}

/** Initial state of a training graph. */
async function initialState(
  training: Pick<TrainingGraph, "state">,
  weights: TrainingPlan["weights"],
): Promise<readonly CarriedTensor[]> {
  return Promise.all(
    training.state.map(async (entry) => ({
      input: entry.input,
      output: entry.output,
      initial: await initialTensor(entry, weights),
    })),
  );
}

/** Numbers fed to a step besides data: one small tensor each, filled anew. */
function settingFeeds(settings: readonly Setting[], accumulate: number, plan: TrainingPlan) {
  const feeds = Object.fromEntries(
    settings.map(({ input, type }) => [
      input,
      type.dtype === "int64"
        ? ({ dtype: "int64", shape: [], data: new BigInt64Array(1) } as const)
        : ({ dtype: "float32", shape: [], data: new Float32Array(1) } as const),
    ]),
  );
  const numbers: Readonly<Record<Setting["name"], (pass: number) => number>> = {
    lr: (pass) => plan.learningRate(Math.floor(pass / accumulate) + 1),
    step: (pass) => Math.floor(pass / accumulate) + 1,
    seed: (pass) => (Math.imul(pass + 1, SPREAD) ^ Math.imul(plan.seed + 1, 0x85ebca6b)) & (SEED_LIMIT - 1),
    apply: (pass) => ((pass + 1) % accumulate === 0 ? 1 : 0),
  };
  return (pass: number): Tensors => {
    for (const { name, input } of settings) {
      const { data } = feeds[input]!;
      if (data instanceof BigInt64Array) data[0] = BigInt(numbers[name](pass));
      else data[0] = numbers[name](pass);
    }
    return feeds;
  };
}

/** Higher accuracy is better; without accuracy, lower loss is. */
function isBetter(score: Score, than: Score): boolean {
  if (score.accuracy !== undefined && than.accuracy !== undefined) return score.accuracy > than.accuracy;
  return score.loss < than.loss;
}

/** Parameters and statistics: what a network needs to be used. */
function learned(training: TrainingGraph, state: Tensors): Tensors {
  const kept = training.state.filter(({ role }) => role !== "moment");
  return Object.fromEntries(kept.map(({ input }) => [input, state[input]!]));
}

function checkFits(checkpoint: Checkpoint, training: TrainingGraph, fingerprint: string): void {
  const hasState = training.state.every(
    ({ input, type }) => checkpoint.state[input]?.data.length === elementCount(type),
  );
  if (hasState && checkpoint.fingerprint === fingerprint) return;
  throw new InputError(
    "other-run",
    `the checkpoint is of another run${hasState ? `: ${checkpoint.fingerprint}; this one is ${fingerprint}` : " or network"}`,
    "give the settings of that run, or another --checkpoint folder",
  );
}

/** One training run under way; a lifetime, hence a class. */
class Run {
  readonly #plan: TrainingPlan;
  readonly #session: Session;
  readonly #settings: (pass: number) => Tensors;
  readonly #accumulate: number;
  #rows: EpochRow[] = [];
  #partial: PartialEpoch = NOTHING;
  #best: Best | undefined;
  #passes = 0;
  #earlierJ: number | undefined;
  #resumedAt = 0;
  #earlierEpochs = 0;
  #savedS: number;
  #lookS: number;
  #lastFeeds: Tensors = {};
  /** A checkpoint is there, by this run or the one that it goes on from. */
  #hasSaved = false;

  constructor(plan: TrainingPlan, session: Session) {
    this.#plan = plan;
    this.#session = session;
    this.#accumulate = plan.accumulate ?? 1;
    this.#settings = settingFeeds(plan.training.settings, this.#accumulate, plan);
    this.#savedS = plan.clock.nowS();
    this.#lookS = this.#savedS;
  }

  async resume(checkpoint: Checkpoint): Promise<void> {
    checkFits(checkpoint, this.#plan.training, this.#plan.fingerprint ?? "");
    await this.#session.setCarried(checkpoint.state);
    this.#hasSaved = true;
    this.#rows = [...checkpoint.rows];
    this.#partial = checkpoint.partial;
    this.#best = checkpoint.best;
    this.#passes = this.#rows.length * this.#plan.batches.batchesPerEpoch + checkpoint.partial.batches;
    this.#earlierJ = checkpoint.spentJ;
    this.#resumedAt = checkpoint.updates;
    this.#earlierEpochs = this.#rows.length + (checkpoint.partial.batches > 0 ? 1 : 0);
  }

  async toEnd(): Promise<TrainingResult> {
    const { epochs, earlyStopping } = this.#plan;
    let end: TrainingEnd = "finished";
    while (this.#rows.length < epochs) {
      if (this.#isPatienceOver()) {
        end = "no improvement";
        break;
      }
      const stopped = await this.#epoch(this.#rows.length + 1);
      if (stopped === undefined) continue;
      end = stopped;
      break;
    }
    const best = earlyStopping === undefined ? undefined : this.#best;
    return {
      end,
      rows: this.#rows,
      state: best?.state ?? (await this.#session.carried()),
      epoch: best?.epoch ?? this.#rows.length,
      partialBatches: best === undefined ? this.#partial.batches : 0,
      unfinished: this.#partial.batches > 0 ? this.#partial : undefined,
      earlierEpochs: this.#earlierEpochs,
      updates: this.#updates(),
      resumedAt: this.#resumedAt,
      spentJ: await this.#spentJ(),
    };
  }

  #updates(): number {
    return Math.floor(this.#passes / this.#accumulate);
  }

  #isPatienceOver(): boolean {
    const { earlyStopping } = this.#plan;
    return (
      earlyStopping !== undefined &&
      this.#best !== undefined &&
      this.#rows.length - this.#best.epoch >= earlyStopping.patience
    );
  }

  /** One epoch, or what is left of it; the reason when it was not finished. */
  async #epoch(epoch: number): Promise<TrainingEnd | undefined> {
    const { batches, clock, meter, evaluate, onEpoch } = this.#plan;
    const before = this.#partial;
    const name = `epoch ${epoch}`;
    const spentBeforeJ = await meter?.spentJ();
    meter?.openWindow(name);
    const startS = clock.nowS();
    const far = async (): Promise<PartialEpoch> => {
      const spentJ = await meter?.spentJ();
      const energyJ = spentJ === undefined ? undefined : spentJ - (spentBeforeJ ?? 0) + (before.energyJ ?? 0);
      return { batches: done, lossSum, seconds: before.seconds + clock.nowS() - startS, energyJ };
    };
    let { batches: done, lossSum } = before;
    let stopped: TrainingEnd | undefined;
    try {
      for await (const feeds of batches.epoch(epoch, done)) {
        // Asked to while the batch was waited for: a step may take long.
        if (this.#plan.signal?.aborted) {
          stopped = "interrupted";
          break;
        }
        lossSum += await this.#step(feeds, epoch);
        done++;
        this.#tell(epoch, lossSum / done);
        stopped = done < batches.batchesPerEpoch ? await this.#reasonToStop() : undefined;
        if (stopped !== undefined) break;
        if (this.#isTimeToSave() && done < batches.batchesPerEpoch) {
          this.#partial = await far();
          await this.#save();
        }
      }
    } finally {
      meter?.closeWindow(name);
    }
    this.#partial = await far();
    if (stopped !== undefined) {
      await this.#save();
      return stopped;
    }
    const { seconds, energyJ } = this.#partial;
    const state = await this.#session.carried();
    const score = await evaluate?.(learned(this.#plan.training, state));
    const row: EpochRow = { epoch, loss: lossSum / done, score, seconds, energyJ };
    this.#rows.push(row);
    this.#partial = NOTHING;
    if (score !== undefined && (this.#best === undefined || isBetter(score, this.#best.score)))
      this.#best = { epoch, score, state: learned(this.#plan.training, state) };
    await this.#save(state);
    onEpoch?.(row);
    return this.#rows.length < this.#plan.epochs ? this.#reasonToStop() : undefined;
  }

  /** One pass; @returns its loss. @throws InputError "loss-not-finite" */
  async #step(feeds: Tensors, epoch: number): Promise<number> {
    this.#lastFeeds = feeds;
    const outputs = await this.#session.run({ ...feeds, ...this.#settings(this.#passes) });
    const loss = (outputs[this.#plan.training.loss]!.data as Float32Array)[0]!;
    if (!Number.isFinite(loss)) throw await this.#notFinite(loss, epoch);
    this.#passes++;
    return loss;
  }

  async #notFinite(loss: number, epoch: number): Promise<InputError> {
    const { diagnose } = this.#plan;
    const where = await diagnose?.(learned(this.#plan.training, await this.#session.carriedBefore()), this.#lastFeeds);
    const kept = this.#hasSaved ? "; the last good checkpoint is kept" : "";
    return new InputError(
      "loss-not-finite",
      `the loss is ${loss} in epoch ${epoch}, step ${this.#passes + 1}${where === undefined ? "" : `: ${where}`}${kept}`,
      "try a smaller --lr or --clip 1, and look at the data of that batch",
    );
  }

  #tell(epoch: number, loss: number): void {
    const { onProgress, epochs, batches } = this.#plan;
    onProgress?.({ epoch, epochs, done: this.#passes, total: epochs * batches.batchesPerEpoch, loss });
  }

  async #spentJ(): Promise<number | undefined> {
    const spentJ = await this.#plan.meter?.spentJ();
    return spentJ === undefined ? this.#earlierJ : spentJ + (this.#earlierJ ?? 0);
  }

  async #reasonToStop(): Promise<TrainingEnd | undefined> {
    const { signal, budgetJ, clock } = this.#plan;
    if (signal?.aborted) return "interrupted";
    if (budgetJ === undefined) return undefined;
    const nowS = clock.nowS();
    if (nowS < this.#lookS) return undefined;
    const spentJ = await this.#spentJ();
    this.#lookS = clock.nowS() + Math.max(LOOK.everyS, LOOK.timesItsCost * (clock.nowS() - nowS));
    return spentJ !== undefined && spentJ >= budgetJ ? "budget spent" : undefined;
  }

  #isTimeToSave(): boolean {
    const { checkpoints, clock, checkpointEveryS = CHECKPOINT_EVERY_S } = this.#plan;
    return checkpoints !== undefined && clock.nowS() - this.#savedS >= checkpointEveryS;
  }

  /** A state with NaN in it is not saved: the last good one stays. */
  async #save(known?: Tensors): Promise<void> {
    const { checkpoints, fingerprint = "", clock, earlyStopping } = this.#plan;
    if (checkpoints === undefined) return;
    const state = known ?? (await this.#session.carried());
    if (firstNonFinite(state) !== undefined) return;
    await checkpoints.save({
      fingerprint,
      rows: this.#rows,
      partial: this.#partial,
      updates: this.#updates(),
      spentJ: await this.#spentJ(),
      best: earlyStopping === undefined ? undefined : this.#best,
      state,
    });
    this.#savedS = clock.nowS();
    this.#hasSaved = true;
  }
}

/**
 * Trains.
 * @throws InputError "loss-not-finite" with the layer's name, "other-run", what the runtime refuses, what the store says
 */
export async function train(plan: TrainingPlan): Promise<TrainingResult> {
  const { runtime, training, weights, threads } = plan;
  const checkpoint = plan.resume ? await plan.checkpoints?.load() : undefined;
  const session = await runtime.open(training.graph, {
    weights,
    // without a name, so that the numbers need not outlive the opening
    carried: await initialState(training, weights),
    ...(threads !== undefined && { threads }),
  });
  try {
    const run = new Run(plan, session);
    if (checkpoint !== undefined) await run.resume(checkpoint);
    return await run.toEnd();
  } finally {
    await session.close();
  }
}

/** The state as a run would begin with it, by input name: for evaluating before training, or a network that was trained elsewhere. */
export async function startingState({
  training,
  weights,
}: {
  readonly training: { readonly state: readonly Initial[] };
  readonly weights: TrainingPlan["weights"];
}): Promise<Record<string, Tensor>> {
  const entries = training.state.map(async (entry) => [entry.input, await initialTensor(entry, weights)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
