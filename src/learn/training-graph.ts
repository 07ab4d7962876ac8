// What a training step is: an ordinary Graph with data, labels and state in; loss, metrics and new state out. Here are the
// types only, the contract between who makes such a graph (differentiate.ts) and who runs it (train/).
import type { Graph, TensorType, WeightRef } from "../graph/graph.ts";

/** A tensor that the caller feeds anew in every step. */
export interface FedTensor {
  readonly name: string;
  /** data: what the network reads; label: the loss's target; mask: weight of each target, 0 leaves it out; teacher: what a teacher said of the same samples. */
  readonly role: "data" | "label" | "mask" | "teacher";
  readonly type: TensorType;
}

/** A number that changes per step, fed as a tensor without axes. */
export interface Setting {
  /** lr: learning rate (float32). step: number of this update, from 1 (float32). seed: of dropout's masks in this step (int64, 0 ≤ seed < 2³¹). apply: 1 on the last
   *  pass of an accumulated step, else 0 (float32). */
  readonly name: "lr" | "step" | "seed" | "apply";
  /** The graph's input. */
  readonly input: string;
  readonly type: TensorType;
}

/** A tensor that is carried from step to step: fed as `input`, comes back as `output`. */
export interface StateTensor {
  /** For a parameter or statistic its name in the network. */
  readonly name: string;
  readonly input: string;
  readonly output: string;
  readonly type: TensorType;
  /** Its numbers before the first step. */
  readonly initial: WeightRef;
  readonly role: "parameter" | "moment" | "statistic";
}

/** A training step as an ordinary Graph. Its batch and all shapes are fixed. */
export interface TrainingGraph {
  readonly graph: Graph;
  readonly inputs: readonly FedTensor[];
  readonly settings: readonly Setting[];
  readonly state: readonly StateTensor[];
  /** Mean loss of the batch, no axes. */
  readonly loss: string;
  /**
   * Further results by name. "output": what the loss reads (logits). "correct": right predictions in the batch (masked ones
   * left out), and "count": how many were predicted, both without axes; only for losses with classes or bits.
   */
  readonly outputs: Readonly<Record<string, string>>;
}

