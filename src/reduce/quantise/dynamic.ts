// Dynamic quantisation: weights are int8 codes, activations get the range of the very tensor that comes (DynamicQuantizeLinear), products
// are of integers (MatMulInteger, ConvInteger), and the sums become real numbers again at once [ONNX]. Needs no calibration.
import { intAttribute } from "../../graph/attributes.ts";
import type { Attribute, Layer } from "../../graph/graph.ts";
import type { Tensor } from "../../runtime/tensor.ts";
import { readWeight, type WeightedNetwork } from "../network.ts";
import { quantiseWeight } from "./affine.ts";
import { Rewriting } from "./rewriting.ts";
import { LARGEST_CODE } from "./static.ts";
import type { Target } from "./targets.ts";

export interface DynamicOptions {
  /** One scale per output channel of a weight. Default false. */
  readonly perChannel?: boolean;
  /** Weights in 7 bits, for processors whose 8-bit products overflow 16 bits (x86 without VNNI). Default false. */
  readonly reduceRange?: boolean;
}

/** ONNX's number of float32 for Cast. */
const FLOAT32 = 1;
const NEEDED: readonly string[] = ["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"];

/** Rows become columns. */
function transposed({ dtype, shape, data }: Tensor): Tensor {
  const [rows = 0, columns = 0] = shape;
  const numbers = data as Float32Array;
  const turned = Float32Array.from(numbers, (_, i) => numbers[(i % rows) * columns + Math.floor(i / rows)]!);
  return { dtype, shape: [columns, rows], data: turned };
}

/** Axes after the channels, so that one number per channel is broadcast. */
function perChannelShape(op: Target["op"], channels: number, rank: number): readonly number[] {
  return op === "Conv" ? [1, channels, ...Array.from({ length: rank - 2 }, () => 1)] : [channels];
}

interface Codes {
  readonly codes: string;
  readonly scale: string;
  readonly zeroPoint: string;
}

/** The network with dynamic int8 layers in place of the targets. */
export async function writeDynamic(
  network: WeightedNetwork,
  targets: readonly Target[],
  { perChannel = false, reduceRange = false }: DynamicOptions = {},
): Promise<WeightedNetwork> {
  const { graph } = network;
  const out = new Rewriting(graph);
  const byName = new Map(targets.map((target) => [target.layer.name, target]));
  const known = new Map<string, Codes>();
  const codesOf = (tensor: string): Codes => {
    const found = known.get(tensor);
    if (found !== undefined) return found;
    const name = out.unique(`${tensor}/quantize`);
    const [codes, scale, zeroPoint] = ["codes", "scale", "zero_point"].map((part) =>
      out.unique(`${tensor}/${part}`),
    ) as [string, string, string];
    const outputs = [codes, scale, zeroPoint];
    out.append({ name, op: "DynamicQuantizeLinear", domain: "", inputs: [tensor], outputs, attributes: new Map() });
    known.set(tensor, { codes, scale, zeroPoint });
    return { codes, scale, zeroPoint };
  };
  const replace = async ({ layer, op, data, weight, bias, axis }: Target): Promise<void> => {
    const stem = layer.name;
    const stored = await readWeight(network, weight);
    const isTurned = op === "Gemm" && intAttribute(layer, "transB", 0) === 1;
    const numbers = isTurned ? transposed(stored) : stored;
    const channelAxis = isTurned ? 1 : axis;
    const { values, scales } = quantiseWeight(numbers, {
      ...(perChannel && { axis: channelAxis }),
      largest: reduceRange ? LARGEST_CODE.reduced : LARGEST_CODE.full,
    });
    const rank = numbers.shape.length;
    const scaleShape = perChannel ? perChannelShape(op, scales.length, rank) : [];
    const weightScale = out.weight(`${stem}/weight/scale`, { dtype: "float32", shape: scaleShape, data: scales });
    const codes = out.weight(`${stem}/weight/codes`, { dtype: "int8", shape: numbers.shape, data: values });
    const input = codesOf(data);
    const attributes = Object.fromEntries([...layer.attributes].filter(([name]) => NEEDED.includes(name)));
    // The weight's zero point is 0, the default.
    const sums = out.layer(
      op === "Conv" ? "ConvInteger" : "MatMulInteger",
      `${stem}/integer`,
      [input.codes, codes, input.zeroPoint],
      { attributes: op === "Conv" ? (attributes as Readonly<Record<string, Attribute>>) : {} },
    );
    const real = out.layer("Cast", `${stem}/cast`, [sums], { attributes: { to: { kind: "int", value: FLOAT32 } } });
    const scale = out.layer("Mul", `${stem}/scales`, [input.scale, weightScale]);
    const [output] = layer.outputs as [string];
    if (bias === undefined) {
      out.layer("Mul", `${stem}/rescale`, [real, scale], { output });
      return;
    }
    const product = out.layer("Mul", `${stem}/rescale`, [real, scale]);
    const offsets = await readWeight(network, bias);
    const channels = numbers.shape[channelAxis]!;
    const offset =
      offsets.data.length === channels && op === "Conv"
        ? out.weight(`${stem}/bias`, { ...offsets, shape: perChannelShape(op, channels, rank) })
        : bias;
    out.layer("Add", `${stem}/bias_add`, [product, offset], { output });
  };
  for (const layer of graph.layers) {
    const target: Target | undefined = byName.get(layer.name);
    if (target !== undefined) await replace(target);
    else out.append(layer satisfies Layer);
  }
  return { graph: out.graph(), weights: network.weights };
}
