// The shape of a loss: operators appended to a network's output that end in one number. One kind per file; table.ts lists
// them. Losses have no gradients of their own: they are written in operators that have.
import { intAttribute } from "../../graph/attributes.ts";
import { type Layer, operatorKey, type TensorType } from "../../graph/graph.ts";
import { InputError } from "../../units/input-error.ts";
import type { Emitter } from "../gradient/emitter.ts";
import type { FedTensor, LossSpec } from "../training-graph.ts";

export interface LossContext {
  readonly e: Emitter;
  /** The network's output. */
  readonly output: string;
  /** Parameters that learn. */
  readonly parameters: readonly string[];
  /** The layer that makes a tensor; undefined for inputs and weights. */
  producer(tensor: string): Layer | undefined;
  /** A new input of the graph. */
  feed(role: FedTensor["role"], type: TensorType): string;
  /** What a tensor of the network is called here; undefined for one that it does not have on the way to its output. */
  find(tensor: string): string | undefined;
  /** A tensor of the teacher, by its name there; undefined: its logits. Fed, or computed inside the step. @param type that it must have */
  teacher(tensor: string | undefined, type: TensorType): string;
  /** A parameter of the loss itself, which learns with the network; uniform in ±bound at first. */
  parameter(name: string, shape: readonly number[], bound: number): string;
  /** Inputs of the network that are fed. */
  readonly data: readonly string[];
  /** The input that holds the seed of this step. */
  seed(): string;
  /**
   * Logits of the network and of its teacher at other inputs, given by the name of the input they stand for; the weights are the same. The network
   * normalises by running statistics there and drops nothing out. @throws InputError "no-teacher" where the teacher is not in the graph
   */
  at(inputs: ReadonlyMap<string, string>): { readonly own: string; readonly teacher: string };
}

export interface MadeLoss {
  /** No axes. */
  readonly loss: string;
  /** As in TrainingGraph.outputs. */
  readonly outputs: Readonly<Record<string, string>>;
}

export type LossOf<K extends LossSpec["kind"]> = Extract<LossSpec, { readonly kind: K }>;
export type LossRule<K extends LossSpec["kind"]> = (c: LossContext, spec: LossOf<K>) => MadeLoss;

/** The tensor before a final Sigmoid, else the output itself. */
export function beforeSigmoid(c: LossContext): string {
  const layer = c.producer(c.output);
  return layer?.op === "Sigmoid" ? layer.inputs[0]! : c.output;
}

/**
 * The logits of classes on axis 1: the tensor before a final Softmax, else the output itself.
 * @throws InputError "bad-output" when there is no axis 1, or the Softmax runs along another one
 */
export function classLogits(c: LossContext): string {
  const layer = c.producer(c.output);
  const rank = c.e.shape(c.output).length;
  const axis = layer?.op === "Softmax" ? intAttribute(layer, "axis", -1) : 1;
  if (rank >= 2 && (axis === 1 || axis + rank === 1)) return layer?.op === "Softmax" ? layer.inputs[0]! : c.output;
  const found = rank < 2 ? `${rank} axes` : `a Softmax along axis ${axis} of ${rank}`;
  throw new InputError(
    "bad-output",
    `the output has ${found}, expected classes on axis 1`,
    "choose another --loss, or train another output of the network",
  );
}

/** The tensor before a final Softmax, LogSoftmax or Sigmoid, else the output itself. */
export function rawLogits(c: LossContext): string {
  return beforeSquashing(c.output, c.producer(c.output));
}

/** Final layers that turn logits into probabilities. */
const SQUASHING: ReadonlySet<string> = new Set(["Softmax", "LogSoftmax", "Sigmoid"]);

/** Logits, from an output and the layer that makes it. */
export function beforeSquashing(output: string, layer: Layer | undefined): string {
  return layer !== undefined && SQUASHING.has(operatorKey(layer)) ? layer.inputs[0]! : output;
}

/** Σ values·mask / Σ mask, or the mean of all values where there is no mask. An all-zero mask gives 0. */
export function weightedMean(c: LossContext, values: string, mask: string | undefined): string {
  const { e } = c;
  const count = e.shape(values).reduce((a, b) => a * b, 1);
  if (mask === undefined) return e.mul(e.sumAll(values), 1 / count);
  return e.div(e.sumAll(e.mul(values, mask)), e.op("Max", [e.sumAll(mask), e.scalar(1e-12, values)]));
}

/** `right` (0 or 1 per prediction) summed, and how many there are. */
export function counted(c: LossContext, right: string, mask: string | undefined): Readonly<Record<string, string>> {
  const { e } = c;
  const count = e.shape(right).reduce((a, b) => a * b, 1);
  return {
    correct: e.sumAll(mask === undefined ? right : e.mul(right, mask)),
    count: mask === undefined ? e.op("Identity", [e.scalar(count, right)]) : e.sumAll(mask),
  };
}

/** A number of a specification. @throws InputError "bad-option" outside of [least, most] */
export function checked(name: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw new InputError("bad-option", `${name} is ${value}, expected ${least} to ${most}`, `choose another ${name}`);
}

const LEAST_T = 1e-3;
/**
 * Greatest T by element type. The divergence shrinks as T² grows, until rounding is all that is multiplied: with drawn logits the mean over
 * 256 float32 samples was off by up to 4e-5 at T = 100 and by up to 4 % at T = 1,000, and single samples by far more. For larger T
 * there is the limit itself: matched logits.
 */
const MOST_T = { float32: 100, float64: 1e6 };

/** @throws InputError "bad-option" for a temperature whose loss would be rounding */
export function checkTemperature({ e, output }: LossContext, temperature: number): void {
  checked("temperature", temperature, LEAST_T, e.dtype(output) === "float64" ? MOST_T.float64 : MOST_T.float32);
}
