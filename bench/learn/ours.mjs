// Our side of bench/learn.mjs, in a process of its own, so that its time and memory are its own: `node ours.mjs CASE THREADS`.
// One line in, one line out: {"steps": n} -> {"seconds": [...], "cpu": s, "outside": share of our own code, "peak": bytes, "before": bytes before the network}.
// Steps go through the trainer with shuffled batches of bytes, as `joulecast train` does; "outside" is what is not spent in
// ONNX Runtime's run.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import ort from "onnxruntime-node";
import { shuffledBatches } from "../../dist/learn/data/batches.js";
import { train } from "../../dist/learn/train/trainer.js";
import { drawnWeights } from "../../dist/node/model.js";
import { onnxRuntime } from "../../dist/node/runtime/onnx-runtime.js";
import { CASES, trainingOf } from "./cases.mjs";

const [, , name, threads] = process.argv;
const BEFORE = statusBytes("VmRSS");
const { training } = await trainingOf(CASES[name]);

let insideS = 0;
const native = ort.InferenceSession.prototype.run;
ort.InferenceSession.prototype.run = async function run(...given) {
  const start = performance.now();
  const results = await native.apply(this, given);
  insideS += (performance.now() - start) / 1000;
  return results;
};

/** Samples for `steps` batches: bytes for the network, class numbers or bits for the loss. */
function dataFor(steps) {
  const samples = steps * training.inputs[0].type.shape[0];
  const columns = training.inputs.map(({ name: input, role, type }) => {
    const shape = type.shape.slice(1);
    const size = shape.reduce((a, b) => a * b, 1);
    const most = role === "data" ? 256 : type.dtype === "int64" ? 10 : 2;
    const values = Uint8Array.from({ length: samples * size }, (_, i) => (i * 7919) % most);
    return { name: input, role, shape, values, scale: role === "data" ? 1 / 255 : 1 };
  });
  return { name: "made up", samples, columns };
}

/** A line of the process's status: VmRSS is what is resident, VmHWM its peak so far; bytes. */
function statusBytes(name) {
  const lines = readFileSync("/proc/self/status", "utf8").split("\n");
  return Number(/\d+/.exec(lines.find((line) => line.startsWith(name)))[0]) * 1024;
}

const nowS = () => performance.now() / 1000;
const sessions = onnxRuntime();
/** One session for all rounds: opened once, closed with the process. */
let session;
const runtime = {
  name: "onnxruntime",
  open: async (...given) => {
    session ??= await sessions.open(...given);
    return {
      run: (feeds) => session.run(feeds),
      carried: () => session.carried(),
      carriedBefore: () => session.carriedBefore(),
      setCarried: (values) => session.setCarried(values),
      close: async () => undefined,
    };
  },
};

/** The first step stands for what comes before it (drawing the weights, opening the session) and does not count. */
async function timed(steps) {
  const seconds = [];
  let [last, used] = [undefined, undefined];
  await train({
    runtime,
    training,
    weights: drawnWeights,
    batches: shuffledBatches(dataFor(steps + 1), training.inputs, 0),
    epochs: 1,
    learningRate: () => 1e-3,
    seed: 0,
    clock: { nowS },
    threads: Number(threads),
    onProgress: () => {
      const now = nowS();
      if (last === undefined) {
        insideS = 0;
        used = process.cpuUsage();
      } else seconds.push(now - last);
      last = now;
    },
  });
  const { user, system } = process.cpuUsage(used);
  const total = seconds.reduce((sum, value) => sum + value, 0);
  return {
    seconds,
    cpu: (user + system) / 1e6 / steps,
    outside: 1 - insideS / total,
    peak: statusBytes("VmHWM"),
    before: BEFORE,
  };
}

for await (const line of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(await timed(JSON.parse(line).steps)));
process.exit(0);
