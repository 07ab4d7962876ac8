// The database file: opened briefly, by one process at a time (DuckDB locks it), brought to this program's schema, put aside
// when it is broken. It is an index over the run folders, so no trouble with it can lose a run.
import { renameSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { firstLine } from "../../units/error-text.ts";
import { InputError } from "../../units/input-error.ts";
import { explainRefusal } from "../files.ts";
import { explainSqlError, isDiskFull, type OpenSql, openSqlFile, type Sql } from "./duckdb.ts";
import { MIGRATIONS, type Migration } from "./migrations.ts";

export interface DatabaseOptions {
  readonly path: string;
  /** Default: this program's. */
  readonly migrations?: readonly Migration[];
  /** How long to try while another process has the file, s. Default 15. */
  readonly patienceS?: number;
  /** Waits so many seconds. Tests hand in one that does not. */
  readonly wait?: (seconds: number) => Promise<void>;
  /** In [0, 1): spreads out processes that wait for the same file. */
  readonly dice?: () => number;
  readonly open?: OpenSql;
  /** Name for a broken file that is put aside. Default: the time. */
  readonly asideName?: () => string;
  /** What a person should know: a broken database was put aside. */
  readonly onMessage?: (message: string) => void;
}

/** What came with the opening. */
export interface Opened {
  readonly sql: Sql;
  /** The tables are new or have new columns: fill them from the run folders. */
  readonly needsRefill: boolean;
}

type Trouble = "busy" | "newer" | "broken";

/** DuckDB says what is wrong only in words (those of 1.5). The first that fits counts. */
const TROUBLES: readonly (readonly [Trouble, RegExp])[] = [
  ["busy", /conflicting lock|could not set lock|being used by another process/i],
  ["newer", /trying to read a database file with version number|newer version of duckdb/i],
  [
    "broken",
    /not a valid duckdb database|corrupt|checksum|could not read enough bytes|wal file|replaying wal|serialization error|internal error|fatal error/i,
  ],
];

const troubleOf = (error: unknown): Trouble | undefined =>
  isDiskFull(error) ? undefined : TROUBLES.find(([, words]) => words.test((error as Error).message ?? ""))?.[0];

const FIRST_WAIT_S = 0.01;
const LONGEST_WAIT_S = 0.25;

/** Opens, and tries again while another process has the file: waits double from 10 ms to 250 ms, each times 0.5 … 1.5. */
async function openPatiently(options: DatabaseOptions): Promise<Sql> {
  const { path, patienceS = 15, wait = (seconds) => sleep(seconds * 1000), dice = Math.random } = options;
  let waitedS = 0;
  for (let waitS = FIRST_WAIT_S; ; waitS = Math.min(waitS * 2, LONGEST_WAIT_S)) {
    try {
      return await (options.open ?? openSqlFile)(path);
    } catch (error) {
      if (troubleOf(error) !== "busy") throw error;
      if (waitedS >= patienceS)
        throw new InputError(
          "store-busy",
          `another process has held "${path}" for ${patienceS} s`,
          "try again when it is done; what was measured is safe in its run folder",
        );
      const nextS = waitS * (0.5 + dice());
      await wait(nextS);
      waitedS += nextS;
    }
  }
}

function tooNew(path: string, found: string, known: string): InputError {
  return new InputError(
    "newer-database",
    `"${path}" was written by a newer program: ${found}, expected at most ${known}`,
    "update joulecast, or set JOULECAST_HOME to another folder; nothing was changed",
  );
}

/** A file that DuckDB reads but that is no database of ours. */
class NotOurs extends Error {}

async function schemaOf(sql: Sql): Promise<number> {
  const tables = (await sql.rows("SELECT table_name FROM information_schema.tables")).map((row) => row.table_name);
  if (tables.length === 0) return 0;
  if (!tables.includes("schema_version")) throw new NotOurs("it holds tables of another program");
  const [row] = await sql.rows("SELECT max(version) AS version FROM schema_version");
  return Number(row?.version ?? 0);
}

/** Brings the tables up to date, all steps or none. */
async function migrate(sql: Sql, path: string, migrations: readonly Migration[]): Promise<boolean> {
  const from = await schemaOf(sql);
  const known = Math.max(...migrations.map(({ version }) => version));
  if (from > known) throw tooNew(path, `schema ${from}`, `schema ${known}`);
  const steps = migrations.filter(({ version }) => version > from);
  if (steps.length === 0) return false;
  await sql.run("BEGIN TRANSACTION");
  try {
    if (from === 0)
      await sql.run("CREATE TABLE schema_version (version INTEGER PRIMARY KEY, name VARCHAR, appliedAt TIMESTAMP)");
    for (const { version, name, statements } of steps) {
      for (const statement of statements) await sql.run(statement);
      await sql.run("INSERT INTO schema_version VALUES ($1, $2, $3::TIMESTAMP)", [
        version,
        name,
        new Date().toISOString(),
      ]);
    }
    await sql.run("COMMIT");
  } catch (error) {
    await sql.run("ROLLBACK");
    throw error;
  }
  return from === 0 || steps.some(({ refill }) => refill === true);
}

async function openOnce(options: DatabaseOptions): Promise<Opened> {
  const sql = await openPatiently(options);
  try {
    return { sql, needsRefill: await migrate(sql, options.path, options.migrations ?? MIGRATIONS) };
  } catch (error) {
    sql.close();
    throw error;
  }
}

function putAside(options: DatabaseOptions, why: string): void {
  const { path, asideName = () => new Date().toISOString().replaceAll(/[:.]/g, "-"), onMessage } = options;
  const aside = `${path}.broken-${asideName()}`;
  for (const ending of ["", ".wal"]) {
    try {
      renameSync(path + ending, aside + ending);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw explainRefusal(error, path, "write");
    }
  }
  onMessage?.(`"${path}" is broken (${why}); it is now "${aside}", and the index is made again from the run folders`);
}

const isBroken = (error: unknown): boolean => error instanceof NotOurs || troubleOf(error) === "broken";

/** In one process file locks do not hold against each other, so the uses of one file stand in a queue. */
const queues = new Map<string, Promise<unknown>>();

function inTurn<T>(path: string, work: () => Promise<T>): Promise<T> {
  const turn = (queues.get(path) ?? Promise.resolve()).then(work, work);
  queues.set(path, turn);
  return turn;
}

async function useOnce<T>(options: DatabaseOptions, work: (opened: Opened) => Promise<T>): Promise<T> {
  const opened = await openOnce(options);
  try {
    return await work(opened);
  } finally {
    opened.sql.close();
  }
}

/**
 * Opens the database, runs `work`, closes it. Keep `work` short: other processes wait for it. When the file is broken, also when
 * that shows only in `work`, it is put aside and `work` runs (again) on a new one, with `needsRefill`.
 * @throws InputError "store-busy" | "newer-database" | "cannot-write" | "no-duckdb"
 */
export function withDatabase<T>(options: DatabaseOptions, work: (opened: Opened) => Promise<T>): Promise<T> {
  return inTurn(options.path, async () => {
    try {
      return await useOnce(options, work).catch((error) => {
        if (!isBroken(error)) throw error;
        putAside(options, firstLine(error));
        return useOnce(options, work);
      });
    } catch (error) {
      if (troubleOf(error) === "newer")
        throw tooNew(options.path, firstLine(error), "the format of this program's DuckDB");
      throw explainSqlError(error, options.path);
    }
  });
}
