// What sampling costs: CPU share of one core and memory of our sampler's process with four counters of a fake powercap tree, beside
// a written-out Python loop that reads the same files and appends the same rows, CodeCarbon's own reader of such files, and bare waking.
// All run side by side in the same seconds, so that each sees the same load of the machine. CPU time, not wall time.
// Alone, after a build: `node bench/sampler.mjs [RATE_HZ = 100] [SECONDS = 10] [ROUNDS = 6]`. Target: below 0.5 % at 100 Hz.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openSession } from "../dist/node/run/session.js";
import { machineLine, markdownTable, median, megabytes, times } from "./show.mjs";

const TARGET_RATIO = 0.005;
const ZONES = [
  ["intel-rapl:0", "package-0"],
  ["intel-rapl:0:0", "dram"],
  ["intel-rapl:1", "package-1"],
  ["intel-rapl:1:0", "dram"],
];
const PYTHON = process.env.PYTHON ?? "python3";
const file = (name) => fileURLToPath(new URL(`./sampler/${name}`, import.meta.url));

function makeTree(root) {
  const powercap = join(root, "sys/class/powercap");
  const files = ZONES.map(([zone, name], i) => {
    const folder = join(powercap, zone);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "name"), `${name}\n`);
    writeFileSync(join(folder, "max_energy_range_uj"), "262143328850\n");
    writeFileSync(join(folder, "energy_uj"), `${123456789 * (i + 1)}\n`);
    return join(folder, "energy_uj");
  });
  return { powercap, files };
}

/** A process that prints a line of numbers per round; or the last line of its complaint. */
async function rows([program, ...args]) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const text = { out: "", error: "" };
  child.stdout.on("data", (bytes) => (text.out += bytes));
  child.stderr.on("data", (bytes) => (text.error += bytes));
  const status = await new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", resolve);
  });
  if (status !== 0) return { missing: text.error.trim().split("\n").at(-1) || `${program}: ${status}` };
  return {
    rounds: text.out
      .trim()
      .split("\n")
      .map((line) => line.split(" ").map(Number)),
  };
}

/** As `rows`, for our own sampler. */
async function ourRows(root, rateHz, seconds, rounds) {
  const session = await openSession({ rateHz, machine: { root, only: ["rapl"], models: false } });
  const made = [];
  const readsOf = ({ sources }) => sources.reduce((sum, { reads }) => sum + reads, 0);
  let last = await session.stats();
  for (let round = 0; round < rounds; round++) {
    await wait(seconds * 1000);
    const now = await session.stats();
    made.push([(now.cpuS - last.cpuS) / (now.elapsedS - last.elapsedS), now.memoryBytes, readsOf(now) - readsOf(last)]);
    last = now;
  }
  await session.close();
  return { rounds: made };
}

const percent = (ratio) => `${(ratio * 100).toFixed(2)} %`;

/** @param {number} rounds the first is the warm-up and stands in a column of its own */
export async function run(rateHz = 100, seconds = 10, rounds = 6) {
  const root = mkdtempSync(join(tmpdir(), "joulecast-bench-"));
  try {
    const { powercap, files } = makeTree(root);
    const settings = [rateHz, seconds, rounds].map(String);
    const python = (kind) => rows([PYTHON, file("loop.py"), kind, ...settings, join(root, kind), powercap, ...files]);
    console.log(`## Sampling ${files.length} counters at ${rateHz} Hz\n\n${machineLine()}.\n`);
    const sides = Object.entries({
      joulecast: ourRows(root, rateHz, seconds, rounds),
      "Python loop": python("loop"),
      "CodeCarbon's RAPL reader": python("codecarbon"),
      "bare waking (Node, nothing read)": rows([process.execPath, file("waking.mjs"), ...settings]),
    });
    const results = await Promise.all(sides.map(async ([name, side]) => ({ name, ...(await side) })));
    const steady = (side) => median(side.rounds.slice(1).map(([ratio]) => ratio));
    const ours = steady(results[0]);
    const cells = (side) => {
      if (side.missing !== undefined) return [side.name, `missing: ${side.missing}`, "", "", "", ""];
      const [first] = side.rounds;
      const last = side.rounds.at(-1);
      const memory = `${megabytes(first[1])} → ${megabytes(last[1])}`;
      return [side.name, percent(steady(side)), times(steady(side), ours), percent(first[0]), memory, String(last[2])];
    };
    const head = ["side by side", "of one core, median", "÷ ours", `first ${seconds} s`, "memory", "reads in a round"];
    console.log(markdownTable(head, results.map(cells)));
    const bare = results.at(-1);
    const own = bare.missing === undefined ? `, of which ${percent(ours - steady(bare))} above bare waking` : "";
    const verdict = ours < TARGET_RATIO ? "met" : "**missed**";
    console.log(
      `\nMedian of ${rounds - 1} rounds of ${seconds} s. Target below ${percent(TARGET_RATIO)}: ${percent(ours)}${own}: ${verdict}.\n`,
    );
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(...process.argv.slice(2).map(Number));
