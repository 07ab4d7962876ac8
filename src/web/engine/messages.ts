// What the page and its worker say to each other: plain objects that cross by structured clone. No code but types.
import type { EnergyEstimate, MissingEstimate } from "../../estimate/metric.ts";
import type { Hardware } from "../../hardware/hardware.ts";
import type { CostTable } from "../../split/costs.ts";
import type { FeatureBits } from "../../split/features.ts";
import type { WorkReport } from "../../work/work.ts";

/** Where a network comes from. A file stays on the user's machine: only slices of it are read. */
export type ModelSource =
  | { readonly kind: "zoo"; readonly name: string }
  | { readonly kind: "file"; readonly file: File }
  /** A file that the local server was given, read in ranges. */
  | { readonly kind: "served"; readonly url: string; readonly name: string; readonly sizeBytes: number };

/** A dimension that the file leaves open: a symbol ("seq") or an input's axis ("input.2"). */
export interface OpenDimension {
  readonly name: string;
  /** Where it stands, for people: "input tokens, axis 1". */
  readonly where: string;
}

export interface LoadedModel {
  readonly key: string;
  readonly name: string;
  /** Besides the batch. */
  readonly open: readonly OpenDimension[];
}

/** What is asked about a loaded network. Every field is one control of the page. */
export interface Question {
  readonly devices: readonly string[];
  /** Samples in one pass; left out: what the file says, 1 where it is open. */
  readonly batch?: number;
  readonly dims: Readonly<Record<string, number>>;
  readonly phase: "inference" | "training";
  /** Country code or name of a grid. */
  readonly region: string;
  /** Share of the peak rate that arithmetic reaches, in (0, 1]. */
  readonly peakShareRatio: number;
}

/** One device × metric. */
export interface Answer extends EnergyEstimate {
  readonly perInferenceJ: number;
  readonly perInferenceLowJ: number;
  readonly perInferenceHighJ: number;
  /** Of one inference, kg. */
  readonly co2eKg: number;
}

export interface Grid {
  readonly code: string;
  readonly name: string;
  readonly kgPerKwh: number;
  readonly source: string;
  readonly year: string;
}

export interface Estimated {
  readonly work: WorkReport;
  readonly answers: readonly Answer[];
  readonly missing: readonly MissingEstimate[];
  readonly grid: Grid;
}

export interface Catalogue {
  readonly devices: readonly Hardware[];
  readonly networks: readonly { readonly name: string; readonly summary: string }[];
  readonly regions: readonly { readonly code: string; readonly name: string }[];
}

/** What is asked about cutting a network. */
export interface SplitQuestion extends Pick<Question, "batch" | "dims"> {
  readonly device: string;
  /** Default: the server's joules and seconds are not known. */
  readonly server?: string;
  /** The raw input may be sent. */
  readonly allowRaw: boolean;
  /** Bits of one sent float. */
  readonly bits: FeatureBits;
}

export interface SplitAnswer {
  /** Layers in order: names for the drawing. */
  readonly layers: readonly { readonly name: string; readonly op: string }[];
  /** Cuts to choose from; one typed array per number. */
  readonly table: CostTable;
  readonly metric: string;
  readonly assumptions: readonly string[];
}

/** What the user can mend, as an object that survives the crossing. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export type Request =
  | { readonly kind: "catalogue" }
  | { readonly kind: "load"; readonly key: string; readonly source: ModelSource }
  | { readonly kind: "estimate"; readonly key: string; readonly question: Question }
  | { readonly kind: "split"; readonly key: string; readonly question: SplitQuestion };

/** Answer of each kind of request. */
export interface Replies {
  readonly catalogue: Catalogue;
  readonly load: LoadedModel;
  readonly estimate: Estimated;
  readonly split: SplitAnswer;
}

export interface Call {
  readonly id: number;
  readonly request: Request;
}

export type Reply =
  | { readonly id: number; readonly value: Replies[keyof Replies] }
  | { readonly id: number; readonly problem: Problem };
