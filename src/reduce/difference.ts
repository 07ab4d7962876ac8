// How far two networks' outputs are apart on the same samples: what a reduction did to the answers, beside what it did to accuracy.
import { bindDimensions } from "../graph/bind.ts";
import { orderedBatches } from "../learn/data/batches.ts";
import { type DataSet, limited } from "../learn/data/data-set.ts";
import type { FedTensor } from "../learn/training-graph.ts";
import type { Runtime, Session } from "../runtime/runtime.ts";
import type { WeightedNetwork } from "./network.ts";
import { goOn, type StopSignal } from "./stoppable.ts";

export interface DifferencePlan {
  readonly runtime: Runtime;
  readonly set: DataSet;
  /** Samples looked at, at most. Default 256. */
  readonly samples?: number;
  readonly dims?: Readonly<Record<string, number>>;
  readonly threads?: number;
  /** Aborted: ends with InputError "interrupted" after the pass that it is in. Default: never. */
  readonly signal?: StopSignal;
}

export interface Difference {
  /** Largest |a − b| of any output number. */
  readonly largest: number;
  /** √(Σ(a − b)² / Σa²); 0 where both are 0. */
  readonly relativeRms: number;
  readonly samples: number;
}

const SAMPLES = 256;

/** By the first output. @throws InputError when the data do not fit, and "interrupted" */
export async function outputDifference(
  a: WeightedNetwork,
  b: WeightedNetwork,
  plan: DifferencePlan,
): Promise<Difference> {
  const { runtime, dims, threads } = plan;
  const set = limited(plan.set, plan.samples ?? SAMPLES);
  const bound = [a, b].map(({ graph }) => bindDimensions(graph, { batch: 1, dims }).graph);
  const [first] = bound as [(typeof bound)[0]];
  const sessions: Session[] = [];
  let [largest, squares, whole] = [0, 0, 0];
  try {
    for (const [i, graph] of bound.entries()) {
      const { weights } = [a, b][i]!;
      sessions.push(await runtime.open(graph, { weights, ...(threads !== undefined && { threads }) }));
    }
    const fed = first.inputs.map((name): FedTensor => ({ name, role: "data", type: first.tensors.get(name)! }));
    for await (const feeds of orderedBatches(set, fed).epoch(0)) {
      goOn(plan.signal);
      const [one, other] = await Promise.all(sessions.map((session) => session.run(feeds)));
      const numbers = one![first.outputs[0]!]!.data as Float32Array;
      const others = other![bound[1]!.outputs[0]!]!.data as Float32Array;
      numbers.forEach((value, i) => {
        const gap = Math.abs(value - others[i]!);
        largest = Math.max(largest, gap);
        squares += gap * gap;
        whole += value * value;
      });
    }
  } finally {
    for (const session of sessions) await session.close();
  }
  return { largest, relativeRms: squares === 0 ? 0 : Math.sqrt(squares / whole), samples: set.samples };
}
