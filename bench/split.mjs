// How fast a cut is chosen: one decision for 100 cuts, a path of 100,000 places × 10 cuts (still and changing channels), the minimum cut of
// a DAG of 1,000 nodes, and reading to answer for ResNet-50. Limits from the plan; nothing fails here, a miss is printed.
// Alone, after a build: `node bench/split.mjs`.
import { fileURLToPath } from "node:url";
import { rayleighGains } from "../dist/link/fading/rayleigh.js";
import { seededRandom } from "../dist/math/random.js";
import { Airtime } from "../dist/split/airtime.js";
import { decide } from "../dist/split/decide.js";
import { hullCuts, minimumCut } from "../dist/split/minimum-cut.js";
import { uplink } from "../dist/split/radio.js";
import { adaptivePath } from "../dist/split/trajectory.js";
import { duration, machineLine, markdownTable, median } from "./show.mjs";

const random = seededRandom(1);

/** A table of `count` cuts: processing grows, bits shrink with noise. */
function tableOf(count) {
  const make = (of) => Float64Array.from({ length: count }, (_, i) => of(i));
  const cuts = Array.from({ length: count }, (_, i) => ({
    after: `layer${i}`,
    isLocal: i === count - 1,
    isRaw: false,
  }));
  return {
    cuts,
    deviceJ: make((i) => 1e-6 * (i + 1)),
    bits: make((i) => Math.max(320, 4e5 / (i + 1) ** 1.2 + 1e4 * random.uniform())),
    serverJ: make(() => 1e-6),
    deviceS: make((i) => 1e-4 * i),
    serverS: make(() => 1e-5),
    local: count - 1,
  };
}

/** Layers that each read the one before and one or two earlier ones. */
function dagOf(nodes) {
  const layers = [];
  const tensors = [{ producer: -1, consumers: [], bits: 8e4, isOutput: false, isRaw: true, name: "x" }];
  for (let i = 0; i < nodes; i++) {
    const earlier = Array.from({ length: 2 }, () => Math.max(0, i - 1 - random.below(30)));
    const reads = [...new Set([i, ...(random.uniform() < 0.4 ? earlier : [])])];
    for (const id of reads) tensors[id].consumers.push(i);
    layers.push({ name: `l${i}`, op: "Conv", reads, makes: [i + 1] });
    const bits = Math.round(32 * 10 ** (2 + 3 * random.uniform()));
    tensors.push({ producer: i, consumers: [], bits, isOutput: i === nodes - 1, isRaw: false, name: `t${i}` });
  }
  return { layers, tensors, format: { bits: 32, rawBits: 8, answer: "server" } };
}

function timed(runs, work) {
  const seconds = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    work(run);
    seconds.push((performance.now() - start) / 1000);
  }
  return seconds;
}

/** One decision per rate; the sum of the cuts, so that none is left out by the compiler. */
function decisions(table, rates, sending, limits) {
  let sum = 0;
  for (let i = 0; i < rates.length; i++) sum += decide(table, rates[i], sending, limits);
  return sum;
}

const micro = (seconds) => (seconds < 1e-3 ? `${(seconds * 1e6).toPrecision(3)} µs` : duration(seconds));

export async function run() {
  console.log(`## Choosing a cut\n\n${machineLine()}.\n`);
  const link = uplink();
  const rows = [];
  const row = (name, seconds, limitS) => {
    const middle = median(seconds);
    rows.push([
      name,
      micro(middle),
      micro(Math.min(...seconds)),
      micro(limitS),
      middle < limitS ? "met" : "**missed**",
    ]);
  };

  const hundred = tableOf(100);
  const limits = { maxLatencyS: 1 };
  const rates = Float64Array.from(rayleighGains(100_000, random), link.rateBps);
  let chosen = 0;
  const each = timed(11, () => {
    chosen += decisions(hundred, rates, link.sending, limits);
  }).map((seconds) => seconds / rates.length);
  row("one decision, 100 cuts, with a deadline", each, 10e-6);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  chosen += decisions(hundred, rates, link.sending, limits);
  const grown = process.memoryUsage().heapUsed - before;

  const ten = tableOf(10);
  const gainRatio = rayleighGains(100_000, random);
  row(
    "path of 100,000 places × 10 cuts, still channel",
    timed(7, () => adaptivePath(ten, { kind: "block", gainRatio, rateBps: link.rateBps }, link.sending)),
    1,
  );
  const startS = Float64Array.from(gainRatio, (_, i) => i * 1e-3);
  row(
    "the same, the channel changes while sending",
    timed(5, () => {
      const airtime = new Airtime({ timeS: startS, gainRatio }, link.rateBps);
      adaptivePath(ten, { kind: "varying", startS, airtime }, link.sending);
    }),
    1,
  );

  const dag = dagOf(1000);
  const device = Float64Array.from(dag.layers, () => 1e-6 * (0.1 + random.uniform()));
  row(
    "minimum cut, DAG of 1,000 layers",
    timed(11, (i) => minimumCut(dag, device, 10 ** (-12 + 0.3 * i))),
    0.05,
  );
  const hull = timed(3, () => hullCuts(dag, device));
  console.log(markdownTable(["", "median", "least", "limit", ""], rows));
  console.log(
    `\n100,000 decisions grew the heap by ${(grown / 1e5).toFixed(2)} bytes each. All ${hullCuts(dag, device).length} cuts that are best at some price of a bit: ${micro(median(hull))}.\n`,
  );
  if (chosen < 0) throw new Error("no decision was taken");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run();
