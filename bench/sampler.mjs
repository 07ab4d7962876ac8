// What sampling costs: CPU share of one core and memory of our sampler's process, at a given rate with four counters of a fake
// powercap tree, beside a written-out Python loop that reads the same files at the same rate and appends the same rows.
// Run after a build: node bench/sampler.mjs [RATE_HZ=100] [SECONDS=20]. Target: below 0.5 % at 100 Hz. CPU time, not wall time.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { openSession } from "../dist/node/run/session.js";

const [rateHz = 100, seconds = 20] = process.argv.slice(2).map(Number);
const TARGET_RATIO = 0.005;
const ZONES = [
  ["intel-rapl:0", "package-0"],
  ["intel-rapl:0:0", "dram"],
  ["intel-rapl:1", "package-1"],
  ["intel-rapl:1:0", "dram"],
];

const root = mkdtempSync(join(tmpdir(), "joulecast-bench-"));
const files = ZONES.map(([zone, name]) => {
  const folder = join(root, "sys/class/powercap", zone);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of [
    ["name", name],
    ["energy_uj", "123456789"],
    ["max_energy_range_uj", "262143328850"],
  ])
    writeFileSync(join(folder, file), `${text}\n`);
  return join(folder, "energy_uj");
});

const PYTHON = `
import os, resource, struct, sys, time
rate, seconds, out, files = float(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4:]
opened = [os.open(f, os.O_RDONLY) for f in files]
log = open(out, "wb", buffering=1 << 16)
cpu = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
start, before, n = time.monotonic(), cpu(), 0
flushed = start
while True:
    now = time.monotonic()
    if now - start >= seconds: break
    for i, f in enumerate(opened):
        joules = int(os.pread(f, 256, 0)) / 1e6
        log.write(struct.pack("<Hdd", i, time.monotonic() - start, joules))
    if now - flushed >= 0.5: log.flush(); flushed = now
    n += 1
    time.sleep(max(0, start + n / rate - time.monotonic()))
used, lasted = cpu() - before, time.monotonic() - start
print(used / lasted, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, n)
`;

/** What waking at the rate costs on this machine when nothing is done: no sampler can be below. */
function bareWaking() {
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  const startMs = performance.now();
  const before = process.cpuUsage();
  for (let turn = 1; turn <= rateHz * 5; turn++) {
    const waitMs = startMs + (turn * 1000) / rateHz - performance.now();
    if (waitMs > 0) Atomics.wait(nobody, 0, 0, waitMs);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e3 / (performance.now() - startMs);
}

const percent = (ratio) => `${(ratio * 100).toFixed(3)} %`;
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

try {
  const session = await openSession({ rateHz, machine: { root, only: ["rapl"], models: false } });
  await wait(1000);
  const early = await session.stats();
  await wait(seconds * 1000);
  const late = await session.stats();
  await session.close();
  const ratio = (late.cpuS - early.cpuS) / (late.elapsedS - early.elapsedS);
  const reads = late.sources.reduce((sum, source) => sum + source.reads, 0);
  console.log(`${late.sources.length} sources at ${rateHz} Hz for ${seconds} s, share of one core`);
  console.log(`joulecast   ${percent(ratio)}  (with its first second ${percent(late.coreRatio)})  ${reads} reads`);
  console.log(`            memory ${megabytes(early.memoryBytes)} → ${megabytes(late.memoryBytes)}`);
  const out = join(root, "rows.bin");
  const python = spawnSync("python3", ["-c", PYTHON, String(rateHz), String(seconds), out, ...files], {
    encoding: "utf8",
  });
  if (python.status === 0) {
    const [used, memory, rounds] = python.stdout.trim().split(" ").map(Number);
    console.log(`Python loop ${percent(used)}  ${rounds * files.length} reads, memory ${megabytes(memory)}`);
  } else console.log(`Python loop not run: ${python.error?.message ?? python.stderr}`);
  console.log(`bare waking ${percent(bareWaking())}  (Node, nothing read)`);
  const isMet = ratio < TARGET_RATIO;
  console.log(`target below ${percent(TARGET_RATIO)}: ${isMet ? "met" : "NOT met"}`);
} finally {
  rmSync(root, { recursive: true, force: true });
}
