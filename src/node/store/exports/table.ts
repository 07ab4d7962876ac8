// The forms that `joulecast export` knows, as text. Parquet is binary and goes to a file: parquet.ts.
import type { StoredRun } from "../stored-run.ts";
import { type CodeCarbonOptions, runsToCodeCarbon } from "./codecarbon.ts";
import { runsToCsv } from "./csv.ts";
import { runsToOtlp } from "./otlp.ts";
import { runsToPrometheus } from "./prometheus.ts";

export type ExportOptions = CodeCarbonOptions;

export const EXPORTS: Readonly<Record<string, (runs: readonly StoredRun[], options: ExportOptions) => string>> = {
  prometheus: runsToPrometheus,
  otlp: (runs) => `${JSON.stringify(runsToOtlp(runs), null, 1)}\n`,
  csv: runsToCsv,
  codecarbon: runsToCodeCarbon,
};
