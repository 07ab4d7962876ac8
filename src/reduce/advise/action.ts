// What advice is made of: types only. An action is one thing that could be done to need fewer joules; it names what to try (candidates), and
// afterwards says from what was tried, or from the metrics, what it would save. The verdict is not its own: verdict.ts has one law for all.
import type { Hardware } from "../../hardware/hardware.ts";
import type { DataSet } from "../../learn/data/data-set.ts";
import type { Score } from "../../learn/train/plan.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Range } from "../../units/range.ts";
import type { WorkReport } from "../../work/work.ts";
import type { Verdict } from "../levers/sweep.ts";
import type { WeightedNetwork } from "../network.ts";
import type { Int8Support } from "../quantise/int8-support.ts";
import type { StopSignal } from "../stoppable.ts";
import type { Bottleneck } from "./bottleneck.ts";

export type Basis = "measured" | "estimated";

/** "measured" only in Advised.accuracy; these are words for what may happen to the answers. */
export type AccuracyRisk = "none" | "low" | "some" | "high";

/** How the network is used. */
export interface Use {
  /** Inferences per second, above 0. */
  readonly ratePerS: number;
  /** How long it will be used so, s, above 0. */
  readonly horizonS: number;
}

/** What candidates are made from. */
export interface Subject {
  readonly network: WeightedNetwork;
  readonly dims: Readonly<Record<string, number>>;
  readonly runtime: Runtime;
  /** To calibrate by; undefined without data. */
  readonly train: DataSet | undefined;
  readonly use: Use;
  /** Longest time that a sample may wait for its batch, s. */
  readonly maxWaitS: number;
  /** Of this machine; what the runtime uses unless told. */
  readonly cores: number;
  readonly processor: Int8Support;
  /** False where only accuracy can be learned here, as the network is to run on another device. */
  readonly isHere: boolean;
  /** Aborted: making a candidate ends with InputError "interrupted". Default: never. */
  readonly signal?: StopSignal;
}

/** Something to run beside the network as it is. */
export interface Candidate {
  /** In words: "batch 8". */
  readonly name: string;
  readonly network: WeightedNetwork;
  readonly batch?: number;
  readonly threads?: number;
  /** The answers may differ: accuracy is looked at. */
  readonly isJudged: boolean;
}

/** A candidate that was run, against the network as it is. */
export interface Tried {
  readonly candidate: Pick<Candidate, "name" | "batch" | "threads">;
  /**
   * Joules per inference, after over before, with a 95 % interval of paired turns. Undefined where it was not run for its joules, or
   * they are not known.
   */
  readonly ratio: Range | undefined;
  /** "measured": a meter read the joules. "estimated": measured time × modelled power. */
  readonly basis: Basis;
  /** Clock time of one inference, s. */
  readonly seconds: { readonly before: number; readonly after: number } | undefined;
  /** On test data; undefined without, or where answers stay the same. */
  readonly score: { readonly before: Score; readonly after: Score } | undefined;
  /** Joules of making the candidate. */
  readonly madeJ: number | undefined;
}

/** Joules of learning from one sample once. */
export interface TrainingPrice {
  readonly perSampleJ: number;
  readonly basis: Basis;
  readonly samples: number;
  readonly epochs: number;
}

/** Everything that is known when advice is given. */
export interface AdviceContext {
  readonly use: Use;
  readonly maxWaitS: number;
  /** Joules of one inference as it is. */
  readonly before: Range;
  readonly beforeBasis: Basis;
  /** One inference: batch 1. */
  readonly work: WorkReport;
  /** The same at another batch; undefined where the network does not allow it. */
  readonly workOf: (batch: number) => WorkReport | undefined;
  /** Batch normalisations that could go into the layer before them, by layer name. */
  readonly foldable: ReadonlySet<string>;
  /** Joules of a pass by the metric of this advice, over the samples in it; undefined where the metric cannot tell. */
  readonly estimate: (work: WorkReport) => Range | undefined;
  /** Joules of a pass by op-energy where zeros are skipped, at this share of weights that are not zero. */
  readonly skippingZeros: (work: WorkReport, nonzeroRatio: number) => Range | undefined;
  /** Whose numbers the metrics use. */
  readonly device: Hardware | undefined;
  /** The advice is for the machine that it is given on. */
  readonly isHere: boolean;
  readonly processor: Int8Support;
  readonly bottleneck: Bottleneck | undefined;
  readonly cores: number;
  /** Clock time of one inference as it is, s; undefined where it was not run. */
  readonly seconds: number | undefined;
  /** By action id. */
  readonly tried: ReadonlyMap<string, readonly Tried[]>;
  /** Why an action could not be tried, by action id. */
  readonly refused: ReadonlyMap<string, string>;
  /** Undefined where no data tell how much there is to learn. */
  readonly training: TrainingPrice | undefined;
  /** Largest loss of accuracy that is accepted, as a share. */
  readonly maxLoss: number;
  /** Two grids to compare; undefined where no other was named. */
  readonly move: { readonly from: GridPlace; readonly to: GridPlace } | undefined;
  /** Power of the device while it runs and while it idles, W; undefined where not known. */
  readonly power: { readonly activeW: number; readonly idleW: number; readonly basis: Basis } | undefined;
}

export interface GridPlace {
  readonly name: string;
  readonly kgPerKwh: number;
}

/** Joules of one inference, and what is saved of them. */
export interface Saving {
  readonly before: number;
  /** With its interval. */
  readonly after: Range;
  /** before − after, with the interval of the difference. */
  readonly saved: Range;
  readonly basis: Basis;
  /** Run here, by meter or clock; not only counted. */
  readonly isTried: boolean;
}

/** What an action would do, before the law has judged it. */
export interface Proposal {
  /** What exactly: "batch 8". */
  readonly change: string;
  readonly saving: Saving | undefined;
  /** Joules of doing it; undefined where not known. */
  readonly costJ: number | undefined;
  readonly costBasis: Basis;
  readonly risk: AccuracyRisk;
  readonly accuracy?: Tried["score"];
  /** Why it will not help, whatever the numbers say. */
  readonly obstacle?: string | undefined;
  /** Why the numbers are what they are: one sentence without a full stop. */
  readonly why: string;
  /** The most that can be said of it: a sweep must confirm a model. */
  readonly atMost?: "perhaps";
  /** Share of the CO2e that is saved without any joule. */
  readonly carbonRatio?: number;
  /** More numbers worth showing: { skippingZerosAfterJ: 0.001 }. */
  readonly numbers?: Readonly<Record<string, number>>;
}

export interface PayBack {
  readonly inferences: number;
  readonly seconds: number;
}

/** A proposal with its verdict. */
export interface Advised extends Proposal {
  readonly action: string;
  /** Up to the horizon, cost not taken off; undefined where not known. */
  readonly savedJ: number | undefined;
  /** Undefined where it never pays, or a number is not known. */
  readonly payBack: PayBack | undefined;
  readonly verdict: Verdict;
}

export interface Action {
  /** On the command line and in JSON: "int8-static". */
  readonly id: string;
  /** What to run. Left out: nothing can be tried. @throws InputError where the network does not allow it */
  readonly candidates?: (subject: Subject) => Promise<readonly Candidate[]>;
  /** What it would save. Undefined: nothing can be said of it here; `silence` says why. */
  readonly consider: (context: AdviceContext) => Proposal | undefined;
  /** Why nothing is said, where consider gives undefined. */
  readonly silence: (context: AdviceContext) => string;
}
