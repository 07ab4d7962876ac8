// Reverse-mode differentiation of a graph [Griewank2008]: the layers are written down forwards, in their training form, and
// walked backwards; each rule turns the gradients of a layer's outputs into those of its inputs. Gradients of a tensor with
// several readers add up. Only what lies between a source (a parameter) and the loss gets a gradient.
import { isFloat } from "../../graph/dtype.ts";
import { type Layer, operatorKey } from "../../graph/graph.ts";
import { InputError } from "../../units/input-error.ts";
import type { Emitter } from "./emitter.ts";
import type { BackwardRule, ForwardContext } from "./rule.ts";
import { FLAT_OPERATORS, GRADIENT_TABLE } from "./table.ts";

/** How layers with a training form of their own behave. */
export type TrainingForm = Pick<ForwardContext, "statistics" | "seed" | "carry">;

interface Entry {
  readonly layer: Layer;
  readonly backward: BackwardRule | undefined;
  readonly kept: Readonly<Record<string, string>>;
}

const gradientOf = (layer: Layer) => {
  const key = operatorKey(layer);
  return Object.hasOwn(GRADIENT_TABLE, key) ? GRADIENT_TABLE[key] : undefined;
};

/** A forward pass being written, and its gradients. A lifetime, hence a class. */
export class Pass {
  readonly e: Emitter;
  readonly #opset: number;
  readonly #entries: Entry[] = [];
  /** Tensors that depend on a source. */
  readonly #upstream: Set<string>;
  /** Names of tensors whose layer got another form. */
  readonly #renamed = new Map<string, string>();
  #ordinal = 0;
  /** Where layers begin that `written` has not noted yet; undefined outside of it. */
  #open: number | undefined;

  /** @param sources tensors whose gradients are wanted */
  constructor(e: Emitter, opset: number, sources: Iterable<string>) {
    this.e = e;
    this.#opset = opset;
    this.#upstream = new Set(sources);
  }

  /** What a tensor of the network is called here. */
  nameOf(tensor: string): string {
    return this.#renamed.get(tensor) ?? tensor;
  }

  /** A further tensor whose gradient is wanted, before anything reads it. */
  source(tensor: string): void {
    this.#upstream.add(tensor);
  }

  /** Appends a layer of the network; `form` undefined: as it infers. */
  forward(layer: Layer, form: TrainingForm | undefined): void {
    this.#noteWritten();
    this.#forward(layer, form);
    if (this.#open !== undefined) this.#open = this.e.b.graph().layers.length;
  }

  #forward(layer: Layer, form: TrainingForm | undefined): void {
    const here = { ...layer, inputs: layer.inputs.map((input) => this.nameOf(input)) };
    const replaced = form !== undefined && this.#replace(here, form);
    if (replaced) return;
    this.e.b.append(here);
    this.#note({ layer: here, backward: gradientOf(here)?.backward, kept: {} });
  }

  #replace(layer: Layer, form: TrainingForm): boolean {
    const rule = gradientOf(layer);
    if (rule === undefined) return false;
    const wanted = layer.inputs.some((input) => this.#upstream.has(input));
    this.#ordinal++;
    const context: ForwardContext = { ...form, e: this.e, layer, opset: this.#opset, wanted, ordinal: this.#ordinal };
    if ("rewrite" in rule) {
      const outputs = this.written(() => this.e.b.scope(layer.name, () => rule.rewrite(context)));
      if (outputs !== undefined) this.#rename(layer, outputs);
      return outputs !== undefined;
    }
    const made = this.e.b.scope(layer.name, () => rule.forward?.(context));
    if (made === undefined) return false;
    this.#rename(layer, made.outputs);
    this.#note({ layer: { ...layer, outputs: made.outputs }, backward: rule.backward, kept: made.kept });
    return true;
  }

  #rename(layer: Layer, outputs: readonly string[]): void {
    outputs.forEach((name, i) => {
      this.#renamed.set(layer.outputs[i]!, name);
    });
  }

  /** Runs `body`; the operators that it appends take part in the pass: a loss, a layer in simpler operators. */
  written<T>(body: () => T): T {
    this.#noteWritten();
    const outer = this.#open;
    this.#open = this.e.b.graph().layers.length;
    const result = body();
    this.#noteWritten();
    if (outer === undefined) this.#open = undefined;
    return result;
  }

  #noteWritten(): void {
    if (this.#open === undefined) return;
    const { layers } = this.e.b.graph();
    for (const layer of layers.slice(this.#open))
      this.#note({ layer, backward: gradientOf(layer)?.backward, kept: {} });
    this.#open = layers.length;
  }

  #note(entry: Entry): void {
    this.#entries.push(entry);
    if (FLAT_OPERATORS.has(operatorKey(entry.layer)) || !entry.layer.inputs.some((name) => this.#upstream.has(name)))
      return;
    for (const output of entry.layer.outputs)
      if (output !== "" && isFloat(this.e.dtype(output))) this.#upstream.add(output);
  }

  /**
   * Gradients of the sources.
   * @param from gradient of each tensor to begin with: the loss's is 1
   * @throws InputError "no-gradient" for a layer without a rule on the way, with its name
   */
  gradients(from: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
    const { e } = this;
    const arriving = new Map<string, string[]>([...from].map(([tensor, gradient]) => [tensor, [gradient]]));
    const total = (tensor: string): string | undefined => {
      const parts = arriving.get(tensor);
      if (parts === undefined) return undefined;
      if (parts.length > 1)
        arriving.set(tensor, [parts.length === 2 ? e.add(parts[0]!, parts[1]!) : e.op("Sum", parts)]);
      return arriving.get(tensor)![0]!;
    };
    for (const entry of this.#entries.toReversed()) {
      const { layer } = entry;
      if (!layer.outputs.some((output) => arriving.has(output) && this.#upstream.has(output))) continue;
      const inputs = e.b.scope("gradient", () =>
        e.b.scope(layer.name, () => this.#apply(entry, layer.outputs.map(total))),
      );
      inputs.forEach((gradient, i) => {
        const input = layer.inputs[i];
        if (gradient === undefined || input === undefined || !this.#upstream.has(input)) return;
        arriving.set(input, [...(arriving.get(input) ?? []), gradient]);
      });
    }
    return new Map([...arriving.keys()].map((tensor) => [tensor, e.b.scope("gradient", () => total(tensor)!)]));
  }

  #apply({ layer, backward, kept }: Entry, given: readonly (string | undefined)[]): readonly (string | undefined)[] {
    if (backward === undefined)
      throw new InputError(
        "no-gradient",
        `layer "${layer.name}": operator ${operatorKey(layer)} has no gradient rule`,
        "freeze the layers up to this one, or export the network with simpler operators",
      );
    return backward({
      e: this.e,
      layer,
      opset: this.#opset,
      given,
      wants: (index) => this.#upstream.has(layer.inputs[index] ?? ""),
      keeps: (name) => kept[name] !== undefined,
      kept: (name) => {
        const tensor = kept[name];
        if (tensor === undefined) throw new Error(`${layer.name}: the forward form did not keep "${name}"`);
        return tensor;
      },
    });
  }
}
