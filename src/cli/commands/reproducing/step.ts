// `joulecast reproduce step --data DIR`: reads the authors' runs.csv and traces/ENVIRONMENT_ARCHITECTURE.csv.gz; study/papers/step.ts
// does the rest. Their column names are known only here.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cellsOf } from "../../../measure/imports/csv.ts";
import { explainRefusal } from "../../../node/files.ts";
import { missingColumn, numberIn } from "../../../predict/step/trace-lines.ts";
import { type PublishedRun, reproduceStep } from "../../../study/papers/step.ts";
import { InputError } from "../../../units/input-error.ts";
import { readTraceFile, traceFileName } from "../projecting/read-traces.ts";
import { dataFolder, type Reproduction } from "./reproduction.ts";

const COLUMNS = {
  environment: "training environment",
  architecture: "architecture",
  run: "run",
  epochs: "trained epochs",
  energyMj: "energy (MJ)",
  tdpW: "max power limit (W)",
  usagePercent: "gpu usage (%)",
} as const;

interface TableRow extends Omit<PublishedRun, "trace"> {
  readonly environment: string;
  readonly run: string;
}

function readTable(path: string): readonly TableRow[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
  const [first = "", ...lines] = text.split(/\r?\n/);
  const header = cellsOf(first);
  const at = (column: string): number => {
    const index = header.indexOf(column);
    if (index < 0) throw missingColumn(path, [column], header);
    return index;
  };
  const places = Object.fromEntries(Object.entries(COLUMNS).map(([key, column]) => [key, at(column)]));
  return lines.flatMap((line, i) => {
    if (line.trim() === "") return [];
    const cells = cellsOf(line);
    const word = (key: keyof typeof COLUMNS): string => cells[places[key]!] ?? "";
    const number = (key: keyof typeof COLUMNS): number => numberIn(path, i + 2, COLUMNS[key], word(key));
    return [
      {
        environment: word("environment"),
        architecture: word("architecture"),
        run: word("run"),
        epochs: number("epochs"),
        energyJ: number("energyMj") * 1e6,
        tdpW: number("tdpW"),
        usageRatio: number("usagePercent") / 100,
      },
    ];
  });
}

/** Letters and figures only, lower case: "Local ML Engineer/Gamer" → "localmlengineergamer". */
const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

/** Whether a trace file holds the runs of a row's environment and architecture. */
function belongs({ environment, architecture }: TableRow, file: string): boolean {
  if (!file.endsWith(`_${architecture}`)) return false;
  const prefix = plain(file.slice(0, -architecture.length - 1));
  return prefix !== "" && plain(environment).startsWith(prefix);
}

/**
 * @param folder with runs.csv and traces/
 * @throws InputError when a file or column is missing, or no trace belongs to a row
 */
export async function readPublishedRuns(folder: string, onFile: (path: string) => void): Promise<PublishedRun[]> {
  const rows = readTable(join(folder, "runs.csv"));
  const traces = join(folder, "traces");
  const files = existsSync(traces) ? readdirSync(traces).filter((name) => /\.csv(\.gz)?$/.test(name)) : [];
  const runs: PublishedRun[] = [];
  for (const name of files.sort()) {
    const path = join(traces, name);
    onFile(path);
    const own = new Map(rows.filter((row) => belongs(row, traceFileName(path))).map((row) => [row.run, row]));
    if (own.size === 0) continue;
    for (const trace of (await readTraceFile(path)).traces) {
      const row = own.get(trace.run);
      if (row !== undefined) runs.push({ ...row, trace: { ...trace, run: `${traceFileName(path)}/${trace.run}` } });
    }
  }
  if (runs.length > 0) return runs;
  throw new InputError(
    "no-traces",
    `"${traces}" holds no trace of a run in runs.csv`,
    "--data wants the folder gaissa-seaa2023: runs.csv and traces/ENVIRONMENT_ARCHITECTURE.csv.gz [delRey2023]",
  );
}

export const step: Reproduction = {
  title: "Stable Training Epoch Projection [DelRey2025]",
  options: [],
  run: async (options, { progress }) => {
    const folder = dataFolder(options, "step", "the authors' runs.csv and traces/");
    return { rows: await reproduceStep(await readPublishedRuns(folder, progress)) };
  },
};
