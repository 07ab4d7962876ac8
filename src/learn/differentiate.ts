// The derivative of a Graph is a Graph: forward pass in training form, loss, backward pass and optimiser step as ordinary
// ONNX operators. Which operator has which gradient is gradient/, losses are losses/, updates optimisers/.
import { NetworkBuilder } from "../graph/build.ts";
import type { DataType } from "../graph/dtype.ts";
import type { Graph, Layer, TensorType } from "../graph/graph.ts";
import { InputError } from "../units/input-error.ts";
import { Emitter } from "./gradient/emitter.ts";
import { Pass, type TrainingForm } from "./gradient/pass.ts";
import type { LossContext, MadeLoss } from "./losses/loss.ts";
import { appendLoss } from "./losses/table.ts";
import { appendUpdate, ZERO } from "./optimisers/update.ts";
import { type FreedWeight, type PreparedNetwork, prepareNetwork } from "./prepare.ts";
import type {
  DifferentiateOptions,
  EvaluationGraph,
  FedTensor,
  ForwardOptions,
  Setting,
  StateTensor,
  TrainingGraph,
} from "./training-graph.ts";

const SETTING_TYPES: Readonly<Record<Setting["name"], DataType>> = {
  lr: "float32",
  step: "float32",
  seed: "int64",
  apply: "float32",
};

/** A training graph being written: inputs are added as somebody asks for them. A lifetime, hence a class. */
class Writing {
  readonly network: PreparedNetwork;
  readonly e: Emitter;
  readonly pass: Pass;
  readonly fed: FedTensor[] = [];
  readonly settings: Setting[] = [];
  readonly moments: Omit<StateTensor, "output">[] = [];
  readonly carried = new Map<string, string>();
  readonly #taken: Set<string>;

  constructor(graph: Graph, options: ForwardOptions) {
    this.network = prepareNetwork(graph, options);
    const { shaped, opset, data, freed } = this.network;
    const b = NetworkBuilder.from(shaped, opset);
    this.e = new Emitter(b, opset);
    this.pass = new Pass(this.e, opset, this.parameters);
    this.#taken = new Set(shaped.graph.tensors.keys());
    for (const name of data) this.fed.push({ name, role: "data", type: b.typeOf(name) });
    if (freed.length === 0)
      throw new InputError("no-parameters", "no weight of the network learns", "let at least one layer be trainable");
  }

  get parameters(): readonly string[] {
    return this.network.freed.filter(({ role }) => role === "parameter").map(({ name }) => name);
  }

