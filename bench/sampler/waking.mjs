// What waking at a rate costs when nothing is done: no sampler in Node can be below. Prints a line per round: share of one core.
// Usage: node waking.mjs RATE SECONDS ROUNDS
const [rate, seconds, rounds] = process.argv.slice(2).map(Number);
const nobody = new Int32Array(new SharedArrayBuffer(4));
const startMs = performance.now();
for (let round = 0, turn = 1; round < rounds; round++) {
  const before = process.cpuUsage();
  const fromMs = performance.now();
  for (const last = turn + rate * seconds; turn < last; turn++) {
    const waitMs = startMs + (turn * 1000) / rate - performance.now();
    if (waitMs > 0) Atomics.wait(nobody, 0, 0, waitMs);
  }
  const { user, system } = process.cpuUsage(before);
  console.log((user + system) / 1e3 / (performance.now() - fromMs), process.memoryUsage.rss(), 0);
}
