// Which columns say what was measured, or how, and never what a layer is: by their words and units, and by how closely they follow the
// target. Names are read word by word, so that time_steps and head_count stay features. Not which columns are parameters (parameters.ts).
import { pearson } from "../../math/statistics.ts";
import { MACHINE_COLUMNS } from "./measured.ts";

/** Anywhere in the name, run together or not: "energyconsumed". */
const MEASURED = /energ|power|watt|joule|emission|carbon|duration|latency|elapsed|seconds|timestamp/i;
/** One word of the name is this. */
const MEASURED_WORD = /^(cost|costs|secs?|runtime|walltime|co2|co2e)$/;
/** The last word of a longer name is a unit. */
const UNIT = /^(j|mj|uj|nj|kj|w|mw|kw|s|ms|us|ns|sec|wh|kwh|mwh)$/;
/** … unless the rest says a length: kernel_w is a width, stride_s no time. */
const GEOMETRY = /^(kernel|filter|image|img|input|output|in|out|pad|padding|stride|dilation|pool|feature|map|h)$/;
/** The whole name numbers or repeats a row. */
const BOOKKEEPING =
  /^(rep|reps|repeat|repeats|repetitions?|runs?|pass|passes|index|idx|id|line|row|seed|test|train|val|validation|split|fold|others_cpu|date|day|datetime|unnamed.*|.*_(no|id|idx|index|passes|seed))?$/;
const LONE_UNIT = /^(j|w|s|ms|us|ns)$/;

/** "E_mJ" → e, mj; "cpuTime" → cpu, time. */
const wordsOf = (column: string): string[] =>
  column
    .replace(/([a-z0-9])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");

/** Why a column cannot say what a layer is; undefined where it may. */
export function outcomeReason(column: string): string | undefined {
  const words = wordsOf(column);
  const last = words.at(-1) ?? "";
  const name = words.join("_");
  if (MEASURED.test(column) || words.some((word) => MEASURED_WORD.test(word)) || last === "time")
    return "it holds what was measured";
  if (LONE_UNIT.test(name) || (words.length > 1 && UNIT.test(last) && !GEOMETRY.test(words.at(-2)!)))
    return "its name ends in a unit of what is measured";
  if (BOOKKEEPING.test(name)) return "it numbers or repeats rows";
  if (MACHINE_COLUMNS.test(column) || name.endsWith("size_gb")) return "it describes the machine";
  return undefined;
}

/** Correlation beyond which a column is the target in other words. */
const SAME = 0.9999;

/** True when the values, or their logarithms, rise and fall with the target to four nines. */
export function followsTarget(values: readonly number[], target: readonly number[]): boolean {
  if (pearson(values, target) >= SAME) return true;
  return values.every((value) => value > 0) && pearson(values.map(Math.log), target.map(Math.log)) >= SAME;
}
