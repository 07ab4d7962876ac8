// Training: MNIST accuracy and epoch time, and the time of a step beside PyTorch on the same operators, in turns. Alone:
// `node bench/learn.mjs [steps] [accuracy]`; without words both. Data: JOULECAST_MNIST=FOLDER (IDX files). Peer: PYTHON=…/python with torch.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { differentiate } from "../dist/learn/differentiate.js";
import { fitNetwork } from "../dist/learn/train/fit.js";
import { initialState } from "../dist/learn/train/trainer.js";
import { openData } from "../dist/node/data/open-data.js";
import { drawnWeights } from "../dist/node/model.js";
import { onnxRuntime } from "../dist/node/runtime/onnx-runtime.js";
import { zeros } from "../dist/runtime/tensor.js";
import { chooseNetwork } from "../dist/zoo/catalogue.js";
import { duration, machineLine, markdownTable, median } from "./show.mjs";

const PYTHON = process.env.PYTHON ?? "python3";
const MNIST = process.env.JOULECAST_MNIST ?? fileURLToPath(new URL("../../shared/data/mnist", import.meta.url));
const THREADS = Number(process.env.THREADS ?? Math.min(2, availableParallelism()));
const SEEDS = (process.env.SEEDS ?? "0,1,2").split(",").map(Number);
const ROUNDS = 3;

/** `limit`: most that our step may take of PyTorch's (issue 4 of the plan). */
const CASES = [
  { title: "MNIST CNN, batch 64", model: "zoo:mnist-cnn", batch: 64, loss: "cross-entropy", steps: 15, limit: 2.5 },
  { title: "DeepRx, width 1/4, batch 8", model: "zoo:deeprx:width=0.25", batch: 8, loss: "bce", steps: 2, limit: 0.9 },
  {
    title: "ResNet-18 (CIFAR), batch 32",
    model: "zoo:cifar/resnet18",
    batch: 32,
    loss: "cross-entropy",
    steps: 2,
    limit: 1.8,
  },
];

const attributesOf = (layer) => Object.fromEntries([...layer.attributes].map(([name, { value }]) => [name, value]));
const STATISTICS = { BatchNormalization: [3, 4] };

/** Our Graph in the peer's words; a final Softmax belongs to the loss. */
function peerSpec(graph, training, { batch, loss }, layout) {
  const layers = graph.layers.filter(({ op }) => op !== "Softmax");
  const kinds = new Map();
  for (const { op, inputs } of layers)
    for (const [i, name] of inputs.entries())
      if (graph.weights.has(name))
        kinds.set(
          name,
          STATISTICS[op]?.includes(i) ? "statistic" : i === 1 && op !== "BatchNormalization" ? "weight" : "scale",
        );
  const [data] = training.inputs.filter(({ role }) => role === "data");
  const [output] = layers.at(-1).outputs;
  const outputShape = [batch, ...graph.tensors.get(output).shape.slice(1)];
  return {
    threads: THREADS,
    layout,
    loss,
    input: graph.inputs[0],
    shape: data.type.shape,
    outputShape,
    weights: Object.fromEntries([...kinds].map(([name, kind]) => [name, [graph.tensors.get(name).shape, kind]])),
    layers: layers.map((layer) => [layer.op, layer.inputs, layer.outputs[0], attributesOf(layer)]),
  };
}