/** The same network and loss without backward pass, in inference mode; its state is only read. */
export interface EvaluationGraph {
  readonly graph: Graph;
  readonly inputs: readonly FedTensor[];
  /** Parameters and statistics, with the names that the TrainingGraph has. */
  readonly state: readonly Omit<StateTensor, "output">[];
  readonly loss: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** What is made small. Means are over the batch and all positions. */
export type LossSpec =
  /**
   * Classes on axis 1 of the output, labels int64 without that axis. `smoothing`: share of the target spread over all classes, [0, 1), default 0.
   * A final Softmax of the network is taken into the loss.
   */
  | { readonly kind: "cross-entropy"; readonly smoothing?: number; readonly masked?: boolean }
  /** Binary cross-entropy with logits: labels 0 to 1 of the output's shape. A final Sigmoid is taken into the loss. */
  | { readonly kind: "bce"; readonly masked?: boolean }
  /** Mean squared error; labels of the output's shape. */
  | { readonly kind: "mse"; readonly masked?: boolean }
  /** T²·KL(softmax(labels/T) ‖ softmax(output/T)) per sample, labels are a teacher's logits [Hinton2015]. Default T: 1. */
  | { readonly kind: "kl"; readonly temperature?: number }
  /**
   * T²·KL(teacher ‖ network), classes of both softened by T [Hinton2015]; `squared` false leaves T² out. `standardised`: logits of both are brought to mean 0 and
   * deviation 1 per sample first [Sun2024]. The teacher's logits are fed, or come from `ForwardOptions.teacher`. Defaults: T 1, squared, not standardised.
   */
  | {
      readonly kind: "soft-classes";
      readonly temperature?: number;
      readonly squared?: boolean;
      readonly standardised?: boolean;
    }
  /** The same of independent bits: KL of two Bernoulli distributions, sigmoid instead of softmax, the mean over bits. */
  | {
      readonly kind: "soft-bits";
      readonly temperature?: number;
      readonly squared?: boolean;
      readonly masked?: boolean;
    }
  /** Mean squared difference to the teacher's logits [Ba2014]. */
  | { readonly kind: "match-logits"; readonly masked?: boolean }
  /** Mean squared difference of tensors inside both networks, summed over the pairs; where widths differ the network's own goes through a projection that is learned too [Romero2015]. */
  | { readonly kind: "match-features"; readonly pairs: readonly FeaturePair[] }
  /**
   * Mean squared difference between the derivatives of both networks' logits along a direction of the inputs, ±1 per number, drawn anew in every step
   * [Czarnecki2017]. Derivatives are central differences over ±`step` (default 0.01, in units of the inputs). Needs `ForwardOptions.teacher`.
   */
  | { readonly kind: "match-gradients"; readonly step?: number }
  /** Σ|w| over these parameters; default: those of two or more axes. */
  | { readonly kind: "l1"; readonly parameters?: readonly string[] }
  /** ½·Σw² over the parameters of two or more axes. */
  | { readonly kind: "l2" }
  /** Weighted sum of losses; each data loss has labels of its own. */
  | { readonly kind: "sum"; readonly terms: readonly { readonly weight: number; readonly loss: LossSpec }[] };

/** A tensor of the network that learns and one of its teacher: [N, C, …] of the same places, or [N, C]. */
export interface FeaturePair {
  readonly own: string;
  readonly teacher: string;
  /** Of the teacher's tensor, without the batch. */
  readonly shape: readonly number[];
}

/** A network that answers inside a training step and does not learn. */
export interface FrozenNetwork {
  /** In float32; its weights are inline, or where the step's own reader finds them. Inputs are those of the network that learns, in order. */
  readonly graph: Graph;
}

/** How gradients become new parameters. Decay λ is per unit of learning rate. */
export type OptimiserSpec =
  /** v ← μv + g + λw; w ← w − η·v (PyTorch's form). Defaults: momentum 0, nesterov false, weightDecay 0. */
  | {
      readonly kind: "sgd";
      readonly momentum?: number;
      readonly nesterov?: boolean;
      readonly weightDecay?: number;
    }
  /** adam adds λw to the gradient, adamw takes ηλw off the weight; lamb scales the step by ‖w‖/‖step‖ per tensor. */
  | {
      readonly kind: "adam" | "adamw" | "lamb";
      /** Default 0.9. */
      readonly beta1?: number;
      /** Default 0.999. */
      readonly beta2?: number;
      /** Default 1e-8; lamb 1e-6. */
      readonly epsilon?: number;
      /** Default 0; adamw and lamb 0.01. */
      readonly weightDecay?: number;
    };

export interface ForwardOptions {
  readonly loss: LossSpec;
  /** Samples in one pass; a whole number from 1. */
  readonly batch: number;
  /** Lengths of symbolic dimensions by name. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Output of the network that the loss reads. Default: the first. */
  readonly output?: string;
  /** Which parameters learn, by name; the others stay as they are, as weights of the graph. Default: all. */
  readonly trainable?: (name: string) => boolean;
  /**
   * "batch": normalise by the batch, update the running statistics. "running": normalise by the running statistics and
   * leave them (fine-tuning). Default "batch".
   */
  readonly statistics?: "batch" | "running";
  /**
   * Channels in a block of the runtime's blocked convolutions (Runtime.convolutionBlock): convolutions are written for them, the
   * same numbers up to rounding. Default: ONNX's own operators only.
   */
  readonly convolutionBlock?: number;
  /** Answers inside the step, in inference mode, where the loss asks for a teacher. Default: what the teacher says is fed. */
  readonly teacher?: FrozenNetwork;
}

export interface DifferentiateOptions extends ForwardOptions {
  readonly optimiser: OptimiserSpec;
  /** Gradients are scaled down to this global L2 norm; above 0. Default: not at all. */
  readonly clipNorm?: number;
  /** Passes whose gradients are averaged into one update; a whole number from 1, default 1. */
  readonly accumulate?: number;
  /**
   * Weights that are exactly 0 stay 0 under every optimiser, so that a pruned network stays pruned. True: in parameters of two
   * or more axes (biases begin with 0 and have to learn); a function: in the parameters that it names. Default false.
   */
  readonly keepZeros?: boolean | ((name: string) => boolean);
  /**
   * Forgets what the forward pass made and makes it again in the backward pass, segment by segment: less memory, about a third more
   * arithmetic, the same numbers [Chen2016]. A number from 2: of segments; true: as many as need least memory. Default false.
   */
  readonly recompute?: boolean | number;
}
