// Dense layers: a matrix product with trained weights and a bias. Products of two activations (attention) are not collected.
import { floatAttribute, intAttribute } from "../../../graph/attributes.ts";
import { seededWeight } from "../weights.ts";
import { type CollectedKind, product } from "./kind.ts";

export const linear: CollectedKind = {
  id: "linear",
  summary: "dense layer with bias",
  ops: ["Gemm", "MatMul"],
  ranges: {
    batch_size: { low: 1, high: 256 },
    input_size: { low: 16, high: 16_384 },
    output_size: { low: 8, high: 8192 },
  },
  build: (b, { batch_size, input_size, output_size }) => {
    const x = b.input("x", [batch_size!, input_size!]);
    const weight = seededWeight(b, "weight", [output_size!, input_size!], input_size!);
    const bias = seededWeight(b, "bias", [output_size!], input_size!);
    return b.layer("Gemm", [x, weight, bias], { attributes: { transB: 1 } });
  },
  read: ({ layer, inputs: [x, weight], fixed }) => {
    if (x === undefined || weight?.length !== 2 || fixed[1] !== true || fixed[0] === true) return undefined;
    if (layer.op === "MatMul") {
      const [input_size, output_size] = weight as [number, number];
      return { batch_size: product(x) / input_size, input_size, output_size };
    }
    if (intAttribute(layer, "transA", 0) !== 0 || floatAttribute(layer, "alpha", 1) !== 1) return undefined;
    const [outputs, inputs] = intAttribute(layer, "transB", 0) === 1 ? weight : [weight[1], weight[0]];
    return { batch_size: x[0]!, input_size: inputs!, output_size: outputs! };
  },
};
