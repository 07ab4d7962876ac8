// What the process that runs a model is told and what it answers.
import type { DataType } from "../../graph/dtype.ts";

/** A tensor that is fed: random numbers of this type and shape. */
export interface InputSpec {
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: readonly number[];
}

export interface LoadOptions {
  /** An .onnx file. */
  readonly path: string;
  /** Threads within an operator. Default: ONNX Runtime's, one per physical core. */
  readonly threads?: number;
  /** Execution provider: "cpu" (default), "webgpu", "cuda", "coreml", "dml". */
  readonly provider?: string;
}

export interface PassesOptions {
  readonly inputs: readonly InputSpec[];
  /** Seed of the inputs. */
  readonly seed: number;
  /** Passes before the timed section. */
  readonly warmup: number;
  /** Passes in the timed section; else as many as fill `durationS`. */
  readonly passes?: number;
  readonly durationS: number;
}

/** A timed section that has ended. Times are monotonic, of the clock that all processes share. */
export interface TimedPasses {
  readonly startS: number;
  readonly endS: number;
  readonly passes: number;
  /** Time of one pass, s; median over the first 65,536. */
  readonly meanS: number;
  readonly medianS: number;
  readonly minS: number;
  readonly maxS: number;
  /** CPU time that other programs had meanwhile, s; as coarse as the system's ticks (10 ms on Linux, per CPU). */
  readonly othersS: number;
}

export type ModelOrder =
  | { readonly kind: "load"; readonly options: LoadOptions }
  | { readonly kind: "run"; readonly options: PassesOptions }
  /** Ends the timed section after the pass that is going on. */
  | { readonly kind: "finish" }
  | { readonly kind: "stop" };

export type ModelAnswer =
  | { readonly kind: "loaded"; readonly loadS: number; readonly version: string }
  | { readonly kind: "started"; readonly startS: number }
  | { readonly kind: "done"; readonly passes: TimedPasses };
