// Every collected layer type, in the order of --help. To add one: write it in its family's file, list it here.
import { unknownName } from "../../../units/nearest.ts";
import { conv, depthwise } from "./conv.ts";
import {
  add,
  batchNorm,
  clip,
  concat,
  erf,
  layerNorm,
  multiply,
  relu,
  sigmoid,
  softmax,
  tanh,
  transpose,
} from "./elementwise.ts";
import type { CollectedKind } from "./kind.ts";
import { linear } from "./linear.ts";
import { averagePool, globalPool, maxPool } from "./pool.ts";

export const COLLECTED_KINDS: readonly CollectedKind[] = [
  conv,
  depthwise,
  linear,
  maxPool,
  averagePool,
  globalPool,
  relu,
  clip,
  sigmoid,
  tanh,
  erf,
  softmax,
  batchNorm,
  layerNorm,
  add,
  multiply,
  concat,
  transpose,
];

/** @throws InputError "unknown-layer" with the nearest names */
export function collectedKind(id: string): CollectedKind {
  const found = COLLECTED_KINDS.find((kind) => kind.id === id.toLowerCase());
  if (found !== undefined) return found;
  const names = COLLECTED_KINDS.map((kind) => kind.id);
  throw unknownName("layer", id, names, `choose from ${names.join(", ")}`);
}
