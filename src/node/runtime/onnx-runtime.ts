// ONNX Runtime on this machine as a Runtime: the graph is written in memory, never to a file.
// run() holds the thread it is called on. That is wanted for training (nothing else should run) and not for servers: those take
// threaded-runtime.ts, the same sessions in a worker thread.
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { elementCount, type Graph } from "../../graph/graph.ts";
import { writeOnnx } from "../../onnx/write.ts";
import type { CarriedTensor, Runtime, Session, SessionOptions, Tensors, WeightReader } from "../../runtime/runtime.ts";
import { isTensorType, type Tensor, type TensorDataType, zeros } from "../../runtime/tensor.ts";
import { firstLine } from "../../units/error-text.ts";
import { InputError } from "../../units/input-error.ts";
import { loadOptional } from "../optional-package.ts";
import { findConvolutionBlock } from "./convolution-block.ts";

type Ort = typeof import("onnxruntime-node");
type MakeTensor = new (type: string, data: unknown, dims: readonly number[]) => OrtTensor;

/** ONNX Runtime's level "fatal only": what it refuses is thrown, and told once. */
const LOG_FATAL = 4;

export interface OnnxRuntimeOptions {
  /** Execution provider: "cpu" (default), "webgpu", "cuda", "coreml", "dml". */
  readonly provider?: string;
  /**
   * Reuse of one memory plan between runs. Training steps took 1.3 times the memory with it and no less time, so that the default is
   * true only for sessions that carry no state.
   */
  readonly memoryPattern?: boolean;
  /**
   * Threads wait for the next operator in a busy loop. Training steps of the MNIST CNN on 2 cores: 3 % faster for 1.2 times the processor
   * time when the machine is quiet, 1.3 times slower for 1.6 times the processor time when it is busy. Default false.
   */
  readonly spin?: boolean;
  /** Fusions and layouts of the runtime; without them a network and its two halves give the same bits. Default true. */
  readonly optimise?: boolean;
}

let loaded: Promise<Ort> | undefined;

/** @throws InputError "no-onnxruntime" */
function loadOrt(): Promise<Ort> {
  loaded ??= loadOptional("no-onnxruntime", "onnxruntime-node", () => import("onnxruntime-node"));
  return loaded;
}

/** How ONNX Runtime and the C++ library say that memory is used up. */
const OUT_OF_MEMORY = /bad_alloc|failed to allocate memory|bfcarena|out of memory|array buffer allocation failed/i;

/** What ONNX Runtime refuses is the model's (or the provider's) matter, not a bug of ours. */
function refused(error: unknown, doing: string, hint: string): InputError {
  if (OUT_OF_MEMORY.test(String(error)))
    return new InputError(
      "too-little-memory",
      `there is not enough memory to ${doing}: ${firstLine(error)}`,
      "give a smaller --batch, or --recompute where it trains; end other programs",
    );
  return new InputError("onnxruntime", `ONNX Runtime cannot ${doing}: ${firstLine(error)}`, hint);
}

const onlyInline: WeightReader = async (ref) => {
  if (ref.kind === "inline") return ref.bytes;
  throw new Error(`a weight is ${ref.kind}, and no reader of weights was given`);
};

/** The whole .onnx file in memory. */
export async function onnxBytes(graph: Graph, weights: WeightReader = onlyInline): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeOnnx(graph, weights)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The runtime; nothing is loaded before the first session is opened. */
export function onnxRuntime(options: OnnxRuntimeOptions = {}): Runtime {
  let block: Promise<number | undefined> | undefined;
  const runtime: Runtime = {
    name: "onnxruntime",
    open: async (graph, how = {}) => openBytes(await onnxBytes(graph, how.weights), graph, how, options),
    convolutionBlock: () => {
      // other providers would hand the blocked form back to the processor
      block ??= (options.provider ?? "cpu") === "cpu" ? findConvolutionBlock(runtime.open) : Promise.resolve(undefined);
      return block;
    },
  };
  return runtime;
}

/** Outputs with a fixed shape get a buffer that is used again in every run. */
function buffersFor(graph: Pick<Graph, "tensors">, names: readonly string[]): Map<string, Tensor> {
  const buffers = new Map<string, Tensor>();
  for (const name of names) {
    const type = graph.tensors.get(name);
    const count = elementCount(type);
    if (type?.shape === undefined || count === undefined || !isTensorType(type.dtype)) continue;
    buffers.set(name, { dtype: type.dtype, shape: type.shape as readonly number[], data: zeros(type.dtype, count) });
  }
  return buffers;
}

const viewOf = ({ type, dims, data }: OrtTensor): Tensor => ({
  dtype: type as TensorDataType,
  shape: dims,
  data: data as Tensor["data"],
});

/** One carried tensor: two buffers that take turns, so that the last state outlives a run that went wrong. */
interface Turns {
  /** Not the numbers that it began with: they would stay in memory. */
  readonly spec: Pick<CarriedTensor, "input" | "output">;
  readonly buffers: readonly [OrtTensor, OrtTensor];
}

/** Which of the two buffers. */
type Side = 0 | 1;

const copyOf = ({ type, dims, data }: OrtTensor): Tensor => ({
  dtype: type as TensorDataType,
  shape: dims,
  data: (data as Float32Array).slice(),
});

type SessionGraph = Pick<Graph, "name" | "tensors" | "outputs">;

