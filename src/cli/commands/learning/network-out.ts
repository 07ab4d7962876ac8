// Where a network that was made goes, for whatever makes one: checked before any work, and a file that is there is kept unless the user
// says otherwise and there is something worth keeping in its stead.
import { existsSync } from "node:fs";
import type { Graph } from "../../../graph/graph.ts";
import type { TrainingResult } from "../../../learn/train/plan.ts";
import { checkWritable, writeWhole } from "../../../node/files.ts";
import { writeOnnx } from "../../../onnx/write.ts";
import type { WeightReader } from "../../../runtime/runtime.ts";
import { InputError } from "../../../units/input-error.ts";
import type { OptionSpec, OptionValues } from "../../command.ts";
import { flagOption, textOption } from "../../options.ts";

export const FORCE_OPTION: OptionSpec = {
  flags: "--force",
  description: "replace the file of --out where there is one",
};

/** Why what a training gave is not worth writing; undefined: it is. */
export const noEpochOf = ({ end, rows }: Pick<TrainingResult, "end" | "rows">): string | undefined =>
  end === "interrupted" && rows.length === 0 ? "interrupted before the first epoch ended" : undefined;

/**
 * --out. Call it before any work is done.
 * @returns undefined without --out
 * @throws InputError "exists" when there is a file and no --force, "cannot-write"
 */
export function outOption(options: OptionValues): string | undefined {
  const out = textOption(options, "--out");
  if (out === undefined) return undefined;
  if (existsSync(out) && !flagOption(options, "--force"))
    throw new InputError("exists", `"${out}" exists already`, "give another --out, or --force to replace it");
  checkWritable(out);
  return out;
}

/** What became of --out. */
export interface NetworkOut {
  /** Undefined where nothing was written. */
  readonly written: string | undefined;
  /** That a file was asked for and not written, and why; for the report too. */
  readonly left: readonly string[];
  /** What to say on stderr. */
  readonly remarks: readonly string[];
}

/**
 * Writes the network.
 * @param unfinished why it is not worth writing; undefined: it is
 */
export async function writeNetwork(
  out: string | undefined,
  { graph, weights }: { readonly graph: Graph; readonly weights: WeightReader },
  unfinished: string | undefined,
): Promise<NetworkOut> {
  if (out === undefined) return { written: undefined, left: [], remarks: [] };
  if (unfinished !== undefined) {
    const left = [`${out} was not written: ${unfinished}`];
    return { written: undefined, left, remarks: left };
  }
  await writeWhole(out, writeOnnx(graph, weights));
  return { written: out, left: [], remarks: [`wrote ${out}`] };
}
