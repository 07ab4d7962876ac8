// What one pass over the file finds, in ONNX's own form: functions not yet inlined, names not yet checked, weights by reference.
// The walk makes it, inline.ts rewrites it, assemble.ts turns it into a Graph.
import type { Attribute, TensorType, WeightRef } from "../graph/graph.ts";

/** A declared tensor; `type` undefined when it is no tensor (a sequence, an optional) or nothing is declared. */
export interface RawValue {
  readonly name: string;
  readonly type: TensorType | undefined;
}

export interface RawTensor {
  readonly name: string;
  readonly type: TensorType;
  readonly ref: WeightRef;
}

export type RawAttributeValue =
  | Exclude<Attribute, { kind: "graph" }>
  | { readonly kind: "body"; readonly value: RawGraph };

/** `reference`: inside a function, the caller's attribute that this one takes its value from; else "". */
export interface RawAttribute {
  readonly name: string;
  readonly reference: string;
  readonly value: RawAttributeValue | undefined;
}

export interface RawNode {
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly RawAttribute[];
}

export interface RawGraph {
  readonly name: string;
  readonly nodes: readonly RawNode[];
  readonly inputs: readonly RawValue[];
  readonly outputs: readonly RawValue[];
  readonly values: readonly RawValue[];
  readonly weights: readonly RawTensor[];
}

/** A function of the model: its body is put in place of every node that names it. */
export interface RawFunction {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** attributes that have a default */
  readonly defaults: readonly RawAttribute[];
  readonly nodes: readonly RawNode[];
  readonly opsets: ReadonlyMap<string, number>;
}

export interface RawModel {
  readonly opsets: ReadonlyMap<string, number>;
  readonly graph: RawGraph | undefined;
  readonly functions: readonly RawFunction[];
}

/** ONNX's own operator set has two spellings; ours is "". */
export function plainDomain(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}
