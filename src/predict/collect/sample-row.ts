// One measured configuration as it stands in a samples file: one JSON object per line, read by `fit` (layerwise/samples.ts).
import { sum } from "../../math/statistics.ts";
import type { Parameters } from "../layerwise/parameters.ts";

/** What the joules of a sample are. */
export const MODELLED_KIND = "modelled power × measured time";

/** Times and joules of a configuration. */
export interface PointTiming {
  readonly repetitions: readonly Repetition[];
  /** Passes in all repetitions. */
  readonly passes: number;
  /** Joules of all repetitions by the sources that count, idle power included; undefined: not known. */
  readonly grossJ: number | undefined;
  /** The same above idle; undefined without a baseline. */
  readonly netJ: number | undefined;
  /** "measured", "integrated", "modelled" or "mixed". */
  readonly kind: string;
}

/** The machine and the way of running: the same for all rows of a file. */
export interface CollectedOn {
  readonly cpu_name: string;
  /** Logical CPUs. */
  readonly cpu_count: number;
  /** Threads within an operator; 0: the runtime's choice. */
  readonly threads: number;
  readonly provider: string;
  readonly runtime: string;
}

export interface SampleOf {
  readonly id: string;
  /** Layer type, or "network" for a whole one. */
  readonly op: string;
  readonly parameters: Parameters;
  readonly network?: string;
  readonly layer?: string;
}

/** Columns: `pass_s` and `energy_j` are of one pass of the batch; the rest says how they came about. */
export type SampleRow = Readonly<Record<string, string | number>>;

/** The two fastest repetitions of a machine that does nothing else differ by less. */
const AGREEMENT = 0.05;
/** Other programs' share of one CPU in a quiet repetition, beyond what the system's ticks blur, s. */
const QUIET_RATIO = 0.3;
const BLUR_S = 0.02;

/** One timed repetition. */
export interface Repetition {
  /** Median time of a pass, s. */
  readonly passS: number;
  readonly durationS: number;
  /** CPU time that other programs had meanwhile, s. */
  readonly othersS: number;
}

const isQuiet = ({ durationS, othersS }: Repetition): boolean => othersS <= QUIET_RATIO * durationS + BLUR_S;

/** Times of the repetitions that count, fastest first: the quiet ones, or all where none is. */
function countedS(repetitions: readonly Repetition[]): number[] {
  const quiet = repetitions.filter(isQuiet);
  return (quiet.length > 0 ? quiet : repetitions).map(({ passS }) => passS).sort((a, b) => a - b);
}

/** True when two repetitions agree and nothing else was running. */
export function isSteady(repetitions: readonly Repetition[]): boolean {
  const [first = 0, second = first] = countedS(repetitions);
  return repetitions.some(isQuiet) && second <= first * (1 + AGREEMENT);
}

/** In words, what a sample's joules are. */
const joulesKind = (kind: string): string => (kind === "modelled" ? MODELLED_KIND : kind);

/**
 * The time is that of the least disturbed repetition, and joules are mean power × that time: what other programs took is not the layer's.
 * @param overheadS time of a call that does next to nothing; it is the caller's, not the layer's
 */
export function sampleRow(sample: SampleOf, timing: PointTiming, on: CollectedOn, overheadS: number): SampleRow {
  const { repetitions, passes, grossJ, netJ, kind } = timing;
  const runS = countedS(repetitions)[0]!;
  const durationS = sum(repetitions.map((each) => each.durationS));
  // A layer shorter than the call's own jitter cannot be told from nothing: a tenth of the call is what is left of it.
  const ownS = Math.max(runS - overheadS, overheadS / 10);
  const joules = (energyJ: number | undefined, name: string) =>
    energyJ === undefined || !(energyJ > 0) ? {} : { [name]: (energyJ / durationS) * ownS };
  return {
    id: sample.id,
    op: sample.op,
    ...(sample.network !== undefined && { network: sample.network }),
    ...(sample.layer !== undefined && { layer: sample.layer }),
    ...sample.parameters,
    pass_s: ownS,
    ...joules(grossJ, "energy_j"),
    ...joules(netJ, "net_energy_j"),
    ...(grossJ !== undefined && { power_w: grossJ / durationS }),
    energy_kind: joulesKind(kind),
    run_s: runS,
    run_high_s: Math.max(...repetitions.map(({ passS }) => passS)),
    others_cpu: sum(repetitions.map(({ othersS }) => othersS)) / durationS,
    overhead_s: overheadS,
    steady: isSteady(repetitions) ? "yes" : "no",
    repeats: repetitions.length,
    passes,
    ...on,
  };
}
