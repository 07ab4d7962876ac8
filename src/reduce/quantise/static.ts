// Static quantisation as QuantizeLinear/DequantizeLinear pairs around float operators [ONNX]: any runtime computes it right, and one
// that knows the pattern (ONNX Runtime) does the operators in 8 bits. Biases are int32 codes at scale(data)·scale(weight) [Jacob2018].
import type { Graph } from "../../graph/graph.ts";
import type { Tensor } from "../../runtime/tensor.ts";
import { readWeight, type WeightedNetwork } from "../network.ts";
import { type ActivationType, type Affine, affineOf, quantiseWeight, type Range, roundEven } from "./affine.ts";
import type { Placement } from "./placement.ts";
import { Rewriting } from "./rewriting.ts";
import type { Target } from "./targets.ts";

export interface StaticOptions {
  /** One scale per output channel of a weight instead of one for all. Default false. */
  readonly perChannel?: boolean;
  /** Codes of activations. Default "uint8". */
  readonly activation?: ActivationType;
  /** Weights in 7 bits, for processors whose 8-bit products overflow 16 bits (x86 without VNNI). Default false. */
  readonly reduceRange?: boolean;
}

/** Greatest code of a weight in 8 and in 7 bits. */
export const LARGEST_CODE = { full: 127, reduced: 63 } as const;
/** Codes of biases stay below this, so that sums in 32 bits do not overflow. */
const MOST_BIAS = 2 ** 30;
const INT32_MOST = 2 ** 31 - 1;

/** Names of a tensor's scale and zero point. */
interface Codes {
  readonly affine: Affine;
  readonly scale: string;
  readonly zeroPoint: string;
}

class Writing {
  readonly #network: WeightedNetwork;
  readonly #out: Rewriting;
  readonly #options: StaticOptions;
  readonly #placement: Placement;
  readonly #ranges: ReadonlyMap<string, Range>;
  readonly #codes = new Map<string, Codes>();

  constructor(
    network: WeightedNetwork,
    placement: Placement,
    ranges: ReadonlyMap<string, Range>,
    options: StaticOptions,
  ) {
    this.#network = network;
    this.#out = new Rewriting(network.graph);
    this.#placement = placement;
    this.#ranges = ranges;
    this.#options = options;
  }

  #codesOf(tensor: string): Codes {
    const root = this.#placement.rangeOf.get(tensor)!;
    const known = this.#codes.get(root);
    if (known !== undefined) return known;
    const { activation = "uint8" } = this.#options;
    const affine = affineOf(this.#ranges.get(root)!, activation);
    const codes: Codes = {
      affine,
      scale: this.#out.scalar(`${root}/scale`, "float32", affine.scale),
      zeroPoint: this.#out.scalar(`${root}/zero_point`, activation, affine.zeroPoint),
    };
    this.#codes.set(root, codes);
    return codes;
  }

