// Clock time of networks side by side: they take turns, so that a machine that grows hot or busy slows all of them alike.
import { batchOf, bindDimensions } from "../graph/bind.ts";
import type { Clock } from "../learn/train/plan.ts";
import { seededRandom } from "../math/random.ts";
import { median, quantile } from "../math/statistics.ts";
import type { Runtime, Session, Tensors } from "../runtime/runtime.ts";
import { isTensorType, lengthOf, type Tensor, zeros } from "../runtime/tensor.ts";
import { InputError } from "../units/input-error.ts";
import type { WeightedNetwork } from "./network.ts";
import type { InferenceTime } from "./record.ts";
import { goOn, type StopSignal } from "./stoppable.ts";

export interface TimingPlan {
  readonly runtime: Runtime;
  readonly clock: Clock;
  /** Samples in one pass. Default 1. */
  readonly batch?: number;
  readonly dims?: Readonly<Record<string, number>>;
  /** Length of one turn, s. Default 0.3. */
  readonly turnS?: number;
  /** Turns of each network. Default 5. */
  readonly turns?: number;
  /** Passes before the first turn. Default 3. */
  readonly warmUp?: number;
  readonly threads?: number;
  /** Of the inputs. Default 0. */
  readonly seed?: number;
  /** Wraps a turn: a window in which a meter reads. The name tells network and turn apart. Default: nothing. */
  readonly section?: (name: string, passes: () => Promise<void>) => Promise<void>;
  /** Aborted: ends with InputError "interrupted" after the pass that it is in. Default: never. */
  readonly signal?: StopSignal;
}

/** One turn, as `section` was called. */
export interface Turn {
  readonly name: string;
  readonly passes: number;
}

/** A network with settings of its own, where they differ from the plan's. */
export interface TimedSubject extends WeightedNetwork {
  readonly batch?: number;
  readonly threads?: number;
}

export interface TimedNetwork {
  readonly time: InferenceTime;
  readonly turns: readonly Turn[];
}

/** Random numbers of the inputs' shapes: floats in [0, 1), integers 0. @throws InputError "unsupported-input" */
function randomFeeds(network: WeightedNetwork, seed: number): Tensors {
  const random = seededRandom(seed);
  const feeds = network.graph.inputs.map((name): readonly [string, Tensor] => {
    const type = network.graph.tensors.get(name);
    if (type?.shape === undefined || !isTensorType(type.dtype))
      throw new InputError(
        "unsupported-input",
        `input "${name}" has no shape or a type that cannot be fed`,
        "export the network with typed inputs",
      );
    const shape = type.shape as readonly number[]; // bound: only numbers are left
    const data = zeros(type.dtype, lengthOf(shape));
    if (data instanceof Float32Array || data instanceof Float64Array)
      for (let i = 0; i < data.length; i++) data[i] = random.uniform();
    return [name, { dtype: type.dtype, shape, data }];
  });
  return Object.fromEntries(feeds);
}

interface Opened {
  readonly name: string;
  readonly session: Session;
  readonly feeds: Tensors;
  readonly batch: number;
  readonly passesS: number[];
  readonly turns: Turn[];
}

async function openAll(networks: Readonly<Record<string, TimedSubject>>, plan: TimingPlan): Promise<Opened[]> {
  const { runtime, dims, seed = 0 } = plan;
  const opened: Opened[] = [];
  try {
    for (const [name, network] of Object.entries(networks)) {
      const { graph, weights, batch = plan.batch ?? 1, threads = plan.threads } = network;
      const bound = bindDimensions(graph, { batch, dims }).graph;
      const session = await runtime.open(bound, { weights, ...(threads !== undefined && { threads }) });
      const feeds = randomFeeds({ graph: bound, weights }, seed);
      opened.push({ name, session, feeds, batch: batchOf(bound), passesS: [], turns: [] });
    }
  } catch (error) {
    for (const { session } of opened) await session.close();
    throw error;
  }
  return opened;
}

async function takeTurn(one: Opened, { clock, turnS = 0.3, signal }: TimingPlan): Promise<number> {
  const startS = clock.nowS();
  let passes = 0;
  for (let nowS = startS; passes === 0 || nowS - startS < turnS; passes++) {
    goOn(signal);
    await one.session.run(one.feeds);
    const endS = clock.nowS();
    one.passesS.push(endS - nowS);
    nowS = endS;
  }
  return passes;
}

const timeOf = ({ passesS, batch }: Opened): InferenceTime => ({
  medianS: median(passesS) / batch,
  lowS: quantile(passesS, 0.25) / batch,
  highS: quantile(passesS, 0.75) / batch,
  passes: passesS.length,
  batch,
});

/**
 * Runs every network for `turns` turns, one after the other in each round.
 * @param networks by name: "before", "after"
 * @throws InputError when the runtime refuses one, and "interrupted"
 */
export async function timeNetworks<K extends string>(
  networks: Readonly<Record<K, TimedSubject>>,
  plan: TimingPlan,
): Promise<Readonly<Record<K, TimedNetwork>>> {
  const { turns = 5, warmUp = 3, section = (_name: string, passes: () => Promise<void>) => passes() } = plan;
  const opened = await openAll(networks, plan);
  try {
    for (const { session, feeds } of opened)
      for (let i = 0; i < warmUp; i++) {
        goOn(plan.signal);
        await session.run(feeds);
      }
    for (let turn = 1; turn <= turns; turn++) {
      for (const one of opened) {
        const name = `${one.name} ${turn}/${turns}`;
        let passes = 0;
        await section(name, async () => {
          passes = await takeTurn(one, plan);
        });
        one.turns.push({ name, passes });
      }
    }
  } finally {
    for (const { session } of opened) await session.close();
  }
  const timed = opened.map((one): readonly [string, TimedNetwork] => [
    one.name,
    { time: timeOf(one), turns: one.turns },
  ]);
  return Object.fromEntries(timed) as Record<string, TimedNetwork> as Record<K, TimedNetwork>;
}