  /** A new input under a name that is free: "label", "label2", … */
  input(name: string, type: TensorType): string {
    let free = name;
    for (let i = 2; this.#taken.has(free); i++) free = `${name}${i}`;
    this.#taken.add(free);
    return this.e.b.input(free, type.shape ?? [], type.dtype);
  }

  setting(name: Setting["name"]): string {
    const known = this.settings.find((setting) => setting.name === name);
    if (known !== undefined) return known.input;
    const type: TensorType = { dtype: SETTING_TYPES[name], shape: [] };
    const input = this.input(`train/${name}`, type);
    this.settings.push({ name, input, type });
    return input;
  }

  forward(form: TrainingForm | undefined): void {
    for (const layer of this.network.shaped.graph.layers) this.pass.forward(layer, form);
  }

  loss({ loss }: ForwardOptions): MadeLoss {
    const made = this.e.b.graph().layers;
    const producers = new Map<string, Layer>();
    for (const layer of made) for (const output of layer.outputs) producers.set(output, layer);
    const context: LossContext = {
      e: this.e,
      output: this.pass.nameOf(this.network.output),
      parameters: this.parameters,
      producer: (tensor) => producers.get(tensor),
      feed: (role, type) => {
        const name = this.input(role, type);
        this.fed.push({ name, role, type });
        return name;
      },
    };
    return this.pass.written(() => this.e.b.scope("loss", () => appendLoss(context, loss)));
  }

  /** Gradients by parameter. @throws InputError "no-gradient" */
  gradients(loss: string): ReadonlyMap<string, string> {
    const one = this.e.scalar(1, loss);
    const all = this.pass.gradients(new Map([[loss, one]]));
    return new Map(this.parameters.flatMap((name) => (all.has(name) ? [[name, all.get(name)!] as const] : [])));
  }

  /** The graph with these outputs and only what they need. */
  graph(outputs: readonly string[]): Graph {
    return pruned({ ...this.e.b.graph(), outputs: [...new Set(outputs)] });
  }
}

/** Without layers, weights and inputs that no output needs. */
function pruned(graph: Graph): Graph {
  const needed = new Set(graph.outputs);
  const layers = graph.layers
    .toReversed()
    .filter((layer) => {
      const used = layer.outputs.some((output) => needed.has(output));
      if (used) for (const input of layer.inputs) needed.add(input);
      return used;
    })
    .reverse();
  const made = new Set([...graph.inputs, ...layers.flatMap((layer) => layer.outputs)]);
  return {
    ...graph,
    inputs: graph.inputs.filter((name) => needed.has(name)),
    layers,
    weights: new Map([...graph.weights].filter(([name]) => needed.has(name))),
    tensors: new Map([...graph.tensors].filter(([name]) => needed.has(name) || made.has(name))),
  };
}

const stateOf = ({ name, type, initial, role }: FreedWeight): Omit<StateTensor, "output"> => ({
  name,
  input: name,
  type,
  initial,
  role,
});

function trainingForm(writing: Writing, options: ForwardOptions): TrainingForm {
  return {
    statistics: options.statistics ?? "batch",
    seed: () => writing.setting("seed"),
    carry: (name, value) => void writing.carried.set(name, value),
  };
}

/**
 * One training step of a network as a Graph: forward, loss, backward, update. Shapes are fixed by `options.batch`.
 * @throws InputError "no-gradient" naming the layer whose operator has no rule, "old-operator-set", "no-parameters",
 *   "bad-option", and those of bindDimensions
 */
export function differentiate(graph: Graph, options: DifferentiateOptions): TrainingGraph {
  const writing = new Writing(graph, options);
  const { e, network } = writing;
  writing.forward(trainingForm(writing, options));
  const { loss, outputs } = writing.loss(options);
  const gradients = writing.gradients(loss);
  const update = {
    setting: (name: Setting["name"]) => writing.setting(name),
    moment: (name: string, type: TensorType) => {
      const input = writing.input(`moment/${name}`, type);
      writing.moments.push({ name, input, type, initial: ZERO, role: "moment" });
      return input;
    },
    carry: (input: string, value: string) => void writing.carried.set(input, value),
  };
  e.b.scope("update", () => appendUpdate(e, gradients, update, options));
  const state = [...network.freed.map(stateOf), ...writing.moments].flatMap((entry) => {
    const output = writing.carried.get(entry.input);
    return output === undefined ? [] : [{ ...entry, output }];
  });
  const made = writing.graph([loss, ...Object.values(outputs), ...state.map(({ output }) => output)]);
  return { graph: made, inputs: writing.fed, settings: writing.settings, state, loss, outputs };
}

/**
 * The network in inference mode with its loss. Its state is what differentiate() with the same options trains.
 * @throws InputError as differentiate
 */
export function evaluationGraph(graph: Graph, options: ForwardOptions): EvaluationGraph {
  const writing = new Writing(graph, options);
  writing.forward(undefined);
  const { loss, outputs } = writing.loss(options);
  const made = writing.graph([loss, ...Object.values(outputs)]);
  const state = writing.network.freed.filter(({ name }) => made.inputs.includes(name)).map(stateOf);
  return { graph: made, inputs: writing.fed, state, loss, outputs };
}

export interface GradientGraph {
  readonly graph: Graph;
  readonly inputs: readonly FedTensor[];
  readonly settings: readonly Setting[];
  readonly parameters: readonly Omit<StateTensor, "output">[];
  readonly loss: string;
  /** Tensor of the gradient by parameter. */
  readonly gradients: ReadonlyMap<string, string>;
}

/** Loss and its gradients by the parameters, without an update. @throws InputError as differentiate */
export function gradientGraph(graph: Graph, options: ForwardOptions): GradientGraph {
  const writing = new Writing(graph, options);
  writing.forward(trainingForm(writing, options));
  const { loss } = writing.loss(options);
  const gradients = writing.gradients(loss);
  return {
    graph: writing.graph([loss, ...gradients.values()]),
    inputs: writing.fed,
    settings: writing.settings,
    parameters: writing.network.freed.map(stateOf),
    loss,
    gradients,
  };
}
