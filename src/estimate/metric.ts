// Work × Hardware → EnergyEstimate: the one shape that every published metric has. One metric per file; table.ts lists them.
// Nothing here runs or measures: every joule that leaves this folder is modelled and says by which equation.
import type { Hardware } from "../hardware/hardware.ts";
import type { Range } from "../units/range.ts";
import type { WorkReport } from "../work/work.ts";

export type { Range } from "../units/range.ts";

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
  /** False when layers could not be counted and are left out: every number is then a lower bound. */
  readonly complete: boolean;
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
  /** Fields of the device's record ("tdpW"), or what the network lacks ("operators that can be counted: 1 of 1 layers unknown"). */
  readonly needs: readonly string[];
}

/** Choices a user can make about a metric. */
export interface EstimateOptions {
  /** Share of peak arithmetic rate that the network reaches, in (0, 1]. Default 1: the bound. */
  readonly utilisationRatio?: Range;
  /** Measured time of the pass, s, for the metrics that are power × time (tdp, green-algorithms). Default: the roofline's. */
  readonly durationS?: Range;
  /** Charge activations as well as weights in op-energy. Default false, as in [Krouka2021]. */
  readonly chargeActivations?: boolean;
  /** Energy of fetching one 32-bit element, J, instead of the default of op-energy. */
  readonly energyPerElementJ?: Range;
  /**
   * Memory that op-energy fetches from: "by-size" (the smallest level that holds the weights, by the device's energies where it
   * has some, else by those of `process`), "DRAM" (at the device's own price) or another level's name.
   * Default: DRAM at 1.3 nJ (0.65–2.6) per 32 bits, whatever the device.
   */
  readonly memoryLevel?: string;
  /**
   * Energies of single operations for devices that have none of their own: the record "horowitz-45nm".
   * Default: none, and op-energy is then missing for such devices.
   */
  readonly process?: Hardware;
  /** Scale the energies of the record "horowitz-45nm" to another node, nm: 45, 32, 20, 16, 14, 10 or 7. Default: not scaled. */
  readonly scaleToNm?: number;
  /**
   * Share of the weights that is not zero, in [0, 1], of all layers with weights or by layer name (others 1). op-energy charges
   * only these: hardware that skips zeros [Krouka2021]. Default 1.
   */
  readonly nonzeroRatio?: number | ReadonlyMap<string, number>;
  /** Power usage effectiveness for green-algorithms. Default 1.67, its published default. */
  readonly pueRatio?: number;
  /** Share of the cores that is in use, in [0, 1], for green-algorithms. Default 1, its published default. */
  readonly usageRatio?: Range;
  /** Memory kept for the job, bytes, for green-algorithms. Default: the device's, else what the network needs. */
  readonly memoryBytes?: number;
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
