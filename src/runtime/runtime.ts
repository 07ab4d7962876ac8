// What RUNS a Graph: interfaces only. ONNX Runtime behind them is in node/runtime; a browser has its own.
// State (trained weights, moments, keys and values) stays inside the session between runs, where a GPU would keep it.
import type { Graph, TensorType, WeightRef } from "../graph/graph.ts";
import type { Tensor } from "./tensor.ts";

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Gives one weight's bytes as ONNX raw_data packs them. */
export type WeightReader = (ref: WeightRef, type: TensorType) => Promise<Uint8Array>;

/** A tensor that the session carries over: what comes out as `output` goes in as `input` in the next run. Same type and shape. */
export interface CarriedTensor {
  readonly input: string;
  readonly output: string;
  readonly initial: Tensor;
}

export interface SessionOptions {
  /** Where the weights of the graph are read. Default: they must be inline. */
  readonly weights?: WeightReader;
  /** Tensors carried from run to run: neither fed nor given. Default: none. */
  readonly carried?: readonly CarriedTensor[];
  /** Threads within an operator. Default: the runtime's, one per core. */
  readonly threads?: number;
}

/** A network that is ready to run. Close it when done; one run at a time. */
export interface Session {
  /**
   * One pass.
   * @param feeds every input of the graph that is not carried
   * @returns every output of the graph that is not carried. Their arrays may be overwritten by the next run: copy what is kept
   * @throws InputError "onnxruntime" when the runtime refuses
   */
  run(feeds: Tensors): Promise<Tensors>;
  /** Carried tensors by input name, as they go into the next run; copies. */
  carried(): Promise<Tensors>;
  /** Carried tensors as they went into the last run; copies. The same as `carried` before the first. */
  carriedBefore(): Promise<Tensors>;
  /** Replaces carried tensors by input name; others stay. */
  setCarried(values: Tensors): Promise<void>;
  close(): Promise<void>;
}

/** An engine that runs graphs. */
export interface Runtime {
  /** "onnxruntime". */
  readonly name: string;
  /** @throws InputError when the engine cannot be had or refuses the graph */
  open(graph: Graph, options?: SessionOptions): Promise<Session>;
  /** Channels in a block of this engine's blocked convolutions (learn/layout); undefined where it has none that can be written. */
  convolutionBlock?(): Promise<number | undefined>;
}
