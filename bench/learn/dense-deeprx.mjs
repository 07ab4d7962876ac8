// DeepRx of the zoo with an ordinary 3×3 convolution wherever it has a depthwise and a pointwise one: the dense network of the
// comparison in bench/learn.mjs. Same channels, dilations and residual blocks.
import { NetworkBuilder } from "../../dist/graph/build.js";
import { add, batchNorm, conv, relu } from "../../dist/zoo/pieces.js";

const NUMBER = /^block(\d+)\/depthwise1$/;

/** @param separable the zoo's DeepRx */
export function denseDeepRx(separable) {
  const byName = new Map(separable.layers.map((layer) => [layer.name, layer]));
  const ints = (layer, name) => layer.attributes.get(name).value;
  const weightOf = (layer) => separable.tensors.get(layer.inputs[1]).shape;
  const b = new NetworkBuilder("deeprx-dense");
  const [first, last] = [byName.get("conv_in"), byName.get("conv_out")];
  let x = conv(b, b.input("input", separable.tensors.get("input").shape), weightOf(first)[0], {
    name: "conv_in",
    kernel: 3,
    pad: 1,
  });
  for (const { name } of separable.layers) {
    const number = NUMBER.exec(name)?.[1];
    if (number === undefined) continue;
    const block = `block${number}`;
    const dilation = ints(byName.get(name), "dilations");
    const out = weightOf(byName.get(`${block}/pointwise1`))[0];
    x = b.scope(block, () => {
      let y = x;
      for (const i of [1, 2])
        y = conv(b, relu(b, batchNorm(b, y, `bn${i}`), `relu${i}`), out, {
          name: `conv${i}`,
          kernel: 3,
          pad: dilation,
          dilation,
        });
      const shortcut = b.length(x, 1) === out ? x : conv(b, x, out, { name: "projection", kernel: 1 });
      return add(b, y, shortcut);
    });
  }
  x = relu(b, batchNorm(b, x, "bn_out"), "relu_out");
  b.output(conv(b, x, weightOf(last)[0], { name: "conv_out", kernel: 1 }));
  return b.graph();
}
