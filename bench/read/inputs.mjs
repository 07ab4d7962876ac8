// The model files that reading is timed on, made afresh in a temporary folder. Weights of the large ones are zeros that the file
// system need not store (holes), so that 2 GB cost no disk; a program that reads them sees 2 GB all the same.
import { spawnSync } from "node:child_process";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeOnnx } from "../../dist/onnx/write.js";
import { findNetwork } from "../../dist/zoo/catalogue.js";
import { exportedTransformer } from "./transformer.mjs";

export const CLI = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Largest weight of an input here: BERT's word embedding and the last stage of the 2 GB ResNet are below. */
const ZEROS = new ArrayBuffer(256 * 2 ** 20);
const BYTES = { float32: 4, int64: 8 };

/** Writes a graph whose weights are all zero. */
async function writeSparse(graph, path) {
  const file = await open(path, "w");
  let at = 0;
  const zeros = (_, { dtype, shape }) =>
    new Uint8Array(
      ZEROS,
      0,
      shape.reduce((count, dim) => count * dim, BYTES[dtype]),
    );
  for await (const chunk of writeOnnx(graph, zeros)) {
    if (chunk.buffer !== ZEROS) await file.write(chunk, 0, chunk.length, at);
    at += chunk.length;
  }
  await file.truncate(at);
  await file.close();
}

/** ResNet-50 as the command line writes it: 102 MB of drawn weights. */
function writeResnet50(path) {
  const { status, stderr } = spawnSync(process.execPath, [CLI, "zoo", "write", "resnet50", path]);
  if (status !== 0) throw new Error(`zoo write failed: ${stderr}`);
}

/** The same layers with every channel count but the image's 3 and the 1,000 classes times `width`: bytes grow with its square. */
function widened(graph, width) {
  const scaled = (dim, axis, isWeight) =>
    typeof dim !== "number" || dim === 3 || dim === 1000 || axis > 1 || (axis === 0 && !isWeight) ? dim : dim * width;
  const tensors = new Map(
    [...graph.tensors].map(([name, { dtype, shape }]) => [
      name,
      { dtype, shape: shape.map((dim, axis) => scaled(dim, axis, graph.weights.has(name))) },
    ]),
  );
  return { ...graph, name: `resnet50-${width}`, tensors };
}

/** A chain of residual units, conv → relu → conv → add: four nodes and two weights of 2.3 kB each. */
function residualChain(nodes) {
  const channels = 8;
  const layers = [];
  const input = { dtype: "float32", shape: ["batch", channels, 32, 32] };
  const tensors = new Map([["x", input]]);
  const weights = new Map();
  const push = (name, op, inputs, attributes = {}) => {
    const ints = Object.entries(attributes).map(([key, value]) => [key, { kind: "ints", value }]);
    layers.push({ name, op, domain: "", inputs, outputs: [`${name}_output_0`], attributes: new Map(ints) });
    return `${name}_output_0`;
  };
  const conv = (name, x) => {
    const weight = `${name.slice(1)}.weight`;
    tensors.set(weight, { dtype: "float32", shape: [channels, channels, 3, 3] });
    weights.set(weight, { kind: "seeded", initialiser: { kind: "constant", value: 0 } });
    return push(`${name}/Conv`, "Conv", [x, weight], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] });
  };
  let x = "x";
  for (let i = 0; i < nodes / 4; i++) {
    const unit = `/stages.${Math.floor(i / 100)}/blocks.${i}`;
    const hidden = push(`${unit}/act/Relu`, "Relu", [conv(`${unit}/conv1`, x)]);
    x = push(`${unit}/Add`, "Add", [conv(`${unit}/conv2`, hidden), x]);
  }
  tensors.set(x, input);
  return { name: `chain-${nodes}`, inputs: ["x"], outputs: [x], layers, tensors, weights, opsets: new Map([["", 17]]) };
}

const resnet50 = () => findNetwork("resnet50").build();

/**
 * `title` in the tables; `make` writes the file; `dims` are the lengths of its symbolic dimensions; `dataPropagation`: Python's
 * inference needs it (and the time it takes) to see through the file's shape arithmetic.
 */
export const INPUTS = [
  {
    id: "resnet50-narrow",
    title: "ResNet-50, channels × 1/8",
    dims: { batch: 1 },
    make: (path) => writeSparse(widened(resnet50(), 1 / 8), path),
  },
  { id: "resnet50", title: "ResNet-50", dims: { batch: 1 }, make: writeResnet50 },
  {
    id: "resnet50-wide",
    title: "ResNet-50, channels × 4.625",
    dims: { batch: 1 },
    make: (path) => writeSparse(widened(resnet50(), 4.625), path),
  },
  {
    id: "bert-base",
    title: "BERT-base as PyTorch exports it",
    dims: { batch: 1, sequence: 128 },
    dataPropagation: true,
    make: (path) => writeSparse(exportedTransformer(), path),
  },
  {
    id: "chain-5000",
    title: "residual chain",
    dims: { batch: 1 },
    make: (path) => writeSparse(residualChain(5_000), path),
  },
  {
    id: "chain-20000",
    title: "residual chain",
    dims: { batch: 1 },
    make: (path) => writeSparse(residualChain(20_000), path),
  },
];

/** Makes one input in `folder`. */
export async function makeInput(input, folder) {
  const path = join(folder, `${input.id}.onnx`);
  await input.make(path);
  return { ...input, path, sizeBytes: (await stat(path)).size };
}
