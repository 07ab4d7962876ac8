// The shape of an optimiser: how one tensor of gradients becomes new parameters and moments. One family per file; table.ts
// lists them. What is the same for all (clipping, bundling, accumulation) is update.ts.
import { InputError } from "../../units/input-error.ts";
import type { Emitter } from "../gradient/emitter.ts";
import type { OptimiserSpec } from "../training-graph.ts";

export interface UpdateContext {
  readonly e: Emitter;
  readonly parameter: string;
  readonly gradient: string;
  /** Moments of this parameter, in the order of `moments`. */
  readonly moments: readonly string[];
  /** Learning rate, no axes. */
  readonly lr: string;
  /** 1 − βᵗ of this update (t from 1), no axes. */
  correction(beta: number): string;
}

export interface Updated {
  readonly parameter: string;
  readonly moments: readonly string[];
}

export type OptimiserOf<K extends OptimiserSpec["kind"]> = Extract<OptimiserSpec, { readonly kind: K }>;

export interface OptimiserRule<K extends OptimiserSpec["kind"]> {
  /** Names of the moments kept per parameter. */
  moments(spec: OptimiserOf<K>): readonly string[];
  /** True when every element is updated by itself, so that small tensors can be updated together. */
  readonly elementwise: boolean;
  update(c: UpdateContext, spec: OptimiserOf<K>): Updated;
}

/** A number of a specification. @throws InputError "bad-option" outside of [least, most) */
export function setting(name: string, value: number, least: number, most: number): number {
  if (value >= least && value < most) return value;
  throw new InputError(
    "bad-option",
    `${name} is ${value}, expected from ${least} to below ${most}`,
    `choose another ${name}`,
  );
}
