// What a network costs and how good it is, all in one place: written down before and after a reduction, so that both can be laid side
// by side. Counting is work/, pricing estimate/, timing timing.ts, judging judge.ts; here they are only put together.
import { estimateAll } from "../estimate/estimate.ts";
import { METRICS } from "../estimate/table.ts";
import type { Hardware } from "../hardware/hardware.ts";
import type { Score } from "../learn/train/plan.ts";
import { countGraph } from "../work/count-graph.ts";
import type { Work, WorkReport } from "../work/work.ts";
import type { WeightedNetwork } from "./network.ts";
import { type Zeros, zerosOf } from "./zeros.ts";

/** Clock time of one inference. */
export interface InferenceTime {
  /** Middle of all passes, s per inference. */
  readonly medianS: number;
  /** Quartiles of all passes, s per inference. */
  readonly lowS: number;
  readonly highS: number;
  readonly passes: number;
  /** Samples in one pass. */
  readonly batch: number;
}

/** Joules of one inference as a meter told them. */
export interface MeasuredInference {
  readonly perInferenceJ: number;
  /** 95 % interval. */
  readonly lowJ: number;
  readonly highJ: number;
  /** "measured", "modelled", …: of what kind the meter's joules are. */
  readonly kind: string;
  /** Whether idle power is taken off. */
  readonly isNet: boolean;
}

/** What is left when weights that are zero are skipped, as some hardware does and a dense runtime does not. */
export interface NonzeroRecord {
  readonly params: number;
  readonly macs: number;
  /** Joules per inference, of the metrics that take a share of zeros; as dense where there are none. */
  readonly energyJ: Readonly<Record<string, number>>;
}

/** A network's numbers, of one inference. */
export interface NetworkRecord {
  /** With every weight, zeros included: what a dense runtime does. */
  readonly work: Work;
  readonly nonzero: NonzeroRecord;
  /** Joules per inference by metric, dense; empty without a device. */
  readonly energyJ: Readonly<Record<string, number>>;
  /** In the runtime of this machine; undefined where it was not timed. */
  readonly time: InferenceTime | undefined;
  /** Undefined where nothing could be read. */
  readonly measured: MeasuredInference | undefined;
  /** On test data; undefined without any. */
  readonly score: Score | undefined;
}

/** Before and after. */
export interface ReductionRecord {
  readonly before: NetworkRecord;
  readonly after: NetworkRecord;
}

/** What a record needs besides the network; what is left out stays undefined in it. */
export interface RecordPlan {
  /** Lengths of symbolic dimensions by name. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Device that the metrics are asked about. Default: none, and no estimate. */
  readonly device?: Hardware | undefined;
  /** Energies of single operations for devices without their own: the record "horowitz-45nm". */
  readonly process?: Hardware | undefined;
  readonly time?: InferenceTime | undefined;
  readonly measured?: MeasuredInference | undefined;
  readonly score?: Score | undefined;
}

/** Metrics whose estimate takes a share of weights that are not zero. */
const SKIPS_ZEROS: readonly string[] = ["op-energy"];

type Ratios = ReadonlyMap<string, number>;

function joules(
  work: WorkReport,
  { device, process }: RecordPlan,
  nonzeroRatio?: Ratios,
): Readonly<Record<string, number>> {
  if (device === undefined) return {};
  const metrics = nonzeroRatio === undefined ? METRICS : METRICS.filter(({ id }) => SKIPS_ZEROS.includes(id));
  const options = { ...(process && { process }), ...(nonzeroRatio && { nonzeroRatio }) };
  const { estimates } = estimateAll(work, [device], metrics, options);
  return Object.fromEntries(estimates.map(({ metric, energyJ }) => [metric, energyJ / work.batch]));
}

function nonzeroOf(work: WorkReport, zeros: Zeros, plan: RecordPlan): NonzeroRecord {
  const macs = work.layers.reduce((sum, layer) => sum + layer.macs * (zeros.nonzeroRatio.get(layer.name) ?? 1), 0);
  return {
    params: work.total.params - zeros.count,
    macs,
    energyJ: joules(work, plan, zeros.nonzeroRatio),
  };
}

/**
 * The record of a network. Reads every weight once, to count zeros.
 * @throws InputError for dimensions that are unbound
 */
export async function recordNetwork(network: WeightedNetwork, plan: RecordPlan = {}): Promise<NetworkRecord> {
  const { dims, time, measured, score } = plan;
  const work = countGraph(network.graph, { batch: 1, ...(dims && { dims }) });
  const zeros = await zerosOf(network);
  return {
    work: work.total,
    nonzero: nonzeroOf(work, zeros, plan),
    energyJ: joules(work, plan),
    time,
    measured,
    score,
  };
}

/** Whether a meter can tell two networks apart: their 95 % intervals do not meet. Undefined where one was not read. */
export function isClear({
  before: { measured: first },
  after: { measured: second },
}: ReductionRecord): boolean | undefined {
  if (first === undefined || second === undefined) return undefined;
  return second.highJ < first.lowJ || second.lowJ > first.highJ;
}

/** Share saved from before to after, in (−∞, 1]; negative where it grew; undefined where one is not known or nothing was there. */
export function savedRatio(before: number | undefined, after: number | undefined): number | undefined {
  return before === undefined || after === undefined || before === 0 ? undefined : 1 - after / before;
}
