// `npm run fuzz [-- TARGET…]`: broken files and requests against every reader. Takes minutes; needs a build. A finding is what throws
// anything but InputError, takes over 10 s, or needs over 1 GB. The inputs of findings are kept in found/, which a test goes through.
//   node test/fuzz/fuzz.mjs [--minutes 3] [--from 1] [TARGET…]
import { fork } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { mutant } from "./mutate.mjs";
import { TARGETS } from "./targets.mjs";

const HERE = (name) => fileURLToPath(new URL(name, import.meta.url));
const LONGEST_MS = 10_000;
const MOST_MEGABYTES = 1024;
const BATCH = 500;

/** Runs seeds of one target in a fresh process. @returns findings, and the seed to go on with */
export function runWorker(order) {
  return new Promise((resolve) => {
    const child = fork(HERE("./worker.mjs"), [JSON.stringify(order)], {
      execArgv: [`--max-old-space-size=${MOST_MEGABYTES}`],
      silent: true,
    });
    const found = [];
    let last;
    let stderr = "";
    let timer;
    const watch = (what) => {
      clearTimeout(timer);
      timer = setTimeout(
        () => {
          found.push({ seed: last, what });
          child.kill("SIGKILL");
        },
        last === undefined ? 6 * LONGEST_MS : LONGEST_MS,
      );
    };
    watch("did not begin");
    child.stderr.on("data", (text) => {
      stderr = (stderr + text).slice(-2000);
    });
    child.stdout.resume();
    let isDone = false;
    child.on("message", ({ kind, seed, what }) => {
      if (kind === "found") found.push({ seed, what });
      else if (kind === "done") isDone = true;
      else last = seed;
      watch("took too long");
    });
    child.on("exit", (code) => {
      clearTimeout(timer);
      if (!isDone && (last === undefined || found.at(-1)?.seed !== last))
        found.push({ seed: last, what: `the process ended with ${code}: ${stderr.slice(0, 600)}` });
      resolve({ found, last });
    });
  });
}

/** The inputs themselves: another corpus would make others of the same seeds. */
async function keep(name, seeds) {
  if (seeds.length === 0) return;
  const { corpus, close } = await TARGETS[name]();
  mkdirSync(HERE("./found"), { recursive: true });
  for (const seed of seeds) writeFileSync(HERE(`./found/${name}-${seed}.bin`), mutant(corpus, seed));
  await close?.();
}

async function fuzz(names, minutes, from) {
  const shareMs = (minutes * 60_000) / names.length;
  let all = 0;
  for (const name of names) {
    const endMs = performance.now() + shareMs;
    const findings = new Map();
    let at = from;
    while (performance.now() < endMs) {
      const { found, last } = await runWorker({ name, from: at, count: BATCH });
      for (const { seed, what } of found)
        if (!findings.has(what.replaceAll(/\d+/g, "0"))) findings.set(what.replaceAll(/\d+/g, "0"), { seed, what });
      if (last === undefined) break;
      at = last + 1;
    }
    console.log(`${name}: ${at - from} inputs, ${findings.size} findings`);
    for (const { seed, what } of findings.values()) console.log(`  seed ${seed}: ${what}`);
    await keep(
      name,
      [...findings.values()].flatMap(({ seed }) => (seed === undefined ? [] : [seed])),
    );
    all += findings.size;
  }
  return all;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const words = process.argv.slice(2);
  const option = (flag, usual) => {
    const at = words.indexOf(flag);
    return at < 0 ? usual : Number(words.splice(at, 2)[1]);
  };
  const minutes = option("--minutes", 3);
  const from = option("--from", 1);
  const unknown = words.find((word) => TARGETS[word] === undefined);
  if (unknown !== undefined) {
    console.error(`no target "${unknown}"; there are: ${Object.keys(TARGETS).join(", ")}`);
    process.exit(2);
  }
  process.exit((await fuzz(words.length > 0 ? words : Object.keys(TARGETS), minutes, from)) > 0 ? 1 : 0);
}