  /** Codes of `exact` and back: the numbers that readers of `tensor` see from now on. */
  #pair(tensor: string, exact: string, output: string): void {
    const { scale, zeroPoint } = this.#codesOf(tensor);
    const q = this.#out.layer("QuantizeLinear", `${tensor}/quantize`, [exact, scale, zeroPoint], {
      output: this.#out.unique(`${tensor}/codes`),
    });
    this.#out.layer("DequantizeLinear", `${tensor}/dequantize`, [q, scale, zeroPoint], { output });
    this.#out.retype(output, tensor, "float32");
  }

  /** An int8 or int32 weight with its DequantizeLinear. @returns the real numbers' name */
  #stored(stem: string, codes: Tensor, scales: Float32Array, axis: number | undefined): string {
    const shape = axis === undefined ? [] : [scales.length];
    const scale = this.#out.weight(`${stem}/scale`, { dtype: "float32", shape, data: scales });
    const stored = this.#out.weight(`${stem}/codes`, codes);
    const zero =
      codes.dtype === "int8"
        ? [this.#out.weight(`${stem}/zero_point`, { dtype: "int8", shape, data: new Int8Array(scales.length) })]
        : [];
    return this.#out.layer("DequantizeLinear", `${stem}/dequantize`, [stored, scale, ...zero], {
      ...(axis !== undefined && { attributes: { axis: { kind: "int", value: axis } } }),
    });
  }

  async #target({ layer, data, weight, bias, axis }: Target, renamed: (tensor: string) => string): Promise<void> {
    const { perChannel = false, reduceRange = false } = this.#options;
    const dataScale = this.#codesOf(data).affine.scale;
    const numbers = await readWeight(this.#network, weight);
    const channels = numbers.shape[axis]!;
    const offsets = bias === undefined ? undefined : ((await readWeight(this.#network, bias)).data as Float32Array);
    const biasAt = (c: number): number => offsets?.[offsets.length === 1 ? 0 : c] ?? 0;
    const fits = (c: number): number => Math.abs(biasAt(c)) / (dataScale * MOST_BIAS);
    const leastScale = perChannel
      ? fits
      : () => Array.from({ length: channels }, (_, c) => fits(c)).reduce((most, scale) => Math.max(most, scale), 0);
    const { values, scales } = quantiseWeight(numbers, {
      ...(perChannel && { axis }),
      largest: reduceRange ? LARGEST_CODE.reduced : LARGEST_CODE.full,
      leastScale,
    });
    const codes: Tensor = { dtype: "int8", shape: numbers.shape, data: values };
    const inputs = [renamed(data), this.#stored(`${layer.name}/weight`, codes, scales, perChannel ? axis : undefined)];
    if (offsets !== undefined) {
      const biasScales = scales.map((scale) => Math.fround(scale * dataScale));
      const biasCodes = Int32Array.from({ length: channels }, (_, c) => {
        const code = roundEven(biasAt(c) / biasScales[perChannel ? c : 0]!);
        return Math.min(INT32_MOST, Math.max(-INT32_MOST, code));
      });
      const stored: Tensor = { dtype: "int32", shape: [channels], data: biasCodes };
      inputs.push(this.#stored(`${layer.name}/bias`, stored, biasScales, perChannel ? 0 : undefined));
    }
    this.#out.append({ ...layer, inputs, outputs: layer.outputs.map((output) => this.#exact(output)) });
  }

  /** Name of a tensor before it is made to codes. */
  readonly #exactNames = new Map<string, string>();
  #exact(tensor: string): string {
    return this.#exactNames.get(tensor) ?? tensor;
  }

  async write(targets: readonly Target[]): Promise<Graph> {
    const { graph } = this.#network;
    const byName = new Map(targets.map((target) => [target.layer.name, target]));
    const placed = new Set(this.#placement.tensors);
    const fed = new Map<string, string>();
    for (const input of graph.inputs) {
      if (!placed.has(input)) continue;
      fed.set(input, this.#out.unique(`${input}/rounded`));
      this.#pair(input, input, fed.get(input)!);
    }
    const renamed = (tensor: string): string => fed.get(tensor) ?? tensor;
    for (const layer of graph.layers) {
      for (const output of layer.outputs)
        if (placed.has(output)) this.#exactNames.set(output, this.#out.unique(`${output}/exact`));
      const target = byName.get(layer.name);
      if (target !== undefined) await this.#target(target, renamed);
      else {
        const outputs = layer.outputs.map((output) => this.#exact(output));
        this.#out.append({ ...layer, inputs: layer.inputs.map(renamed), outputs });
      }
      for (const output of layer.outputs) {
        if (!placed.has(output)) continue;
        this.#out.retype(this.#exact(output), output, "float32");
        this.#pair(output, this.#exact(output), output);
      }
    }
    return this.#out.graph();
  }
}

/**
 * The network with Q/DQ pairs. Operator set 13 or later is needed.
 * @param ranges of every tensor that others share the range of
 */
export async function writeStatic(
  network: WeightedNetwork,
  targets: readonly Target[],
  placement: Placement,
  ranges: ReadonlyMap<string, Range>,
  options: StaticOptions = {},
): Promise<WeightedNetwork> {
  const graph = await new Writing(network, placement, ranges, options).write(targets);
  return { graph, weights: network.weights };
}
