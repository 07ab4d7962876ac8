// The store as the rest of the program sees it: keep a run, list, get, remove. Each run's truth is its own folder; the database is an
// index over the folders that mends itself, so that two programs at once, a kill or a broken file lose nothing.
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Recording } from "../../measure/trace.ts";
import { InputError } from "../../units/input-error.ts";
import { sweepFolders } from "../marks/stale-folders.ts";
import { type DatabaseOptions, type Opened, withDatabase } from "./database.ts";
import { type HomePaths, prepareHome } from "./home.ts";
import { type JournalOptions, type JournalWriter, openJournal } from "./journal.ts";
import { analyseKilled } from "./killed-run.ts";
import { STALE_AFTER_S } from "./process-identity.ts";
import { type RecoverOptions, recoverRuns } from "./recover.ts";
import {
  listRunIds,
  readRecording,
  readRunFolder,
  removeRunFolder,
  resolveRunId,
  sweepRunFolders,
  writeRunFolder,
} from "./run-folders.ts";
import { indexRun, listIndex, type RunFilter, type RunFolders, syncIndex } from "./run-index.ts";
import type { RunSummary, StoredRun } from "./stored-run.ts";

export interface StoreOptions {
  /** Data folder. Default: `homePath()`. */
  readonly home?: string;
  /** What a person should know and that stops nothing: a database put aside, an index that was busy, a run recovered. */
  readonly onMessage?: (message: string) => void;
  /** How the database is opened; for tests. */
  readonly database?: Omit<DatabaseOptions, "path" | "onMessage">;
}

export interface Store {
  readonly paths: HomePaths;
  /** Starts the journal of a run in this store. */
  startJournal(options: Omit<JournalOptions, "folder">): JournalWriter;
  /**
   * Keeps a run: its folder first, then the index, then its journal goes. An index that cannot be written is only a message, the next
   * listing mends it. @throws InputError "cannot-write" | "no-duckdb"; the journal is still there then
   */
  saveRun(run: StoredRun, recording: Recording): Promise<void>;
  /** Newest first. @throws InputError "bad-since" | "bad-limit" | "unknown-kind" | "bad-where" | "store-busy" | "newer-database" */
  listRuns(filter?: RunFilter): Promise<readonly RunSummary[]>;
  /** By id or its first letters; needs no database. @throws InputError "unknown-run" | "ambiguous-run" | "bad-run" */
  getRun(id: string): StoredRun;
  /** As `getRun`, with all samples. */
  loadRecording(id: string): Promise<Recording>;
  /** Removes a run for good. Returns its full id. @throws InputError as `getRun` */
  removeRun(id: string): Promise<string>;
  /** Makes the index anew from the run folders. Returns how many runs it holds. */
  reindex(): Promise<number>;
  /**
   * Turns journals of killed runs into runs, with the joules of their windows, and removes what else they left. Cheap when there are
   * none. A journal that cannot be saved stays, and is a message.
   */
  recover(options?: Omit<RecoverOptions, "onMessage">): Promise<readonly StoredRun[]>;
}

/**
 * Opens the store; creates the data folder, does not load the database.
 * @throws InputError "no-home"
 */
export function openStore({ home, onMessage, database }: StoreOptions = {}): Store {
  const paths = prepareHome(home);
  const settings: DatabaseOptions = { ...database, path: paths.database, ...(onMessage && { onMessage }) };

  const folders: RunFolders = {
    ids: () => listRunIds(paths.runs),
    read: (id) => {
      try {
        return readRunFolder(paths.runs, id);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        onMessage?.(`${error.message}; it is left out`);
        return undefined;
      }
    },
  };

  const withIndex = <T>(work: (opened: Opened) => Promise<T>): Promise<T> => withDatabase(settings, work);

  /** For what is done already when the index comes to it: trouble with the index is told, not thrown. */
  async function tryIndex(work: (opened: Opened) => Promise<void>): Promise<void> {
    try {
      await withIndex(work);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      onMessage?.(`the index was not brought up to date: ${error.message}; the run folders are whole`);
    }
  }

  async function keep(run: StoredRun, recording: Recording, replace: boolean): Promise<void> {
    const kept = await writeRunFolder(paths.runs, run, recording, replace);
    if (!kept) return;
    await tryIndex(async ({ sql, needsRefill }) => {
      if (needsRefill) await syncIndex(sql, folders, true);
      else await indexRun(sql, run);
    });
  }

  return {
    paths,
    startJournal: (options) => openJournal({ ...options, folder: paths.journals }),
    saveRun: async (run, recording) => {
      await keep(run, recording, true);
      rmSync(join(paths.journals, `${run.id}.jnl`), { force: true });
    },
    listRuns: (filter = {}) =>
      withIndex(async ({ sql, needsRefill }) => {
        await syncIndex(sql, folders, needsRefill);
        return listIndex(sql, filter);
      }),
    getRun: (id) => readRunFolder(paths.runs, resolveRunId(paths.runs, id)),
    loadRecording: async (id) => readRecording(paths.runs, readRunFolder(paths.runs, resolveRunId(paths.runs, id))),
    removeRun: async (word) => {
      const id = resolveRunId(paths.runs, word);
      removeRunFolder(paths.runs, id);
      await tryIndex(({ sql, needsRefill }) => syncIndex(sql, folders, needsRefill));
      return id;
    },
    reindex: () =>
      withIndex(async ({ sql }) => {
        await syncIndex(sql, folders, true);
        return Number((await sql.rows("SELECT count(*)::DOUBLE AS n FROM runs"))[0]!.n);
      }),
    recover: async (options = {}) => {
      const save = (run: StoredRun, recording: Recording) => keep(run, recording, false);
      const recovered = await recoverRuns(paths.journals, save, {
        analyse: analyseKilled,
        ...options,
        ...(onMessage && { onMessage }),
      });
      sweepFolders();
      sweepRunFolders(paths.runs, (options.nowMs ?? Date.now)() - STALE_AFTER_S * 1000);
      return recovered;
    },
  };
}
