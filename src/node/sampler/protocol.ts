// What the sampler's process is told and what it answers: plain objects over Node's message channel.
import type { SourceInfo, Unusable } from "../../measure/power-source.ts";
import type { DimmOptions } from "../meters/models/dram-dimm.ts";
import type { JournalOptions } from "../store/journal.ts";

/** Which machine is read, in words that cross a process boundary. */
export interface MachineSpec {
  /** Folder that stands for "/". Default: the real root. */
  readonly root?: string;
  /** A recording (`measure --record`) to read instead of the machine. */
  readonly replay?: string;
  /** CSV that a wall meter's program is writing: one more source. */
  readonly wallMeter?: string;
  /** TDP of one CPU socket for the modelled CPU power, W. Default: not known. */
  readonly cpuTdpW?: number;
  /** Modules of memory for the modelled DRAM power, where they cannot be looked up. */
  readonly dimms?: Pick<DimmOptions, "count" | "generation">;
  /** Whether modelled sources may fill gaps. Default true. */
  readonly models?: boolean;
  /** Only sources whose id begins with one of these. Default: all. */
  readonly only?: readonly string[];
}

/** Where the journal goes and what its header says; the sampler adds time and sources. */
export type JournalPlan = Omit<JournalOptions, "sources" | "startedAt" | "disk">;

export interface StartOptions {
  readonly machine: MachineSpec;
  /** Reads per second of every source, in (0, 1000]. Sources whose counter wraps fast are read more often. */
  readonly rateHz: number;
  readonly journal: JournalPlan;
  /** Whether the journal's folder outlives the program that asked for it. false: removed when that program ends. */
  readonly keep: boolean;
}

export type SamplerOrder =
  | { readonly kind: "start"; readonly options: StartOptions }
  /** `timeS` in recording time. Window marks also cause a read of all sources. */
  | { readonly kind: "mark"; readonly timeS: number; readonly name: string; readonly value?: string | number }
  | { readonly kind: "flush" }
  | { readonly kind: "stats" }
  | { readonly kind: "stop"; readonly exitCode?: number };

export type SamplerAnswer =
  | {
      readonly kind: "ready";
      /** Monotonic time of the recording's time 0, s. */
      readonly startS: number;
      readonly sources: readonly SourceInfo[];
      readonly unusable: readonly Unusable[];
      readonly journalPath: string;
    }
  | { readonly kind: "flushed" }
  | { readonly kind: "stats"; readonly stats: SamplerStats }
  /** A signal that it was sent and did not obey: so one that was sent to the whole process group. */
  | { readonly kind: "signalled"; readonly name: string; readonly monotonicS: number }
  | { readonly kind: "stopped"; readonly endS: number; readonly stats: SamplerStats };

/** What the sampler did and what it cost. */
export interface SamplerStats {
  readonly elapsedS: number;
  /** CPU time of the sampler's process since it began to read, s. */
  readonly cpuS: number;
  /** cpuS / elapsedS: share of one core. */
  readonly coreRatio: number;
  readonly memoryBytes: number;
  readonly marks: number;
  /** Why the journal could not be written, the last time; what could not be written is missing from the recording. */
  readonly journalProblem?: { readonly code: string; readonly message: string; readonly hint: string };
  readonly sources: readonly SourceStats[];
}

export interface SourceStats {
  readonly id: string;
  /** Time between two reads, s. */
  readonly periodS: number;
  readonly reads: number;
  readonly failedReads: number;
  /** Places in the schedule that came too late and were left out. */
  readonly skippedReads: number;
  /** Newest reading, J or W. */
  readonly last?: { readonly timeS: number; readonly value: number };
}
