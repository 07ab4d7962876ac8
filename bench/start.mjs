// How long joulecast takes to answer: --help, and an estimate of a small model, each against a bare Node in the same round.
// Alone, after a build: `node bench/start.mjs [RUNS = 15]`. Targets: --help below 80 ms, estimate below 250 ms wall.
// Processor time stands beside the wall clock: on a busy machine only that can be compared between runs.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { CLI } from "./read/inputs.mjs";
import { duration, machineLine, markdownTable, median } from "./show.mjs";

const SIDES = [
  { name: "bare Node", args: ["-e", "0"] },
  { name: "joulecast --help", args: [CLI, "--help"], targetS: 0.08 },
  { name: "joulecast --version", args: [CLI, "--version"] },
  { name: "estimate zoo:mnist-cnn", args: [CLI, "estimate", "zoo:mnist-cnn"], targetS: 0.25 },
  { name: "inspect zoo:mnist-cnn", args: [CLI, "inspect", "zoo:mnist-cnn"] },
];

/** A small program that starts the other: this one has grown, and forking a large process takes longer. */
const TIMER = `const { spawnSync } = require("node:child_process");
const startMs = performance.now();
const { status } = spawnSync(process.execPath, process.argv.slice(1), { stdio: "ignore" });
console.log((performance.now() - startMs) / 1000, status);`;

function wallOf(args) {
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", TIMER, "--", ...args], { encoding: "utf8" });
  const [wallS, status] = stdout.trim().split(" ").map(Number);
  if (status !== 0) throw new Error(`${args.join(" ")} failed: ${stderr}`);
  return wallS;
}

/** By bash's time: user and system seconds. Undefined where there is no bash. */
function processorOf(args) {
  const { status, stderr } = spawnSync(
    "bash",
    ["-c", 'TIMEFORMAT=\'%U %S\'; time "$0" "$@" >/dev/null 2>&1', process.execPath, ...args],
    { encoding: "utf8" },
  );
  return status === 0
    ? stderr
        .trim()
        .split(" ")
        .map(Number)
        .reduce((a, b) => a + b)
    : undefined;
}

export async function run(runs = 15) {
  console.log(`## From the command to its answer\n\n${machineLine()}.\n`);
  const walls = SIDES.map(() => []);
  const processors = SIDES.map(() => []);
  for (let round = 0; round < runs; round++)
    for (const [i, { args }] of SIDES.entries()) {
      walls[i].push(wallOf(args));
      const seconds = processorOf(args);
      if (seconds !== undefined) processors[i].push(seconds);
    }
  const verdict = (targetS, wallS) =>
    targetS === undefined ? "" : `${wallS < targetS ? "met" : "**missed**"} (${duration(targetS)})`;
  const rows = SIDES.map(({ name, targetS }, i) => [
    name,
    duration(median(walls[i])),
    duration(Math.min(...walls[i])),
    processors[i].length === 0 ? "" : duration(median(processors[i])),
    verdict(targetS, median(walls[i])),
  ]);
  console.log(markdownTable([`${runs} runs in turns`, "median", "least", "processor, median", "target"], rows), "\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(...process.argv.slice(2).map(Number));
