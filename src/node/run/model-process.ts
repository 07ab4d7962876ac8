// The process that runs a network in ONNX Runtime: run() holds its thread, so it must not be ours. Started by model.ts.
import { cpus } from "node:os";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { median } from "../../math/statistics.ts";
import { firstLine } from "../../units/error-text.ts";
import { InputError } from "../../units/input-error.ts";
import { failedAnswer } from "../child.ts";
import { monotonicS } from "../clock.ts";
import { loadOptional } from "../optional-package.ts";
import { providerRefused } from "../runtime/onnx-runtime.ts";
import { randomInput } from "./model-inputs.ts";
import type { LoadOptions, ModelAnswer, ModelOrder, PassesOptions, TimedPasses } from "./model-protocol.ts";

type Runtime = typeof import("onnxruntime-node");

/** Passes whose times are kept for the median. */
const KEPT_TIMES = 65_536;
/** ONNX Runtime's level "errors only": its warnings are about optimisations. */
const LOG_ERRORS = 3;

let runtime: Runtime | undefined;
let isFinishing = false;
let network: InferenceSession | undefined;
/** Inputs of the loaded network: drawing them can take longer than the passes. */
let fed: { readonly key: string; readonly feeds: Record<string, Tensor> } | undefined;

const loadRuntime = (): Promise<Runtime> =>
  loadOptional("no-onnxruntime", "onnxruntime-node", () => import("onnxruntime-node"));

/** What ONNX Runtime refuses is the model's (or the provider's) matter, not a bug of ours. */
function refused(error: unknown, doing: string, hint: string): InputError {
  return new InputError("onnxruntime", `ONNX Runtime cannot ${doing}: ${firstLine(error)}`, hint);
}

async function load({ path, threads, provider = "cpu" }: LoadOptions): Promise<ModelAnswer> {
  runtime ??= await loadRuntime();
  await network?.release();
  network = undefined;
  fed = undefined;
  const startS = monotonicS();
  try {
    network = await runtime.InferenceSession.create(path, {
      executionProviders: [provider],
      logSeverityLevel: LOG_ERRORS,
      ...(threads !== undefined && { intraOpNumThreads: threads }),
    });
  } catch (error) {
    if (provider !== "cpu") throw providerRefused(error, provider, runtime);
    throw refused(error, `load "${path}" on ${provider}`, "`joulecast inspect` may say which operator it is");
  }
  return { kind: "loaded", loadS: monotonicS() - startS, version: runtime.env.versions.node ?? "" };
}

function feedsOf({ inputs, seed }: PassesOptions, { Tensor }: Runtime): Record<string, Tensor> {
  const make = Tensor as unknown as new (type: string, data: unknown, dims: readonly number[]) => Tensor;
  const feeds = inputs.map((input, i) => [
    input.name,
    new make(input.dtype, randomInput(input, seed + i), input.shape),
  ]);
  return Object.fromEntries(feeds) as Record<string, Tensor>;
}

/** Outputs come back to memory before run() resolves, also from a GPU: the end of a pass is the end of its work. */
async function pass(session: InferenceSession, feeds: Record<string, Tensor>): Promise<void> {
  const outputs = await session.run(feeds);
  for (const output of Object.values(outputs)) output.dispose();
}

/** CPU time of the whole machine and of this process, s. */
function cpuTimes(): { readonly allS: number; readonly ownS: number } {
  const all = cpus().map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq);
  const { user, system } = process.cpuUsage();
  return { allS: all.reduce((total, ms) => total + ms, 0) / 1e3, ownS: (user + system) / 1e6 };
}

async function timed(
  session: InferenceSession,
  feeds: Record<string, Tensor>,
  options: PassesOptions,
): Promise<TimedPasses> {
  const times: number[] = [];
  let [passes, minS, maxS] = [0, Number.POSITIVE_INFINITY, 0];
  const before = cpuTimes();
  const startS = monotonicS();
  answer({ kind: "started", startS });
  const isEnough = (nowS: number) =>
    isFinishing || (options.passes === undefined ? nowS - startS >= options.durationS : passes >= options.passes);
  let beforeS = startS;
  do {
    await pass(session, feeds);
    const nowS = monotonicS();
    const tookS = nowS - beforeS;
    beforeS = nowS;
    passes++;
    minS = Math.min(minS, tookS);
    maxS = Math.max(maxS, tookS);
    if (times.length < KEPT_TIMES) times.push(tookS);
  } while (!isEnough(beforeS));
  const after = cpuTimes();
  const othersS = Math.max(0, after.allS - before.allS - (after.ownS - before.ownS));
  const meanS = (beforeS - startS) / passes;
  return { startS, endS: beforeS, passes, meanS, medianS: median(times), minS, maxS, othersS };
}

async function run(options: PassesOptions): Promise<ModelAnswer> {
  if (runtime === undefined || network === undefined) throw new Error("run before load");
  const key = JSON.stringify([options.inputs, options.seed]);
  try {
    if (fed?.key !== key) fed = { key, feeds: feedsOf(options, runtime) };
    const { feeds } = fed;
    for (let i = 0; i < options.warmup; i++) await pass(network, feeds);
    return { kind: "done", passes: await timed(network, feeds, options) };
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw refused(error, "run the network", "check --batch and --dim against what the network was exported for");
  }
}

function answer(said: ModelAnswer | ReturnType<typeof failedAnswer>): void {
  process.send?.(said);
}

const ORDERS: {
  readonly [K in ModelOrder["kind"]]: (order: Extract<ModelOrder, { kind: K }>) => Promise<ModelAnswer | undefined>;
} = {
  load: ({ options }) => load(options),
  run: ({ options }) => run(options),
  finish: async () => {
    isFinishing = true;
    return undefined;
  },
  stop: async () => process.exit(0),
};

process.on("message", (order: ModelOrder) => {
  (ORDERS[order.kind] as (order: ModelOrder) => Promise<ModelAnswer | undefined>)(order).then(
    (said) => said && answer(said),
    (error) => answer(failedAnswer(error)),
  );
});
process.on("disconnect", () => process.exit(0));
// What is sent to the whole process group reaches us too: the one who started us decides.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) process.on(name, () => undefined);
