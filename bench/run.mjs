// Runs benchmarks by name, all of them when none is named: `node bench/run.mjs [NAME…]`. One row per benchmark; what each measures
// is said at the top of its own file. They print Markdown for the README; they are no tests and fail on no number.
const BENCHMARKS = {
  learn: () => import("./learn.mjs"),
  read: () => import("./read.mjs"),
  sampler: () => import("./sampler.mjs"),
  start: () => import("./start.mjs"),
  startup: () => import("./startup.mjs"),
  prune: () => import("./prune.mjs"),
  distil: () => import("./distil.mjs"),
  link: () => import("./link.mjs"),
  split: () => import("./split.mjs"),
  coverage: () => import("./coverage.mjs"),
};

const names = process.argv.slice(2);
const unknown = names.find((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown !== undefined) {
  console.error(`no benchmark "${unknown}"; there are: ${Object.keys(BENCHMARKS).join(", ")}`);
  process.exit(2);
}
for (const name of names.length > 0 ? names : Object.keys(BENCHMARKS)) {
  const { run } = await BENCHMARKS[name]();
  await run();
}
