// `joulecast export [ID…]`: earlier runs in the forms that other programs read. Printed (so --out writes it to a file), but Parquet,
// which is binary, goes to the file named. --csv is the option that every command has: here its table is the runs.
import { findRegion } from "../../../carbon/grid.ts";
import { runsToParquet } from "../../../node/store/exports/parquet.ts";
import { RUN_COLUMNS, runRows } from "../../../node/store/exports/run-rows.ts";
import { EXPORTS, type ExportOptions } from "../../../node/store/exports/table.ts";
import type { Store } from "../../../node/store/runs.ts";
import type { StoredRun } from "../../../node/store/stored-run.ts";
import type { Document } from "../../../report/document.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Command, OptionValues } from "../../command.ts";
import { flagOption, textOption } from "../../options.ts";
import { openUserStore, SINCE_OPTION, sinceOption } from "./stored-runs.ts";

const FORMS = ["--prometheus", "--otlp", "--csv", "--parquet", "--codecarbon"] as const;
type Form = (typeof FORMS)[number];

function formFrom(options: OptionValues): Form {
  const asked = FORMS.filter((flag) => flagOption(options, flag) || textOption(options, flag) !== undefined);
  if (asked.length === 1) return asked[0]!;
  throw new InputError(
    asked.length === 0 ? "no-form" : "two-forms",
    asked.length === 0 ? "no form to export in was given" : `${asked.join(" and ")} ask for several forms at once`,
    "give one of --prometheus, --otlp, --csv, --parquet FILE, --codecarbon",
  );
}

/** Oldest first, as logs are. */
async function chosenRuns(store: Store, words: readonly string[], since: string | undefined): Promise<StoredRun[]> {
  if (words.length === 0) {
    const lines = await store.listRuns(since === undefined ? {} : { since });
    return lines.map(({ id }) => store.getRun(id)).reverse();
  }
  const ids = new Set(words.map((word) => store.getRun(word).id));
  return [...ids]
    .sort()
    .map((id) => store.getRun(id))
    .filter(({ startedAt }) => since === undefined || startedAt >= since);
}

/** The rows of the CSV as a document: what --csv, --markdown and --html draw. */
function runsDocument(runs: readonly StoredRun[]): Document {
  const cellOf = (value: string | number | boolean | undefined) =>
    typeof value === "number" ? { text: String(value), value } : { text: value === undefined ? "–" : String(value) };
  return {
    title: `${runs.length} ${runs.length === 1 ? "run" : "runs"}`,
    sections: [
      {
        kind: "table",
        name: "runs",
        main: true,
        columns: RUN_COLUMNS.map(({ name }) => ({ title: name })),
        rows: runs.flatMap(runRows).map((row) => row.map(cellOf)),
      },
    ],
  };
}

async function carbonOptions(options: OptionValues, form: Form): Promise<ExportOptions> {
  const name = textOption(options, "--region");
  if (name === undefined) return {};
  if (form !== "--codecarbon")
    throw new InputError(
      "bad-usage",
      `--region has no meaning with ${form}`,
      "it is for the emissions of --codecarbon",
    );
  const region = await findRegion(name);
  return {
    intensityKgPerKwh: region.kgPerKwh.value,
    countryIsoCode: region.code,
    countryName: region.name,
  };
}

export const exportRuns: Command = {
  name: "export",
  summary: "write earlier runs for Prometheus, OpenTelemetry, spreadsheets, DuckDB or CodeCarbon's tools",
  arguments: [
    { name: "id", description: "runs, by id or its first letters (default: all)", required: false, variadic: true },
  ],
  options: [
    { flags: "--prometheus", description: "Prometheus text format 0.0.4: gauges per run, window and source" },
    { flags: "--otlp", description: "OTLP metrics in JSON, as a collector takes it at /v1/metrics" },
    { flags: "--parquet <file>", description: "a Parquet file: the columns of --csv" },
    { flags: "--codecarbon", description: "CodeCarbon's emissions.csv; experiment_id says the kind" },
    { flags: "--region <code>", description: "with --codecarbon: the grid for the emissions (default: left empty)" },
    SINCE_OPTION,
  ],
  examples: [
    "joulecast export --csv --out runs.csv",
    "joulecast export --prometheus --since 7d",
    "joulecast export 06dn3p --otlp | curl -H 'content-type: application/json' -d @- localhost:4318/v1/metrics",
    "joulecast export --parquet runs.parquet",
  ],
  run: async (words, options) => {
    const form = formFrom(options);
    const since = sinceOption(options);
    const more = await carbonOptions(options, form);
    const { store, messages } = await openUserStore();
    const runs = await chosenRuns(store, words, since);
    const name = form.slice(2);
    const result = { form: name, runs: runs.map(({ id }) => id) };
    const document = runsDocument(runs);
    const file = textOption(options, "--parquet");
    if (file !== undefined) {
      await runsToParquet(runs, file);
      return {
        result: { ...result, file },
        document: { title: `${document.title} written to ${file}`, sections: [] },
        remarks: messages,
      };
    }
    const text = EXPORTS[name]!(runs, more);
    return { result: { ...result, text }, document, text, remarks: messages };
  },
};
