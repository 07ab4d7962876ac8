// How many slots per second the link simulator does on one core, and how that goes with the size of the grid. Drawing the slot (bits, channel,
// noise), receiving and counting are all in it. Time is the processor's, so that a busy machine says the same; target: 300 slots/s for
// 312 × 14, 1×2, TDL, LMMSE.
import { fileURLToPath } from "node:url";
import { openLink, runChunk } from "../dist/link/ber/chunk.js";
import { receiverNamed } from "../dist/link/receivers/table.js";
import { machineLine, markdownTable, median } from "./show.mjs";

const ROUNDS = 5;
const TARGET = 300;
const CASES = [
  {
    title: "LMMSE, TDL-C at 100 Hz, 1×2, 312 × 14",
    receiver: "lmmse",
    channel: "tdl-c",
    subcarriers: 312,
    target: TARGET,
  },
  { title: "LMMSE, the same, twice the grid (624 × 14)", receiver: "lmmse", channel: "tdl-c", subcarriers: 624 },
  {
    title: "LMMSE, the same, eight times the grid (2,496 × 14)",
    receiver: "lmmse",
    channel: "tdl-c",
    subcarriers: 2496,
  },
  { title: "LS, TDL-C at 100 Hz, 1×2, 312 × 14", receiver: "ls", channel: "tdl-c", subcarriers: 312 },
  { title: "known channel, TDL-C at 100 Hz, 1×2, 312 × 14", receiver: "perfect", channel: "tdl-c", subcarriers: 312 },
  { title: "known channel, AWGN, 1×2, 312 × 14", receiver: "perfect", channel: "awgn", subcarriers: 312 },
];

/** Slots per second of processor time, median of some rounds after one that warms up. */
async function rate({ receiver, channel, subcarriers }) {
  const moving = channel === "awgn" ? {} : { delaySpreadS: 100e-9, dopplerHz: 100 };
  const link = openLink({
    modulation: "256qam",
    channel: { name: channel, ...moving },
    grid: { subcarriers, pilots: 2 },
  });
  const count = Math.max(20, Math.round((300 * 312) / subcarriers));
  const rates = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const before = process.cpuUsage().user;
    await runChunk(link, [receiverNamed(receiver)], { snrDb: 20, from: round * count, count });
    if (round > 0) rates.push((count * 1e6) / (process.cpuUsage().user - before));
  }
  return median(rates);
}

export async function run() {
  const rows = [];
  for (const one of CASES) {
    process.stderr.write(`link: ${one.title}\n`);
    const perSecond = await rate(one);
    const elements = (perSecond * one.subcarriers * 14) / 1e6;
    const verdict = one.target === undefined ? "" : `${one.target}: ${perSecond >= one.target ? "met" : "missed"}`;
    rows.push([one.title, perSecond.toFixed(0), elements.toFixed(2), verdict]);
  }
  console.log(`\n## The link simulator\n\n${machineLine()}\n`);
  console.log(markdownTable(["256-QAM, 2 pilot symbols", "slots/s", "million elements/s", "target"], rows));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run();
