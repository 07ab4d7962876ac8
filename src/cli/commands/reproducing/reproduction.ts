// What `reproduce PAPER` is told and tells: one paper per file beside this one, listed in table.ts.
import type { Section } from "../../../report/document.ts";
import type { ReproducedRow } from "../../../study/papers/reproduced.ts";
import { InputError } from "../../../units/input-error.ts";
import type { CommandContext, OptionSpec, OptionValues } from "../../command.ts";
import { textOption } from "../../options.ts";

export interface Reproduced {
  readonly rows: readonly ReproducedRow[];
  /** Files that were written. Default: none. */
  readonly files?: readonly string[];
  /** Shown below the table of rows: charts and further tables. */
  readonly sections?: readonly Section[];
  /** Further numbers of the JSON result, by a name of their own. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Lines for stderr. */
  readonly remarks?: readonly string[];
  /** 130 after Ctrl-C. Default 0. */
  readonly exitCode?: number;
}

export interface Reproduction {
  /** Of the document, with the paper's key. */
  readonly title: string;
  /** Its own options, besides --data. */
  readonly options: readonly OptionSpec[];
  run(options: OptionValues, context: CommandContext): Promise<Reproduced>;
}

/** The folder that --data gives. @param wants what should be in it @throws InputError "no-data" */
export function dataFolder(options: OptionValues, paper: string, wants: string): string {
  const folder = textOption(options, "--data");
  if (folder !== undefined) return folder;
  throw new InputError("no-data", `reproduce ${paper} needs data`, `give --data FOLDER with ${wants}`);
}
