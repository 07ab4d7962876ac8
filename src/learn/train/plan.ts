// What a training run is told and what it tells: types only. trainer.ts does it. Clock, meter and store come from the machine.
import type { Runtime, Tensors, WeightReader } from "../../runtime/runtime.ts";
import type { Batches } from "../data/batches.ts";
import type { TrainingGraph } from "../training-graph.ts";

/** A clock that never jumps. */
export interface Clock {
  /** Seconds since some start. */
  nowS(): number;
}

/** Joules while training goes on; what they mean (measured, modelled) the owner of the meter says. */
export interface EnergyMeter {
  openWindow(name: string): void;
  closeWindow(name: string): void;
  /** Joules since the meter was opened; undefined when no source has given any yet. */
  spentJ(): Promise<number | undefined>;
}

/** How good a state is on data that were not learned from. */
export interface Score {
  /** Mean loss. */
  readonly loss: number;
  /** Share of right predictions, in [0, 1]; undefined for losses without classes or bits. */
  readonly accuracy: number | undefined;
}

/** One epoch. */
export interface EpochRow {
  /** From 1. */
  readonly epoch: number;
  /** Mean training loss over the steps of the epoch, before each step's update. */
  readonly loss: number;
  /** On evaluation data, after the epoch; undefined without any. */
  readonly score: Score | undefined;
  /** Time of the steps, without evaluation, s. */
  readonly seconds: number;
  /** Of the steps, without evaluation, J; undefined without a meter. */
  readonly energyJ: number | undefined;
}

/** An epoch that has begun. */
export interface PartialEpoch {
  /** Batches done. */
  readonly batches: number;
  readonly lossSum: number;
  readonly seconds: number;
  readonly energyJ: number | undefined;
}

/** The best epoch so far, for early stopping. */
export interface Best {
  readonly epoch: number;
  readonly score: Score;
  /** Parameters and statistics by input name. */
  readonly state: Tensors;
}

/** All that is needed to go on as if nothing had happened. */
export interface Checkpoint {
  /** What the run is: a checkpoint of another run is refused. */
  readonly fingerprint: string;
  /** Epochs that are done. */
  readonly rows: readonly EpochRow[];
  readonly partial: PartialEpoch;
  /** Updates done. */
  readonly updates: number;
  /** Joules spent so far, by this run and those it goes on from. */
  readonly spentJ: number | undefined;
  readonly best: Best | undefined;
  /** Everything that is carried from step to step, by input name. */
  readonly state: Tensors;
}

/** Keeps one checkpoint, the newest; writing it is all or nothing. */
export interface CheckpointStore {
  load(): Promise<Checkpoint | undefined>;
  save(checkpoint: Checkpoint): Promise<void>;
}

export interface EarlyStopping {
  /** Epochs without improvement after which training ends; from 1. */
  readonly patience: number;
}

export interface Progress {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batches done, over all epochs. */
  readonly done: number;
  readonly total: number;
  readonly loss: number;
}

export interface TrainingPlan {
  readonly runtime: Runtime;
  readonly training: TrainingGraph;
  /** Reads the weights of the graph and of the initial state. */
  readonly weights: WeightReader;
  readonly batches: Batches;
  readonly epochs: number;
  /** Learning rate of an update, counted from 1. */
  readonly learningRate: (update: number) => number;
  /** Of dropout; the batches have their own. */
  readonly seed: number;
  readonly clock: Clock;
  /** Passes per update, as `differentiate` was told. Default 1. */
  readonly accumulate?: number;
  /** Judges a state after each epoch. Default: nothing does. */
  readonly evaluate?: (state: Tensors) => Promise<Score | undefined>;
  /** Needs `evaluate`; the best state is then the result. */
  readonly earlyStopping?: EarlyStopping;
  readonly checkpoints?: CheckpointStore;
  /** Go on from the store's checkpoint where there is one. Default false. */
  readonly resume?: boolean;
  /** What the run is, for its checkpoints. Default "". */
  readonly fingerprint?: string;
  /** Longest time between checkpoints within an epoch, s. Default 60. */
  readonly checkpointEveryS?: number;
  readonly meter?: EnergyMeter;
  /** Joules after which training stops, a checkpoint written. Needs `meter`. */
  readonly budgetJ?: number;
  /** Asks for a stop after the step that is going on. */
  readonly signal?: { readonly aborted: boolean };
  readonly onProgress?: (progress: Progress) => void;
  readonly onEpoch?: (row: EpochRow) => void;
  /** Says where numbers went wrong: called with the state before the bad step and its feeds. */
  readonly diagnose?: (state: Tensors, feeds: Tensors) => Promise<string>;
  /** Threads within an operator. Default: the runtime's. */
  readonly threads?: number;
}

/** What every kind of training hands on to the loop as it was told. */
export type LoopOptions = Pick<
  TrainingPlan,
  | "epochs"
  | "seed"
  | "clock"
  | "checkpoints"
  | "resume"
  | "checkpointEveryS"
  | "meter"
  | "budgetJ"
  | "signal"
  | "onProgress"
  | "onEpoch"
  | "threads"
  | "fingerprint"
>;

export type TrainingEnd = "finished" | "no improvement" | "budget spent" | "interrupted";

export interface TrainingResult {
  readonly end: TrainingEnd;
  readonly rows: readonly EpochRow[];
  /** Parameters, statistics and moments by input name: the best epoch's with early stopping (without moments), else the last. */
  readonly state: Tensors;
  /** Last whole epoch of the state. */
  readonly epoch: number;
  /** Batches done of an epoch that was not finished. */
  readonly partialBatches: number;
  /** The epoch that was begun and did not end; undefined where the last one did. */
  readonly unfinished: PartialEpoch | undefined;
  /** Epochs that an earlier run did, wholly or in part. */
  readonly earlierEpochs: number;
  readonly updates: number;
  /** Updates that were done before, by the run that this one went on from. */
  readonly resumedAt: number;
  readonly spentJ: number | undefined;
}
