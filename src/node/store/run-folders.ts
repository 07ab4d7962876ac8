// The folders of finished runs: each holds run.json and the Parquet files of its samples, and is the truth about its run. A folder
// appears whole or not at all.
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Recording } from "../../measure/trace.ts";
import { InputError } from "../../units/input-error.ts";
import { unknownName } from "../../units/nearest.ts";
import { explainRefusal } from "../files.ts";
import { readArchive, writeArchive } from "./archive.ts";
import { RUN_ID } from "./run-id.ts";
import { parseRun, renderRun, type StoredRun } from "./stored-run.ts";

const RECORD = "run.json";

/** Ids of the finished runs below `runs`, oldest first. */
export function listRunIds(runs: string): readonly string[] {
  try {
    return readdirSync(runs)
      .filter((name) => RUN_ID.test(name))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw explainRefusal(error, runs, "read");
  }
}

/** @throws InputError "cannot-read" | "bad-run" | "newer-run" */
export function readRunFolder(runs: string, id: string): StoredRun {
  const path = join(runs, id, RECORD);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
  return parseRun(text, path);
}

/**
 * The one run whose id starts with `word`.
 * @throws InputError "unknown-run" | "ambiguous-run"
 */
export function resolveRunId(runs: string, word: string): string {
  const ids = listRunIds(runs);
  const fitting = word === "" ? [] : ids.filter((id) => id.startsWith(word.toLowerCase()));
  if (fitting.length === 1) return fitting[0]!;
  if (fitting.length === 0) throw unknownName("run", word, ids, "`joulecast history` lists the runs");
  throw new InputError(
    "ambiguous-run",
    `${fitting.length} runs begin with "${word}": ${fitting.slice(0, 3).join(", ")}${fitting.length > 3 ? ", …" : ""}`,
    "give more letters of the id",
  );
}

/** Puts `finished` in the place of `target`. Returns false when something is there and `replace` is false. */
function moveIntoPlace(finished: string, target: string, replace: boolean): boolean {
  if (!existsSync(target)) {
    try {
      renameSync(finished, target);
      return true;
    } catch (error) {
      // Another process was faster.
      if (!existsSync(target)) throw error;
    }
  }
  if (!replace) return false;
  const old = `${finished}.old`;
  renameSync(target, old);
  renameSync(finished, target);
  rmSync(old, { recursive: true, force: true });
  return true;
}

/**
 * Writes a run's folder.
 * @param replace take the place of an earlier folder of that id; else that one stays
 * @returns false when an earlier folder stayed
 * @throws InputError "cannot-write" when the disk refuses; nothing is left behind then
 */
export async function writeRunFolder(
  runs: string,
  run: StoredRun,
  recording: Recording,
  replace: boolean,
): Promise<boolean> {
  const part = join(runs, `.${run.id}.${randomUUID()}.part`);
  try {
    mkdirSync(part, { recursive: true, mode: 0o700 });
    await writeArchive(part, recording);
    writeFileSync(join(part, RECORD), renderRun(run), { flush: true, mode: 0o600 });
    return moveIntoPlace(part, join(runs, run.id), replace);
  } catch (error) {
    throw explainRefusal(error, join(runs, run.id), "write");
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

/** Hidden folders that a killed process left: ".ID.UUID.part", ".part.old", ".removed". */
const UNFINISHED = /^\.([0-9a-z]{12})\.[0-9a-f-]{36}\.(part|part\.old|removed)$/;

/**
 * Clears away what killed processes left half done. A folder that was being replaced comes back when its successor never came.
 * @param beforeMs only what was last touched before this time, ms since 1970: others may be at work
 */
export function sweepRunFolders(runs: string, beforeMs: number): void {
  for (const name of readdirSync(runs)) {
    const [, id, state] = UNFINISHED.exec(name) ?? [];
    const path = join(runs, name);
    const touchedMs = id === undefined ? undefined : statSync(path, { throwIfNoEntry: false })?.ctimeMs;
    if (touchedMs === undefined || touchedMs >= beforeMs) continue;
    if (state === "part.old" && !existsSync(join(runs, id!))) renameSync(path, join(runs, id!));
    else rmSync(path, { recursive: true, force: true });
  }
}

/** Removes a run's folder: first out of sight, then away. */
export function removeRunFolder(runs: string, id: string): void {
  const doomed = join(runs, `.${id}.${randomUUID()}.removed`);
  try {
    renameSync(join(runs, id), doomed);
    rmSync(doomed, { recursive: true, force: true });
  } catch (error) {
    throw explainRefusal(error, join(runs, id), "write");
  }
}

/** The samples of a run. @throws InputError "cannot-read" | "bad-run" */
export function readRecording(runs: string, run: StoredRun): Promise<Recording> {
  return readArchive(join(runs, run.id), run.sources);
}
