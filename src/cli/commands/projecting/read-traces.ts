// Power traces from files, plain or packed, line by line: hours of samples are never held as text. What a line means is
// predict/step/trace-lines.ts; here are only streams.
import { createReadStream, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { explainRefusal } from "../../../node/files.ts";
import { DASH, readStandardInput } from "../../../node/standard-streams.ts";
import type { PowerTrace } from "../../../predict/step/epochs.ts";
import { parseRunsFile, type RunsFile } from "../../../predict/step/runs-file.ts";
import { type TraceReader, traceReader } from "../../../predict/step/trace-lines.ts";
import { InputError } from "../../../units/input-error.ts";

/** "traces/cloud_vgg16.csv.gz" → "cloud_vgg16", "-" → "stdin". */
export function traceFileName(path: string): string {
  if (path === DASH) return "stdin";
  return basename(path)
    .replace(/\.gz$/, "")
    .replace(/\.csv$/, "");
}

async function feed(path: string, reader: TraceReader): Promise<void> {
  const file = path === DASH ? Readable.from([readStandardInput()]) : createReadStream(path);
  // Errors of the source are not handed on by pipe(): the unpacking side is ended with them.
  const unpacked = path.endsWith(".gz") ? file.pipe(createGunzip()) : file;
  file.once("error", (error: Error) => unpacked.destroy(error));
  try {
    // readline swallows errors of its input; they are caught beside it.
    const broken = new Promise<never>((_, reject) => unpacked.once("error", reject));
    const lines = createInterface({ input: unpacked, crlfDelay: Number.POSITIVE_INFINITY });
    // It tells them once more, to itself: unheard, that would end the program.
    lines.on("error", () => undefined);
    const reading = (async () => {
      for await (const line of lines) reader.line(line);
    })();
    await Promise.race([reading, broken]);
  } finally {
    file.destroy();
  }
}

function explained(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code?.startsWith("Z_"))
    return new InputError(
      "bad-gzip",
      `"${path}" is not a whole gzip file: ${(error as Error).message}`,
      "copy or pack it again, or give the unpacked .csv",
    );
  return explainRefusal(error, path, "read");
}

/** Traces of one file and rows without power. @throws InputError that names file and row */
export async function readTraceFile(path: string): Promise<ReturnType<TraceReader["end"]>> {
  const reader = traceReader(traceFileName(path));
  try {
    await feed(path, reader);
  } catch (error) {
    throw explained(error, path);
  }
  return reader.end();
}

/**
 * Files as they are, folders as the .csv and .csv.gz in them, sorted by name; no folders in folders.
 * @param runsPath the runs file: it may lie among the traces and is none of them
 * @throws InputError "no-traces" for a folder that holds none
 */
export function tracePaths(paths: readonly string[], runsPath?: string): readonly string[] {
  return paths.flatMap((path) => {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
    let names: readonly string[];
    try {
      names = readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [] : [entry.name]));
    } catch (error) {
      throw explainRefusal(error, path, "read");
    }
    const found = names
      .filter((name) => /\.csv(\.gz)?$/.test(name))
      .sort()
      .map((name) => join(path, name))
      .filter((file) => runsPath === undefined || resolve(file) !== resolve(runsPath));
    if (found.length > 0) return found;
    throw new InputError(
      "no-traces",
      `the folder "${path}" holds no .csv or .csv.gz of traces`,
      "give the folder that the trace files lie in, or the files themselves",
    );
  });
}

/** Traces of several files, one after another; a run whose name is in two files is called FILE/RUN. */
export async function readTraces(paths: readonly string[], onFile: (path: string) => void = () => undefined) {
  const files: { readonly name: string; readonly traces: readonly PowerTrace[] }[] = [];
  let emptyRows = 0;
  for (const path of paths) {
    onFile(path);
    const read = await readTraceFile(path);
    files.push({ name: traceFileName(path), traces: read.traces });
    emptyRows += read.emptyRows;
  }
  const times = new Map<string, number>();
  for (const { run } of files.flatMap(({ traces }) => traces)) times.set(run, (times.get(run) ?? 0) + 1);
  const traces = files.flatMap(({ name, traces }) =>
    traces.map((trace) => ((times.get(trace.run) ?? 0) > 1 ? { ...trace, run: `${name}/${trace.run}` } : trace)),
  );
  const twice = traces.find(({ run }, i) => traces.findIndex((other) => other.run === run) < i);
  if (twice !== undefined)
    throw new InputError("run-twice", `run "${twice.run}" is in two of the files`, "give every file once");
  return { traces, emptyRows };
}

/** What is known of the runs, by name. @throws InputError that names file and row */
export function readRunsFile(path: string): RunsFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
  return parseRunsFile(path, text);
}
