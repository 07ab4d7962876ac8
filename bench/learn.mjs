// Training: MNIST accuracy and epoch time, and the time of a step beside PyTorch on the same operators, in turns. Alone:
// `node bench/learn.mjs [steps] [accuracy]`; without words both. Data: JOULECAST_MNIST=FOLDER (IDX files). Peer: PYTHON=…/python with torch.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { fitNetwork } from "../dist/learn/train/fit.js";
import { openData } from "../dist/node/data/open-data.js";
import { drawnWeights } from "../dist/node/model.js";
import { onnxRuntime } from "../dist/node/runtime/onnx-runtime.js";
import { chooseNetwork } from "../dist/zoo/catalogue.js";
import { CASES, trainingOf } from "./learn/cases.mjs";
import { duration, machineLine, markdownTable, median, megabytes } from "./show.mjs";

const PYTHON = process.env.PYTHON ?? "python3";
const MNIST = process.env.JOULECAST_MNIST ?? fileURLToPath(new URL("../../shared/data/mnist", import.meta.url));
const THREADS = Number(process.env.THREADS ?? Math.min(2, availableParallelism()));
const SEEDS = (process.env.SEEDS ?? "0,1,2").split(",").map(Number);
/** Only this case of learn/cases.mjs. */
const ONLY = process.env.CASE;
const ROUNDS = 3;

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

/** A process that answers {"steps": n} with its times: see learn/ours.mjs and learn/peer.py. */
function startRunner(command, args) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    send: (line) => child.stdin.write(`${JSON.stringify(line)}\n`),
    time: async (steps) => {
      child.stdin.write(`${JSON.stringify({ steps })}\n`);
      const { value } = await lines.next();
      return JSON.parse(value);
    },
    end: () => child.stdin.end(),
  };
}

const fileHere = (name) => fileURLToPath(new URL(name, import.meta.url));

/** A peer, or undefined without PyTorch. */
function startPeer(spec) {
  if (spawnSync(PYTHON, ["-c", "import torch"], { stdio: "ignore" }).status !== 0) return undefined;
  const peer = startRunner(PYTHON, [fileHere("./learn/peer.py")]);
  peer.send(spec);
  return peer;
}

/** What was seen over rounds in which everybody takes turns, after one round that does not count: medians, the peak of all. */
async function inTurns(runners, steps) {
  const seen = runners.map(() => []);
  for (let round = 0; round <= ROUNDS; round++)
    for (const [i, runner] of runners.entries()) {
      const row = await runner?.time(steps);
      if (round > 0 && row !== undefined) seen[i].push(row);
    }
  return seen.map((rows) =>
    rows.length === 0
      ? undefined
      : {
          seconds: median(rows.flatMap(({ seconds }) => seconds)),
          cpu: median(rows.map(({ cpu }) => cpu)),
          outside: median(rows.map(({ outside }) => outside ?? 0)),
          peak: Math.max(...rows.map(({ peak }) => peak)),
          grown: Math.max(...rows.map(({ peak, before }) => peak - before)),
        },
  );
}

const bestOf = (peers, what) => {
  const known = peers.flatMap((peer) => (peer === undefined ? [] : [peer[what]]));
  return known.length === 0 ? undefined : Math.min(...known);
};
const ratio = (ours, best) => (best === undefined ? "–" : `${(ours / best).toFixed(2)}×`);

async function stepRows(name, one) {
  console.error(`learn: ${one.title}`);
  const { graph, training } = await trainingOf(one);
  const runners = [
    startRunner(process.execPath, [fileHere("./learn/ours.mjs"), name, String(THREADS)]),
    startPeer(peerSpec(graph, training, one, "contiguous")),
    startPeer(peerSpec(graph, training, one, "channels_last")),
  ];
  const [ours, ...peers] = await inTurns(runners, one.steps);
  for (const runner of runners) runner?.end();
  const shown = (row, what, how) => (row === undefined ? "peer missing" : how(row[what]));
  const row = (what, how) => [
    how(ours[what]),
    ...peers.map((peer) => shown(peer, what, how)),
    ratio(ours[what], bestOf(peers, what)),
  ];
  return {
    time: [one.title, ...row("seconds", duration), `${one.limit}×`],
    cpu: [one.title, ...row("cpu", duration), `${(100 * ours.outside).toFixed(1)} %`],
    memory: [
      one.title,
      ...row("grown", megabytes),
      "1.5×",
      [ours, ...peers].map((one) => shown(one, "peak", megabytes)).join(", "),
    ],
  };
}

const PEERS = ["joulecast", "PyTorch NCHW", "PyTorch channels_last", "ratio to the better"];

async function printSteps() {
  const rows = [];
  for (const [name, one] of Object.entries(CASES))
    if (ONLY === undefined || ONLY === name) rows.push(await stepRows(name, one));
  const print = (title, last, what) =>
    console.log(`${markdownTable(
      [title, ...PEERS, ...last],
      rows.map((row) => row[what]),
    )}
`);
  print("training step (Adam)", ["limit"], "time");
  print("processor time of a step", ["our own code (limit 3 %)"], "cpu");
  print("peak memory beyond the empty process", ["limit", "whole processes"], "memory");
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
  if (wants("steps")) await printSteps();
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
