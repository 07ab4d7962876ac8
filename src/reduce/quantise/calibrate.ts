// Ranges of activations: the float network runs over samples and every tensor that will have codes is watched.
import { bindDimensions } from "../../graph/bind.ts";
import { elementCount, type Graph } from "../../graph/graph.ts";
import { inferShapes } from "../../graph/shape/infer.ts";
import { shuffledBatches } from "../../learn/data/batches.ts";
import type { DataSet } from "../../learn/data/data-set.ts";
import type { FedTensor } from "../../learn/training-graph.ts";
import type { Runtime, Tensors } from "../../runtime/runtime.ts";
import { InputError } from "../../units/input-error.ts";
import type { WeightedNetwork } from "../network.ts";
import { goOn, type StopSignal } from "../stoppable.ts";
import type { Range } from "./affine.ts";
import type { CalibrationRule, Seen } from "./calibration/rule.ts";

export interface CalibratePlan {
  readonly runtime: Runtime;
  /** Samples to calibrate by: not those that judge. */
  readonly set: DataSet;
  /** How many of them, at most; a whole number from 1. Default 256. */
  readonly samples?: number;
  readonly rule: CalibrationRule;
  /** Which samples are drawn. Default 0. */
  readonly seed?: number;
  readonly dims?: Readonly<Record<string, number>>;
  readonly threads?: number;
  /** Aborted: ends with InputError "interrupted" after the pass that it is in. Default: never. */
  readonly signal?: StopSignal;
  /** Told after each pass: samples that ran, of those that will. A rule with histograms runs each twice. */
  readonly onProgress?: (done: number, total: number) => void;
}

const SAMPLES = 256;
const BINS = 2048;
/** Samples in one pass, at most, and numbers that all watched tensors of a pass may hold. */
const MOST_BATCH = 32;
const MOST_NUMBERS = 2 ** 25;

/** The greatest divisor of `count` up to `limit`: every sample is seen, in passes of one size. */
function divisorUpTo(count: number, limit: number): number {
  for (let divisor = Math.min(count, Math.max(1, limit)); divisor > 1; divisor--)
    if (count % divisor === 0) return divisor;
  return 1;
}

function bound(graph: Graph, batch: number, dims: CalibratePlan["dims"]): Graph {
  return inferShapes(bindDimensions(graph, { batch, dims }).graph).graph;
}

/** Every pass over the samples; twice the same. */
type EachPass = (look: (tensors: Tensors) => void) => Promise<void>;

function notFinite(tensor: string): InputError {
  return new InputError(
    "not-finite",
    `tensor "${tensor}" is not finite for some calibration sample`,
    "mend the network or the samples: no range holds infinity",
  );
}

async function extremes(tensors: readonly string[], eachPass: EachPass): Promise<Map<string, Range>> {
  const seen = new Map<string, Range>();
  await eachPass((outputs) => {
    for (const tensor of tensors) {
      let { low, high } = seen.get(tensor) ?? { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY };
      for (const value of outputs[tensor]!.data as Float32Array) {
        if (!Number.isFinite(value)) throw notFinite(tensor);
        if (value < low) low = value;
        if (value > high) high = value;
      }
      seen.set(tensor, { low, high });
    }
  });
  return seen;
}

async function histograms(ranges: ReadonlyMap<string, Range>, eachPass: EachPass): Promise<Map<string, Seen>> {
  const seen = new Map<string, Seen & { readonly bins: Float64Array }>();
  for (const [tensor, range] of ranges) seen.set(tensor, { ...range, bins: new Float64Array(BINS) });
  await eachPass((outputs) => {
    for (const [tensor, { low, high, bins }] of seen) {
      const perUnit = high > low ? BINS / (high - low) : 0;
      for (const value of outputs[tensor]!.data as Float32Array)
        bins[Math.min(BINS - 1, Math.floor((value - low) * perUnit))]!++;
    }
  });
  return seen;
}

/**
 * The range of each tensor by the rule.
 * @param tensors float tensors of the network, inputs included
 * @throws InputError "no-samples", "not-finite", "interrupted", and for data that do not fit the network
 */
export async function calibrate(
  { graph, weights }: WeightedNetwork,
  tensors: readonly string[],
  plan: CalibratePlan,
): Promise<ReadonlyMap<string, Range>> {
  const { runtime, set, rule, seed = 0, dims, threads } = plan;
  const count = Math.min(plan.samples ?? SAMPLES, set.samples);
  if (!(Number.isInteger(count) && count >= 1))
    throw new InputError("no-samples", `${set.name} has no sample to calibrate by`, "give a data set with samples");
  const single = bound(graph, 1, dims);
  const numbers = tensors.reduce((sum, name) => sum + (elementCount(single.tensors.get(name)) ?? 0), 0);
  const batch = divisorUpTo(count, Math.min(MOST_BATCH, Math.floor(MOST_NUMBERS / Math.max(1, numbers))));
  const shaped = bound(graph, batch, dims);
  const fed = shaped.inputs.map((name): FedTensor => ({ name, role: "data", type: shaped.tensors.get(name)! }));
  const batches = shuffledBatches(set, fed, seed);
  const inputs = new Set(shaped.inputs);
  const watched = { ...shaped, outputs: tensors.filter((name) => !inputs.has(name)) };
  // A graph must have an output; when only inputs are watched, its own will do.
  const session = await runtime.open(watched.outputs.length > 0 ? watched : shaped, {
    weights,
    ...(threads !== undefined && { threads }),
  });
  const total = count * (rule.needsBins ? 2 : 1);
  let ran = 0;
  const eachPass: EachPass = async (look) => {
    let done = 0;
    for await (const feeds of batches.epoch(0)) {
      goOn(plan.signal);
      look({ ...feeds, ...(await session.run(feeds)) });
      done += batch;
      ran += batch;
      plan.onProgress?.(ran, total);
      if (done >= count) break;
    }
  };
  try {
    const ranges = await extremes(tensors, eachPass);
    const seen: ReadonlyMap<string, Seen> = rule.needsBins
      ? await histograms(ranges, eachPass)
      : new Map([...ranges].map(([tensor, range]) => [tensor, { ...range, bins: undefined }]));
    return new Map([...seen].map(([tensor, values]) => [tensor, rule.rangeOf(values)]));
  } finally {
    await session.close();
  }
}