/** A peer that times steps when asked, or undefined without PyTorch. */
function startPeer(spec) {
  if (spawnSync(PYTHON, ["-c", "import torch"], { stdio: "ignore" }).status !== 0) return undefined;
  const child = spawn(PYTHON, [fileURLToPath(new URL("./learn/peer.py", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.write(`${JSON.stringify(spec)}\n`);
  return {
    time: async (steps) => {
      child.stdin.write(`${JSON.stringify({ steps })}\n`);
      const { value } = await lines.next();
      return JSON.parse(value).seconds;
    },
    end: () => child.stdin.end(),
  };
}

function feedsOf(training) {
  const fed = training.inputs.map(({ name, role, type }) => {
    const data = zeros(
      type.dtype,
      type.shape.reduce((a, b) => a * b, 1),
    );
    for (let i = 0; i < data.length; i++)
      data[i] = type.dtype === "int64" ? BigInt(i % 10) : role === "label" ? i % 2 : ((i * 7919) % 1000) / 1000;
    return [name, { dtype: type.dtype, shape: type.shape, data }];
  });
  const set = training.settings.map(({ name, input, type }) => {
    const data = zeros(type.dtype, 1);
    data[0] = type.dtype === "int64" ? 1n : name === "lr" ? 1e-3 : 1;
    return [input, { dtype: type.dtype, shape: [], data }];
  });
  return Object.fromEntries([...fed, ...set]);
}

async function openOurs(training) {
  const carried = await initialState(training, drawnWeights);
  const session = await onnxRuntime().open(training.graph, { weights: drawnWeights, carried, threads: THREADS });
  const feeds = feedsOf(training);
  return {
    time: async (steps) => {
      const seconds = [];
      for (let i = 0; i < steps; i++) {
        const start = performance.now();
        await session.run(feeds);
        seconds.push((performance.now() - start) / 1000);
      }
      return seconds;
    },
    end: () => session.close(),
  };
}

/** Medians over rounds in which everybody takes turns, after one round that does not count. */
async function inTurns(runners, steps) {
  const times = runners.map(() => []);
  for (let round = 0; round <= ROUNDS; round++)
    for (const [i, runner] of runners.entries()) {
      const seconds = (await runner?.time(steps)) ?? [];
      if (round > 0) times[i].push(...seconds);
    }
  return times.map((values) => (values.length > 0 ? median(values) : undefined));
}

async function stepRow(one) {
  console.error(`learn: ${one.title}`);
  const { network, options } = chooseNetwork(one.model);
  const graph = network.build(options);
  const training = differentiate(graph, { loss: { kind: one.loss }, optimiser: { kind: "adam" }, batch: one.batch });
  const runners = [
    await openOurs(training),
    startPeer(peerSpec(graph, training, one, "contiguous")),
    startPeer(peerSpec(graph, training, one, "channels_last")),
  ];
  const [ours, plain, last] = await inTurns(runners, one.steps);
  for (const runner of runners) await runner?.end();
  const best = plain === undefined ? undefined : Math.min(plain, last);
  const shown = (seconds) => (seconds === undefined ? "peer missing" : duration(seconds));
  return [
    one.title,
    duration(ours),
    shown(plain),
    shown(last),
    best === undefined ? "–" : `${(ours / best).toFixed(2)}×`,
    `${one.limit}×`,
  ];
}

async function accuracyRow(seed, data) {
  console.error(`learn: MNIST, seed ${seed}`);
  const { network } = chooseNetwork("zoo:mnist-cnn");
  const { after, result } = await fitNetwork({
    runtime: onnxRuntime(),
    network: network.build({ seed: seed * 1_000_000 }),
    weights: drawnWeights,
    train: data.train,
    validation: data.test,
    loss: { kind: "cross-entropy" },
    optimiser: { kind: "adam" },
    batch: 64,
    epochs: 3,
    rate: 1e-3,
    schedule: "cosine",
    seed,
    clock: { nowS: () => performance.now() / 1000 },
    threads: THREADS,
    onEpoch: ({ epoch, score, seconds }) =>
      console.error(`  epoch ${epoch}: ${score.accuracy}, ${seconds.toFixed(1)} s`),
  });
  return { seed, accuracy: after.accuracy, seconds: result.rows.map((row) => row.seconds) };
}

/** @param {readonly string[]} parts "steps", "accuracy"; both when empty */
export async function run(parts = []) {
  const wants = (part) => parts.length === 0 || parts.includes(part);
  console.log(`${machineLine()}, ${THREADS} threads\n`);
  if (wants("steps")) {
    const rows = [];
    for (const one of CASES) rows.push(await stepRow(one));
    const head = [
      "training step (Adam)",
      "joulecast",
      "PyTorch NCHW",
      "PyTorch channels_last",
      "ratio to the better",
      "limit",
    ];
    console.log(`${markdownTable(head, rows)}\n`);
  }
  if (!wants("accuracy")) return;
  if (!existsSync(MNIST)) return console.log(`MNIST missing: no folder ${MNIST}`);
  const data = openData(MNIST);
  const runs = [];
  for (const seed of SEEDS) runs.push(await accuracyRow(seed, data));
  const percent = (ratio) => `${(100 * ratio).toFixed(2)} %`;
  const rows = runs.map(({ seed, accuracy, seconds }) => [
    `seed ${seed}`,
    percent(accuracy),
    duration(median(seconds)),
  ]);
  const mean = runs.reduce((sum, { accuracy }) => sum + accuracy, 0) / runs.length;
  rows.push(["mean (limits 98.6 %, 25 s)", percent(mean), duration(median(runs.flatMap(({ seconds }) => seconds)))]);
  console.log(markdownTable(["MNIST CNN, 3 epochs, Adam 1e-3, cosine", "test accuracy", "epoch, median"], rows));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(process.argv.slice(2));
