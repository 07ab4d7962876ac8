// How long it takes to read, shape and count a model file, and how much memory: joulecast against Python's onnx with a counting loop
// and against onnx-tool, on the same files, in turns. Prints Markdown. See README.md for the Python side.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CLI, INPUTS, makeInput } from "./read/inputs.mjs";
import { askOnce, peakOfCommand, timeCommand, Worker } from "./read/process.mjs";
import { duration, machineLine, markdownTable, median, megabytes, times } from "./show.mjs";

const WARM_UP = 20;
const WARM_RUNS = 15;
const FRESH_RUNS = 7;
/** A peer's runs when one takes longer than so many seconds: enough to tell its time, and the benchmark ends today. Marked in the tables. */
const SLOW = [
  { seconds: 8, runs: 1 },
  { seconds: 1, runs: 3 },
];

const PYTHON = process.env.PYTHON ?? "python3";
const PEER_SCRIPT = fileURLToPath(new URL("./read/peer.py", import.meta.url));
const OURS = [process.execPath, fileURLToPath(new URL("./read/worker.mjs", import.meta.url))];
const PEERS = [
  { name: "onnx + loop", worker: [PYTHON, PEER_SCRIPT, "loop"] },
  { name: "onnx-tool", worker: [PYTHON, PEER_SCRIPT, "onnx-tool"] },
];

/** What the Python side is made of, or why there is none. */
function findPeers() {
  const { error, status, stdout, stderr } = spawnSync(PYTHON, [PEER_SCRIPT, "--versions"], { encoding: "utf8" });
  if (status === 0) return { versions: stdout.trim() };
  const reason = error?.message ?? stderr.trim().split("\n").at(-1);
  return { reason: `peer missing: ${PYTHON}: ${reason}; bench/README.md says how to install it` };
}

/** How often to run what took `seconds` at first; `usual` when that is short or not known yet. */
const runsAt = (seconds, usual) => SLOW.find((row) => seconds > row.seconds)?.runs ?? usual;

/** Fresh processes, in turns: ours as a command and as a first run, each peer as a script that ends after one file. */
function measureFresh(input, request, peers) {
  const dims = Object.entries(input.dims).flatMap(([name, length]) => ["--dim", `${name}=${length}`]);
  const command = [process.execPath, CLI, "inspect", input.path, "--json", ...dims];
  const ours = { wall: [], first: [], peakBytes: peakOfCommand(command) };
  const theirs = peers.map(() => ({ wall: [], first: [], peakBytes: undefined, macs: undefined, error: undefined }));
  for (let round = 0; round < FRESH_RUNS; round++) {
    ours.wall.push(timeCommand(command));
    ours.first.push(askOnce(OURS, request).seconds);
    for (const [i, { worker }] of peers.entries()) {
      const side = theirs[i];
      if (side.error !== undefined || round >= runsAt(side.wall[0], FRESH_RUNS)) continue;
      const { seconds, macs, wallSeconds, peakBytes, error } = askOnce([...worker, "--once"], request);
      if (error !== undefined) side.error = error;
      else {
        side.macs = macs;
        side.wall.push(wallSeconds);
        side.first.push(seconds);
        side.peakBytes = peakBytes;
      }
    }
  }
  return { ours, theirs };
}

/** Warm processes, in turns. Each side warms up and runs as often as its `runs` say; none at all for one. */
async function measureWarm(request, sides) {
  const workers = sides.map(({ worker, runs }) => (runs > 1 ? new Worker(worker) : undefined));
  const results = sides.map(() => ({ seconds: [], macs: undefined, nodes: undefined, error: undefined }));
  for (let round = 0; round < WARM_UP + WARM_RUNS; round++) {
    for (const [i, worker] of workers.entries()) {
      const { runs } = sides[i];
      const warmUp = Math.min(WARM_UP, runs - 1);
      if (worker === undefined || results[i].error !== undefined || round >= warmUp + runs) continue;
      const { seconds, macs, nodes, error } = await worker.ask(request);
      Object.assign(results[i], { macs, nodes, error });
      if (round >= warmUp && error === undefined) results[i].seconds.push(seconds);
    }
  }
  for (const worker of workers) worker?.end();
  return results;
}

async function measure(input, peers) {
  const request = { path: input.path, dims: input.dims, dataPropagation: input.dataPropagation === true };
  const fresh = measureFresh(input, request, peers);
  const runs = fresh.theirs.map(({ wall, error }) => (error === undefined ? runsAt(wall[0], WARM_RUNS) : 0));
  const sides = [{ worker: OURS, runs: WARM_RUNS }, ...peers.map(({ worker }, i) => ({ worker, runs: runs[i] }))];
  const [ours, ...theirs] = await measureWarm(request, sides);
  return {
    input,
    nodes: ours.nodes,
    ours: {
      macs: ours.macs,
      warm: median(ours.seconds),
      first: median(fresh.ours.first),
      wall: median(fresh.ours.wall),
      peakBytes: fresh.ours.peakBytes,
    },
    theirs: peers.map((_, i) => peerResult(fresh.theirs[i], theirs[i], runs[i])),
  };
}

/** A slow peer's only run stands for its warm ones: it takes many seconds, so that starting cold hardly shows. */
function peerResult(fresh, warm, runs) {
  const error = fresh.error ?? warm.error;
  if (error !== undefined) return { error };
  return {
    runs,
    macs: warm.macs ?? fresh.macs,
    warm: runs === 1 ? fresh.first[0] : median(warm.seconds),
    wall: median(fresh.wall),
    peakBytes: fresh.peakBytes,
  };
}

