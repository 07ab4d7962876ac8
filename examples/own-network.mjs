// A network of your own, layer by layer: built, counted, and written as an .onnx file that ONNX Runtime runs.
// Run it after `npm run build`: node examples/own-network.mjs [FILE.onnx]
import { countGraph, formatQuantity, NetworkBuilder, writeOnnx } from "../dist/index.js";
import { drawnWeights, writeWhole } from "../dist/node/index.js";

const b = new NetworkBuilder("tiny");
const image = b.input("image", ["batch", 3, 32, 32]);
const kernel = b.weight("conv/weight", [16, 3, 3, 3], { kind: "uniform", bound: 0.2, seed: 1 });
const features = b.layer("Relu", [
  b.layer("Conv", [image, kernel], { name: "conv", attributes: { pads: [1, 1, 1, 1] } }),
]);
const pooled = b.layer("Flatten", [b.layer("GlobalAveragePool", [features])]);
b.output(
  b.layer("Gemm", [pooled, b.weight("fc/weight", [16, 10], { kind: "uniform", bound: 0.2, seed: 2 })], { name: "fc" }),
);

const graph = b.graph();
const { layers, total } = countGraph(graph, { batch: 4 });
for (const layer of layers) console.log(`${layer.name}: ${layer.macs} MACs, ${layer.params} parameters`);
console.log(`${total.macs} MACs for 4 images, ${formatQuantity(total.weightBytes, "B")} of weights`);

const file = process.argv[2];
if (file !== undefined) await writeWhole(file, writeOnnx(graph, drawnWeights));