/** A session that is open. */
class OrtSession implements Session {
  readonly #session: InferenceSession;
  readonly #name: string;
  readonly #toOrt: (tensor: Tensor) => OrtTensor;
  readonly #turns: readonly Turns[];
  /** Outputs that the caller gets. */
  readonly #given: readonly string[];
  readonly #buffers: ReadonlyMap<string, Tensor>;
  /** Where outputs go, when the state is read from side 0 and from side 1. */
  readonly #fetches: readonly [InferenceSession.FetchesType, InferenceSession.FetchesType];
  #side: Side = 0;
  #before: Side = 0;

  constructor(session: InferenceSession, graph: SessionGraph, carried: readonly CarriedTensor[], ort: Ort) {
    const make = ort.Tensor as unknown as MakeTensor;
    this.#toOrt = ({ dtype, data, shape }) => new make(dtype, data, shape);
    this.#session = session;
    this.#name = graph.name;
    this.#turns = carried.map(({ input, output, initial: { dtype, shape, data } }) => {
      const copy: Tensor = { dtype, shape, data: data.slice() as Tensor["data"] };
      return {
        spec: { input, output },
        buffers: [this.#toOrt(copy), this.#toOrt({ dtype, shape, data: zeros(dtype, data.length) })],
      };
    });
    const carriedOutputs = new Set(carried.map(({ output }) => output));
    this.#given = graph.outputs.filter((name) => !carriedOutputs.has(name));
    this.#buffers = buffersFor(graph, this.#given);
    this.#fetches = [this.#fetchesInto(1), this.#fetchesInto(0)];
  }

  #fetchesInto(side: Side): InferenceSession.FetchesType {
    const reused = this.#given.map((name) => {
      const buffer = this.#buffers.get(name);
      return [name, buffer === undefined ? null : this.#toOrt(buffer)] as const;
    });
    const carried = this.#turns.map(({ spec, buffers }) => [spec.output, buffers[side]] as const);
    return Object.fromEntries([...reused, ...carried]) as InferenceSession.FetchesType;
  }

  async run(feeds: Tensors): Promise<Tensors> {
    const fed: Record<string, OrtTensor> = {};
    for (const [name, tensor] of Object.entries(feeds)) fed[name] = this.#toOrt(tensor);
    for (const { spec, buffers } of this.#turns) fed[spec.input] = buffers[this.#side];
    let outputs: InferenceSession.ReturnType;
    try {
      outputs = await this.#session.run(fed, this.#fetches[this.#side]);
    } catch (error) {
      throw refused(error, `run "${this.#name}"`, "check that the data have the shape that the network takes");
    }
    this.#before = this.#side;
    this.#side = this.#side === 0 ? 1 : 0;
    return Object.fromEntries(this.#given.map((name) => [name, this.#buffers.get(name) ?? viewOf(outputs[name]!)]));
  }

  async carried(): Promise<Tensors> {
    return this.#read(this.#side);
  }

  async carriedBefore(): Promise<Tensors> {
    return this.#read(this.#before);
  }

  async setCarried(values: Tensors): Promise<void> {
    for (const { spec, buffers } of this.#turns) {
      const value = values[spec.input];
      if (value !== undefined) (buffers[this.#side].data as Float32Array).set(value.data as Float32Array);
    }
    this.#before = this.#side;
  }

  close(): Promise<void> {
    return this.#session.release();
  }

  #read(side: Side): Tensors {
    return Object.fromEntries(this.#turns.map(({ spec, buffers }) => [spec.input, copyOf(buffers[side])]));
  }
}

/** What tells the providers: of ONNX Runtime's types, which are not there without the package, our public ones hold none. */
interface ProviderList {
  listSupportedBackends(): readonly { readonly name: string }[];
}

/** A provider that this build or machine does not have, or that does not take the network. */
export function providerRefused(error: unknown, provider: string, ort: ProviderList): InputError {
  const offered = ort.listSupportedBackends().map(({ name }) => name);
  const isOffered = offered.includes(provider);
  return new InputError(
    "no-provider",
    `ONNX Runtime cannot use ${provider} here: ${isOffered ? firstLine(error) : `this build has ${offered.join(", ")}`}`,
    isOffered
      ? "its drivers and libraries must be installed (CUDA: onnxruntime-node's install script); or give --provider cpu"
      : "give --provider cpu, or leave it out",
  );
}

/** Opens a session on .onnx bytes; `graph` says which outputs have a fixed shape. */
export async function openBytes(
  bytes: Uint8Array,
  graph: SessionGraph,
  { carried = [], threads }: Omit<SessionOptions, "weights">,
  { provider = "cpu", memoryPattern = carried.length === 0, spin = false, optimise = true }: OnnxRuntimeOptions,
): Promise<Session> {
  const ort = await loadOrt();
  try {
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: [provider],
      logSeverityLevel: LOG_FATAL,
      enableMemPattern: memoryPattern,
      graphOptimizationLevel: optimise ? "all" : "disabled",
      extra: { session: { intra_op: { allow_spinning: spin ? "1" : "0" } } },
      ...(threads !== undefined && { intraOpNumThreads: threads }),
    });
    return new OrtSession(session, graph, carried, ort);
  } catch (error) {
    if (provider !== "cpu") throw providerRefused(error, provider, ort);
    throw refused(error, `load "${graph.name}" on ${provider}`, "`joulecast inspect` may say which operator it is");
  }
}
