// Work × Hardware → EnergyEstimate: the one shape that every published metric has. One metric per file; table.ts lists them.
// Nothing here runs or measures: every joule that leaves this folder is modelled and says by which equation.
import type { Hardware } from "../hardware/hardware.ts";
import type { WorkReport } from "../work/work.ts";

/** A sourced range around a value: the span of the numbers that went in, no confidence interval. */
export interface Range {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Energy of one layer, J. */
export interface LayerEnergy {
  readonly name: string;
  readonly energyJ: number;
}

/** What one metric says about one pass of the batch (or one training step) on one device. */
export interface EnergyEstimate {
  readonly device: string;
  readonly metric: string;
  /** Of the whole pass, J. Sum of `layers`. */
  readonly energyJ: number;
  readonly lowJ: number;
  readonly highJ: number;
  /** Time of the pass where the metric implies one, s. */
  readonly durationS: number | undefined;
  /** Where the joules go besides layers: "compute", "memory", "idle". J, sum = energyJ. */
  readonly parts: Readonly<Record<string, number>>;
  readonly layers: readonly LayerEnergy[];
  /** In words: equation with numbers, data type used, what was left out. */
  readonly assumptions: readonly string[];
}

/** The answer when a number is not there: which. Absence is never a number. */
export interface MissingEstimate {
  readonly device: string;
  readonly metric: string;
  /** Field names with units and the place to put them: "tdpW". */
  readonly needs: readonly string[];
}

/** Choices a user can make about a metric. */
export interface EstimateOptions {
  /** Share of peak arithmetic rate that the network reaches, in (0, 1]. Default 1: the bound. */
  readonly utilisationRatio?: Range;
  /** Charge activations as well as weights in op-energy. Default false, as in [Krouka2021]. */
  readonly chargeActivations?: boolean;
  /** Energy of fetching one 32-bit element, J, instead of the default of op-energy. */
  readonly energyPerElementJ?: Range;
  /** Scale 45 nm energies to another node, nm. Default: not scaled. */
  readonly scaleToNm?: number;
  /** Power usage effectiveness for green-algorithms. Default 1.67, its published default. */
  readonly pueRatio?: number;
}

/** A published way to turn work into joules. */
export interface EnergyMetric {
  /** Name on the command line: "flops-per-watt". */
  readonly id: string;
  readonly name: string;
  /** In plain text: "E = FLOPs / (FLOP/s per W)". */
  readonly equation: string;
  /** Key of REFERENCES.md. */
  readonly source: string;
  /** When the metric misleads, one sentence. */
  readonly caution: string;
  estimate(work: WorkReport, hardware: Hardware, options: EstimateOptions): EnergyEstimate | MissingEstimate;
}
