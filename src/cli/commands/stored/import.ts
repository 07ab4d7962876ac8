// `joulecast import FILE…`: logs of other tools become runs of the store. All files are read before the first run is kept.
import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { IMPORT_FORMATS, importText } from "../../../measure/imports/table.ts";
import { explainRefusal } from "../../../node/files.ts";
import { type ImportedFile, type MadeRun, runsOfImport } from "../../../node/store/imported-runs.ts";
import { listRunIds } from "../../../node/store/run-folders.ts";
import { newRunId } from "../../../node/store/run-id.ts";
import type { Store } from "../../../node/store/runs.ts";
import type { StoredRun } from "../../../node/store/stored-run.ts";
import { importDocument } from "../../../report/history-report.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Command } from "../../command.ts";
import { textOption } from "../../options.ts";
import { openUserStore } from "./stored-runs.ts";

/** @throws InputError that names the file */
function readImport(path: string, format: string | undefined): ImportedFile {
  let text: string;
  let modifiedMs: number;
  try {
    text = readFileSync(path, "utf8");
    modifiedMs = statSync(path).mtimeMs;
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
  try {
    return { name: basename(path), text, modifiedMs, imported: importText(text, format) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(error.code, `"${path}": ${error.message}; nothing was imported`, error.hint);
  }
}

/** The run under an id that no other run has, and whether it is there already. */
function place({ run, origin, isOwn }: MadeRun, store: Store): { readonly run: StoredRun; readonly known: boolean } {
  const taken = new Set(listRunIds(store.paths.runs));
  for (let free = run; ; free = { ...run, id: newRunId(Date.parse(run.startedAt)) }) {
    if (!taken.has(free.id)) return { run: free, known: false };
    const there = store.getRun(free.id);
    if (isOwn || there.provenance.includes(origin)) return { run: there, known: true };
  }
}

export const importRuns: Command = {
  name: "import",
  summary: "read the logs of other tools into the store",
  arguments: [
    { name: "file", description: "CSV or JSON files that another tool wrote", required: true, variadic: true },
  ],
  options: [
    {
      flags: "--format <name>",
      description: `the format, where it is not to be found out: ${IMPORT_FORMATS.map(({ id }) => id).join(", ")}`,
    },
  ],
  examples: ["joulecast import emissions.csv", "joulecast import gpu.csv --format nvidia-smi"],
  run: async (paths, options, context) => {
    const format = textOption(options, "--format");
    const files = paths.map((path) => readImport(path, format));
    const made = files.map((file) => ({ file, runs: runsOfImport(file, context.version) }));
    const { store, messages } = await openUserStore();
    const kept = [];
    for (const { file, runs } of made)
      for (const one of runs) {
        const { run, known } = place(one, store);
        const total = made.reduce((sum, { runs: all }) => sum + all.length, 0);
        context.progress({ label: `keeping ${run.command}`, done: kept.length, total, unit: "runs" });
        if (!known) await store.saveRun(run, one.recording);
        const { id, startedAt, command, durationS, kind, measurements } = run;
        const grossJ = measurements[0]?.grossJ;
        kept.push({
          id,
          file: file.name,
          format: file.imported.format,
          startedAt,
          command,
          durationS,
          kind,
          grossJ,
          known,
        });
      }
    context.progress("");
    const remarks = made.flatMap(({ file, runs }) => [
      `${file.name}: ${file.imported.format}, ${runs.length} ${runs.length === 1 ? "run" : "runs"}`,
      ...file.imported.remarks.map((remark) => `${file.name}: ${remark}`),
    ]);
    return {
      result: {
        runs: kept,
        files: files.map(({ name, imported }) => ({ file: name, format: imported.format, remarks: imported.remarks })),
      },
      document: importDocument(kept, remarks),
      remarks: messages,
    };
  },
};
