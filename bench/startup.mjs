// How long `measure --idle 0 -- PROGRAM` takes until the program's own process begins, against a bare Node that starts the same
// program, in turns. The program prints its time origin, so its own start-up is not in it.
// Alone, after a build: `node bench/startup.mjs [RUNS = 25]`. Target: measure adds below 150 ms.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { CLI } from "./read/inputs.mjs";
import { duration, machineLine, markdownTable, median } from "./show.mjs";

const TARGET_S = 0.15;
const PROGRAM = [process.execPath, "-e", "console.log(performance.timeOrigin)"];
const BARE = "require('node:child_process').spawnSync(process.argv[1], process.argv.slice(2), { stdio: 'inherit' })";
const SIDES = [
  { name: "bare Node", start: [process.execPath, "-e", BARE] },
  { name: "measure", start: [process.execPath, CLI, "measure", "--idle", "0", "--no-save", "--"] },
];

/** Seconds from here to the program's first moment. */
function timeToProgram([program, ...args]) {
  const startMs = performance.timeOrigin + performance.now();
  const { stdout, stderr } = spawnSync(program, [...args, ...PROGRAM], { encoding: "utf8" });
  const beganMs = Number.parseFloat(stdout);
  if (Number.isNaN(beganMs)) throw new Error(`the program did not run: ${stderr}`);
  return (beganMs - startMs) / 1000;
}

export async function run(runs = 25) {
  console.log(`## From the command to the program's start\n\n${machineLine()}.\n`);
  const seconds = SIDES.map(() => []);
  for (let round = 0; round < runs; round++) {
    for (const [i, { start }] of SIDES.entries()) seconds[i].push(timeToProgram(start));
  }
  const added = seconds[1].map((second, round) => second - seconds[0][round]);
  const row = (name, values) => [name, duration(median(values)), duration(Math.min(...values))];
  const table = markdownTable(
    [`${runs} runs in turns`, "median", "least"],
    [...SIDES.map(({ name }, i) => row(name, seconds[i])), row("measure adds", added)],
  );
  const verdict = median(added) < TARGET_S ? "met" : "**missed**";
  console.log(`${table}\n\nTarget: measure adds below ${duration(TARGET_S)}: ${verdict}.\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(...process.argv.slice(2).map(Number));
