// The derivative of a Graph is a Graph: forward pass in training form, loss, backward pass and optimiser step as ordinary
// ONNX operators. Which operator has which gradient is gradient/, losses are losses/, updates optimisers/.
import { NetworkBuilder } from "../graph/build.ts";
import type { DataType } from "../graph/dtype.ts";
import type { Graph, Layer, TensorType } from "../graph/graph.ts";
import { InputError } from "../units/input-error.ts";
import { Frozen, logitsName, renamed } from "./frozen.ts";
import { Emitter } from "./gradient/emitter.ts";
import { Pass, type TrainingForm } from "./gradient/pass.ts";
import { blockedConvolutions } from "./layout/blocked.ts";
import type { LossContext, MadeLoss } from "./losses/loss.ts";
import { appendLoss } from "./losses/table.ts";
import { appendUpdate, ZERO } from "./optimisers/update.ts";
import { type FreedWeight, type PreparedNetwork, prepareNetwork } from "./prepare.ts";
import { recomputed } from "./recompute.ts";
import { checkTrainable } from "./trainable.ts";
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
  /** What the loss learns beside the network. */
  readonly added: FreedWeight[] = [];
  readonly #options: ForwardOptions;
  readonly #taken: Set<string>;
  /** Layers of the forward pass and the loss. */
  #forward: ReadonlySet<string> = new Set();
  #frozen: Frozen | undefined;
  /** The teacher's tensors at the data themselves. */
  #teacher: ((tensor: string | undefined) => string) | undefined;
  #copies = 0;

  constructor(graph: Graph, options: ForwardOptions) {
    this.network = prepareNetwork(graph, options);
    this.#options = options;
    const { shaped, opset, data, freed } = this.network;
    checkTrainable(shaped.graph, freed);
    const b = NetworkBuilder.from(shaped, opset);
    this.e = new Emitter(b, opset, options.convolutionBlock);
    this.pass = new Pass(this.e, opset, this.parameters);
    this.#taken = new Set(shaped.graph.tensors.keys());
    for (const name of data) this.fed.push({ name, role: "data", type: b.typeOf(name) });
    if (freed.length === 0)
      throw new InputError("no-parameters", "no weight of the network learns", "let at least one layer be trainable");
  }

  get freed(): readonly FreedWeight[] {
    return [...this.network.freed, ...this.added];
  }

  get parameters(): readonly string[] {
    return this.freed.filter(({ role }) => role === "parameter").map(({ name }) => name);
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
      feed: (role, type) => this.#feed(role, type),
      find: (tensor) =>
        this.network.shaped.graph.layers.some(({ outputs }) => outputs.includes(tensor))
          ? this.pass.nameOf(tensor)
          : undefined,
      teacher: (tensor, type) => this.#answer(tensor, type),
      parameter: (name, shape, bound) => this.#parameter(name, shape, bound),
      data: this.network.data,
      seed: () => this.setting("seed"),
      at: (inputs) => this.#at(inputs),
    };
    return this.pass.written(() => this.e.b.scope("loss", () => appendLoss(context, loss)));
  }

  #feed(role: FedTensor["role"], type: TensorType): string {
    const name = this.input(role, type);
    this.fed.push({ name, role, type });
    return name;
  }

  #parameter(name: string, shape: readonly number[], bound: number): string {
    const type: TensorType = { dtype: "float32", shape };
    const input = this.input(`loss/${name}`, type);
    const initial = { kind: "seeded", initialiser: { kind: "uniform", bound, seed: this.added.length } } as const;
    this.added.push({ name: input, type, initial, role: "parameter" });
    this.pass.source(input);
    return input;
  }

  /** The teacher, for the first time here. */
  #open(): Frozen | undefined {
    const { teacher, batch, dims } = this.#options;
    if (teacher !== undefined) this.#frozen ??= new Frozen(this.e, teacher, this.network.opset, batch, dims);
    return this.#frozen;
  }

  #answer(tensor: string | undefined, type: TensorType): string {
    const frozen = this.#open();
    if (frozen === undefined) return this.#feed("teacher", type);
    this.#teacher ??= frozen.apply(this.network.data);
    const name = this.#teacher(tensor);
    const found = this.e.b.has(name) ? this.e.shape(name) : undefined;
    if (found !== undefined && `${found}` === `${type.shape}`) return name;
    throw new InputError(
      "wrong-shape",
      `${tensor === undefined ? "the teacher's output" : `"${tensor}" of the teacher`} is [${found?.join(", ") ?? "not there"}], expected [${type.shape?.join(", ")}]`,
      "teacher and student must answer the same question",
    );
  }

  /** The network once more, with the same weights, at other inputs; and the teacher there. */
  #at(inputs: ReadonlyMap<string, string>): { readonly own: string; readonly teacher: string } {
    const frozen = this.#open();
    if (frozen === undefined)
      throw new InputError(
        "no-teacher",
        "derivatives of a teacher are wanted, and it is not in the graph",
        "let the teacher run inside the step",
      );
    const { shaped, data, output } = this.network;
    const suffix = `@${++this.#copies}`;
    const form: TrainingForm = { statistics: "running", seed: () => this.setting("seed"), carry: () => undefined };
    const fixed = new Set([...shaped.graph.inputs, ...shaped.graph.weights.keys()]);
    const nameOf = (tensor: string): string => inputs.get(tensor) ?? (fixed.has(tensor) ? tensor : tensor + suffix);
    for (const layer of shaped.graph.layers)
      this.pass.forward(withoutDropout(renamed(layer, layer.name + suffix, nameOf)), form);
    const own = this.pass.nameOf(nameOf(logitsName(shaped.graph, output)));
    return { own, teacher: frozen.apply(data.map((name) => inputs.get(name) ?? name))(undefined) };
  }

  /** Gradients by parameter. @throws InputError "no-gradient" */
  gradients(loss: string): ReadonlyMap<string, string> {
    this.#forward = new Set(this.e.b.graph().layers.map(({ name }) => name));
    const one = this.e.scalar(1, loss);
    const all = this.pass.gradients(new Map([[loss, one]]));
    return new Map(this.parameters.flatMap((name) => (all.has(name) ? [[name, all.get(name)!] as const] : [])));
  }

  /** The graph with these outputs and only what they need. */
  graph(outputs: readonly string[], recompute: DifferentiateOptions["recompute"] = false): Graph {
    const plain = pruned({ ...this.e.b.graph(), outputs: [...new Set(outputs)] });
    const carried = [...this.freed.map(({ name }) => name), ...this.moments.map(({ input }) => input)];
    const state = new Set([...carried, ...this.carried.values()]);
    const graph = recompute === false ? plain : recomputed({ graph: plain, forward: this.#forward, state }, recompute);
    const { block } = this.e;
    return block === undefined ? graph : blockedConvolutions(graph, block);
  }
}

const withoutDropout = (layer: Layer): Layer =>
  layer.op === "Dropout"
    ? {
        ...layer,
        op: "Identity",
        inputs: layer.inputs.slice(0, 1),
        outputs: layer.outputs.slice(0, 1),
        attributes: new Map(),
      }
    : layer;

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

/** Gradients without those of weights that are 0: no moment builds up there, and decay takes nothing off 0. */
function withoutZeros(
  e: Emitter,
  gradients: ReadonlyMap<string, string>,
  keepZeros: DifferentiateOptions["keepZeros"] = false,
): ReadonlyMap<string, string> {
  if (keepZeros === false) return gradients;
  const keeps = keepZeros === true ? (name: string) => e.shape(name).length >= 2 : keepZeros;
  const kept = ([name, gradient]: readonly [string, string]): readonly [string, string] => {
    if (!keeps(name)) return [name, gradient];
    const zero = e.scalar(0, gradient);
    return [name, e.op("Where", [e.op("Equal", [name, zero]), zero, gradient])];
  };
  return e.b.scope("keep_zeros", () => new Map([...gradients].map(kept)));
}

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
  const { e } = writing;
  writing.forward(trainingForm(writing, options));
  const { loss, outputs } = writing.loss(options);
  const gradients = withoutZeros(e, writing.gradients(loss), options.keepZeros);
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
  const state = [...writing.freed.map(stateOf), ...writing.moments].flatMap((entry) => {
    const output = writing.carried.get(entry.input);
    return output === undefined ? [] : [{ ...entry, output }];
  });
  const made = writing.graph(
    [loss, ...Object.values(outputs), ...state.map(({ output }) => output)],
    options.recompute,
  );
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
export function gradientGraph(
  graph: Graph,
  options: ForwardOptions & Pick<DifferentiateOptions, "recompute">,
): GradientGraph {
  const writing = new Writing(graph, options);
  writing.forward(trainingForm(writing, options));
  const { loss } = writing.loss(options);
  const gradients = writing.gradients(loss);
  return {
    graph: writing.graph([loss, ...gradients.values()], options.recompute),
    inputs: writing.fed,
    settings: writing.settings,
    parameters: writing.freed.map(stateOf),
    loss,
    gradients,
  };
}