const about = ({ input, nodes }) => [input.title, megabytes(input.sizeBytes), nodes.toLocaleString("en-US")];
/** "17.1 s¹": one run; "2.4 s³": three. */
const mark = (text, runs) => text + ({ 1: "¹", 3: "³" }[runs] ?? "");

function processTable(rows, peers) {
  const head = [
    "file",
    "size",
    "nodes",
    "joulecast, first run",
    "joulecast",
    ...peers.flatMap(({ name }) => [name, "×"]),
  ];
  return markdownTable(
    head,
    rows.map((row) => [
      ...about(row),
      duration(row.ours.first),
      duration(row.ours.warm),
      ...row.theirs.flatMap(({ error, runs, warm }) =>
        error === undefined ? [mark(duration(warm), runs), times(warm, row.ours.warm)] : ["failed", ""],
      ),
    ]),
  );
}

function commandTable(rows, peers) {
  const head = ["file", "size", "nodes", "joulecast", "memory", ...peers.flatMap(({ name }) => [name, "memory", "×"])];
  return markdownTable(
    head,
    rows.map((row) => [
      ...about(row),
      duration(row.ours.wall),
      megabytes(row.ours.peakBytes),
      ...row.theirs.flatMap(({ error, runs, wall, peakBytes }) =>
        error === undefined
          ? [mark(duration(wall), runs), megabytes(peakBytes), times(wall, row.ours.wall)]
          : ["failed", "", ""],
      ),
    ]),
  );
}

function macsTable(rows, peers) {
  return markdownTable(
    ["file", "size", "joulecast, MACs", ...peers.map(({ name }) => `${name}, MACs`)],
    rows.map(({ input, ours, theirs }) => [
      input.title,
      megabytes(input.sizeBytes),
      ours.macs.toLocaleString("en-US"),
      ...theirs.map(({ macs, error }) => (error === undefined ? macs.toLocaleString("en-US") : error)),
    ]),
  );
}

/** What joulecast promises, and what came out. */
function targetLines(rows) {
  const row = (id) => rows.find(({ input }) => input.id === id);
  const resnet50 = row("resnet50");
  const wide = row("resnet50-wide");
  const narrow = row("resnet50-narrow");
  const chain = row("chain-20000");
  const shorter = row("chain-5000");
  const usual = resnet50.ours;
  const lines = [
    ["ResNet-50 in the process, first run", "< 30 ms", duration(usual.first), usual.first < 0.03],
    ["ResNet-50 in the process, warm", "< 30 ms", duration(usual.warm), usual.warm < 0.03],
    ["ResNet-50, whole command", "< 400 ms", duration(usual.wall), usual.wall < 0.4],
    ["2 GB file, memory of the whole command", "< 150 MB", megabytes(wide.ours.peakBytes), wide.ours.peakBytes < 150e6],
    ["20,000 nodes in the process, first run", "< 1 s", duration(chain.ours.first), chain.ours.first < 1],
    [
      `${times(wide.input.sizeBytes, narrow.input.sizeBytes)} the bytes, same nodes`,
      "same time",
      `${times(wide.ours.warm, narrow.ours.warm)} the time`,
      wide.ours.warm < 2 * narrow.ours.warm,
    ],
    [
      `${times(chain.nodes, shorter.nodes)} the nodes`,
      `${times(chain.nodes, shorter.nodes)} the time`,
      `${times(chain.ours.warm, shorter.ours.warm)} the time`,
      chain.ours.warm / chain.nodes < (1.5 * shorter.ours.warm) / shorter.nodes,
    ],
  ];
  for (const { input, ours, theirs } of rows) {
    const peers = theirs.filter(({ error }) => error === undefined).map(({ warm }) => warm);
    if (peers.length === 0) continue;
    const best = Math.min(...peers);
    const label = `${input.title} (${megabytes(input.sizeBytes)}) against the faster peer, warm`;
    lines.push([label, "≥ 20×", times(best, ours.warm), best >= 20 * ours.warm]);
  }
  return markdownTable(
    ["target", "wanted", "measured", ""],
    lines.map(([what, wanted, measured, met]) => [what, wanted, measured, met ? "met" : "**missed**"]),
  );
}

/** Makes the inputs, measures every one, prints the tables. */
export async function run() {
  const { versions, reason } = findPeers();
  const peers = versions === undefined ? [] : PEERS;
  console.log(`## Reading, shaping and counting a model file\n\n${machineLine()}. ${versions ?? reason}.\n`);
  const folder = await mkdtemp(join(tmpdir(), "joulecast-bench-"));
  const interrupted = () => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(130);
  };
  process.once("SIGINT", interrupted);
  try {
    const rows = [];
    for (const input of INPUTS) {
      process.stderr.write(`${input.id}\n`);
      const made = await makeInput(input, folder);
      rows.push(await measure(made, peers));
      await rm(made.path);
    }
    console.log(`From path to counted MACs inside a process; median of ${WARM_RUNS} warm runs in turns.\n`);
    console.log(`${processTable(rows, peers)}\n`);
    console.log(
      `Whole processes (\`joulecast inspect FILE --json\`; a Python script for one file); median of ${FRESH_RUNS}, most memory held.\n`,
    );
    console.log(`${commandTable(rows, peers)}\n`);
    if (peers.length > 0) console.log("¹ one run, ³ three runs: those peers take seconds.\n");
    console.log(`${macsTable(rows, peers)}\n`);
    console.log(targetLines(rows));
  } finally {
    process.off("SIGINT", interrupted);
    await rm(folder, { recursive: true, force: true });
  }
}
