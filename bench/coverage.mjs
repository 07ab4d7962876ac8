// How often does the stated 95 % interval of net joules hold the truth, and how wide is it? Random machines whose joules are known
// (test/machine), one table row per batch. Alone: `node bench/coverage.mjs [SCENARIOS = 10000] [SEED = 1]`. TypeScript comes through vite.
import { fileURLToPath } from "node:url";
import { createServer } from "vite";
import { machineLine, markdownTable } from "./show.mjs";

const BATCHES = 5;
const percent = (ratio) => `${(100 * ratio).toFixed(1)} %`;

/** @param {number} scenarios in all, in five batches with seeds of their own */
export async function run(scenarios = 10_000, seed = 1) {
  const server = await createServer({
    configFile: false,
    server: { middlewareMode: true, watch: null, ws: false },
    appType: "custom",
    logLevel: "error",
  });
  const { countCoverage } = await server.ssrLoadModule("/test/machine/coverage.ts");
  const counts = [];
  for (let i = 0; i < BATCHES; i++) {
    console.error(`coverage: batch ${i + 1} of ${BATCHES}`);
    counts.push(countCoverage(Math.ceil(scenarios / BATCHES), seed + i));
  }
  await server.close();
  const mean = (field) => counts.reduce((total, count) => total + count[field], 0) / BATCHES;
  const row = (name, value) => [
    name,
    percent(value("coveredRatio")),
    percent(value("medianHalfWidthRatio")),
    percent(value("meanHalfWidthRatio")),
    percent(value("medianErrorRatio")),
    value("rmsErrorPerHalfWidth").toFixed(2),
  ];
  const head = [
    "scenarios",
    "truth inside (limit 94 %)",
    "half-width, median",
    "mean",
    "error, median",
    "rms error / half-width",
  ];
  const rows = counts.map((count, i) => row(`${count.scenarios} (seed ${seed + i})`, (field) => count[field]));
  const table = markdownTable(head, [...rows, row(`${counts.reduce((sum, count) => sum + count.scenarios, 0)}`, mean)]);
  console.log(`${machineLine()}\n\nWidths and errors are shares of the true gross joules.\n\n${table}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(...process.argv.slice(2).map(Number));
