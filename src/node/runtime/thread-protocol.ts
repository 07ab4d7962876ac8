// What the thread that runs a network is told, and what it answers: one answer per order, in order.
import type { Graph } from "../../graph/graph.ts";
import type { SessionOptions, Tensors } from "../../runtime/runtime.ts";
import type { FailedAnswer } from "../child.ts";
import type { OnnxRuntimeOptions } from "./onnx-runtime.ts";

export type ThreadOrder =
  | {
      readonly kind: "open";
      /** The .onnx file. */
      readonly bytes: Uint8Array;
      /** Name, outputs and their types. */
      readonly graph: Pick<Graph, "name" | "outputs" | "tensors">;
      readonly session: Omit<SessionOptions, "weights">;
      readonly runtime: OnnxRuntimeOptions;
    }
  | { readonly kind: "run"; readonly feeds: Tensors }
  | { readonly kind: "carried" | "carriedBefore" }
  | { readonly kind: "setCarried"; readonly values: Tensors }
  | { readonly kind: "close" };

export type ThreadAnswer = { readonly kind: "done"; readonly value: unknown } | FailedAnswer;
