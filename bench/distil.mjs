// Does a teacher help a small student? MNIST: zoo:mnist-cnn teaches a network of a sixtieth of its MACs; the same student, seed by seed, from the labels
// alone. α and T are chosen on validation data with seeds of their own; the test data are looked at once. TEACHER=FILE.onnx (else one is trained, three
// epochs), JOULECAST_MNIST=FOLDER (IDX files), SEEDS=10, THREADS.
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { NetworkBuilder } from "../dist/graph/build.js";
import { slice } from "../dist/learn/data/data-set.js";
import { fitNetwork } from "../dist/learn/train/fit.js";
import { mean, standardDeviation } from "../dist/math/statistics.js";
import { openData } from "../dist/node/data/open-data.js";
import { drawnWeights, fileWeights, readModel } from "../dist/node/model.js";
import { onnxRuntime } from "../dist/node/runtime/onnx-runtime.js";
import { distilNetwork } from "../dist/reduce/distil/distil.js";
import { bestOf, gridPoints } from "../dist/reduce/distil/grid.js";
import { pairedDifference } from "../dist/reduce/distil/paired.js";
import { AnswerBook } from "../dist/reduce/distil/teacher.js";
import { judgeNetwork } from "../dist/reduce/judge.js";
import { countGraph } from "../dist/work/count-graph.js";
import { findNetwork } from "../dist/zoo/catalogue.js";
import { conv, flatten, linear, relu } from "../dist/zoo/pieces.js";
import { machineLine, markdownTable } from "./show.mjs";

const MNIST = process.env.JOULECAST_MNIST ?? fileURLToPath(new URL("../../shared/data/mnist", import.meta.url));
const THREADS = Number(process.env.THREADS ?? Math.min(2, availableParallelism()));
const SEEDS = Number(process.env.SEEDS ?? 10);
/** The teacher never learned from samples that the student is judged by; it may have learned from the validation samples. */
const VALIDATION = [50_000, 60_000];
const CHOOSING_SEEDS = [100, 101];
const GRID = { teacher: ["teacher"], student: ["student"], alpha: [0.1, 0.5], temperature: [2, 4, 8] };
/** How many labelled samples the student has, and how often it goes through them. */
const CASES = [
  { samples: 2000, epochs: 20 },
  { samples: 20_000, epochs: 5 },
];
const HARD = { kind: "cross-entropy" };
const runtime = onnxRuntime();
const settings = {
  runtime,
  optimiser: { kind: "adam" },
  batch: 64,
  schedule: "cosine",
  clock: { nowS: () => 0 },
  threads: THREADS,
};

/** Two strided convolutions and a dense layer: 103,488 MACs. */
function student(seed) {
  const b = new NetworkBuilder("student", seed * 1000);
  let x = b.input("input", ["batch", 1, 28, 28]);
  x = relu(b, conv(b, x, 8, { name: "conv1", kernel: 5, stride: 2, pad: 2 }), "relu1");
  x = relu(b, conv(b, x, 16, { name: "conv2", kernel: 3, stride: 2, pad: 1 }), "relu2");
  b.output(linear(b, flatten(b, x), 10, "fc"));
  return { graph: b.graph(), weights: drawnWeights };
}

async function openTeacher(mnist) {
  const path = process.env.TEACHER;
  if (path !== undefined) return { graph: await readModel(path), weights: fileWeights(path).weights };
  console.error("training a teacher");
  const network = findNetwork("mnist-cnn").build();
  const how = { ...settings, network, weights: drawnWeights, train: mnist.train, loss: HARD, epochs: 3, rate: 1e-3 };
  return { graph: (await fitNetwork({ ...how, seed: 0 })).network, weights: drawnWeights };
}

/** @returns accuracy on `judged` by seed */
async function trained(teacher, book, train, judged, { alpha, temperature }, seeds, epochs) {
  const scores = [];
  for (const seed of seeds) {
    const { after } = await distilNetwork({
      ...settings,
      student: student(seed),
      teacher,
      answers: book,
      objective: { form: "softmax", alpha, temperature, hard: HARD },
      train,
      test: judged,
      epochs,
      rate: 3e-3,
      seed,
    });
    scores.push(after);
  }
  return scores;
}

const percent = (ratio) => `${(100 * ratio).toFixed(2)} %`;
const points = (difference) => `${difference > 0 ? "+" : ""}${(100 * difference).toFixed(2)}`;
const VERDICTS = { a: "the teacher helps", b: "the teacher does harm", "no difference": "no difference seen" };
const spread = (values) => `${percent(mean(values))} ± ${(100 * standardDeviation(values)).toFixed(2)}`;

async function oneCase(teacher, mnist, { samples, epochs }) {
  const train = slice(mnist.train, 0, samples);
  const validation = slice(mnist.train, ...VALIDATION);
  const book = new AnswerBook(teacher, { runtime, set: train, batch: 100, threads: THREADS });
  const grid = gridPoints(GRID, CHOOSING_SEEDS.length);
  const scores = [];
  for (const point of grid) {
    console.error(`${samples} samples: α ${point.alpha}, T ${point.temperature}`);
    scores.push(await trained(teacher, book, train, validation, point, CHOOSING_SEEDS, epochs));
  }
  const { alpha, temperature } = grid[bestOf(scores)];
  const seeds = Array.from({ length: SEEDS }, (_, i) => i);
  console.error(`${samples} samples: ${SEEDS} seeds with α ${alpha}, T ${temperature}, and from scratch`);
  const accuracies = async (point) =>
    (await trained(teacher, book, train, mnist.test, point, seeds, epochs)).map(({ accuracy }) => accuracy);
  const [distilled, scratch] = [await accuracies({ alpha, temperature }), await accuracies({ alpha: 1, temperature })];
  const { mean: difference, low, high, verdict } = pairedDifference(distilled, scratch);
  const interval = `${points(difference)} (${points(low)} to ${points(high)})`;
  const chosen = `${alpha}, ${temperature}`;
  return [samples.toLocaleString("en-US"), chosen, spread(scratch), spread(distilled), interval, VERDICTS[verdict]];
}

export async function run() {
  console.log(`## distil: does the teacher help?\n\n${machineLine()}\n`);
  if (!existsSync(MNIST)) {
    console.log(`no MNIST at ${MNIST}: set JOULECAST_MNIST`);
    return;
  }
  const mnist = openData(MNIST);
  const teacher = await openTeacher(mnist);
  const { accuracy } = await judgeNetwork(teacher, { runtime, set: mnist.test, loss: HARD, threads: THREADS });
  const [own, theirs] = [student(0).graph, teacher.graph].map((graph) => countGraph(graph, { batch: 1 }).total);
  const size = `${own.macs.toLocaleString("en-US")} MACs, 1/${Math.round(theirs.macs / own.macs)} of the teacher's`;
  console.log(`Teacher ${percent(accuracy)}; student ${size}; ${SEEDS} seeds, accuracy on the test data.\n`);
  const rows = [];
  for (const one of CASES) rows.push(await oneCase(teacher, mnist, one));
  const head = ["labelled samples", "α, T", "from scratch", "distilled", "difference, points (95 %)", "verdict"];
  console.log(markdownTable(head, rows));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run();
