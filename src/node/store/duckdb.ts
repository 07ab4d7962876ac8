// DuckDB behind two verbs: run a statement, get rows. Loaded on first use, since loading takes longer than all of `measure`'s
// start. Extensions are never fetched and, except for Parquet, SQL may not touch other files.
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { InputError } from "../../units/input-error.ts";
import { loadOptional } from "../optional-package.ts";

export type SqlValue = string | number | boolean | null;
export type Row = Readonly<Record<string, SqlValue>>;

/** An open database. */
export interface Sql {
  /** Runs one statement; `$1`, `$2`… stand for `values`. Text with several statements is refused. */
  run(statement: string, values?: readonly (SqlValue | undefined)[]): Promise<void>;
  rows(statement: string, values?: readonly (SqlValue | undefined)[]): Promise<readonly Row[]>;
  /** For what needs more: appenders and columns. */
  readonly connection: DuckDBConnection;
  close(): void;
}

/** Opens a database file, or one in memory (":memory:"). */
export type OpenSql = (path: string) => Promise<Sql>;

const loadDuckDb = (): Promise<typeof import("@duckdb/node-api")> =>
  loadOptional(
    "no-duckdb",
    "@duckdb/node-api",
    () => import("@duckdb/node-api"),
    "runs stay in their journals until then",
  );

/** Has its own message, so that a full disk is not taken for a broken file. */
export const isDiskFull = (error: unknown): boolean =>
  /no space left|disk quota|not enough (disk )?space/i.test(text(error));
const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Turns DuckDB's words for a full disk into an InputError; anything else passes through. */
export function explainSqlError(error: unknown, path: string): unknown {
  if (!isDiskFull(error)) return error;
  return new InputError("cannot-write", `cannot write "${path}": the disk is full`, "free some space");
}

async function rowsOf(
  connection: DuckDBConnection,
  statement: string,
  values: readonly (SqlValue | undefined)[],
): Promise<readonly Row[]> {
  const prepared = await connection.prepare(statement);
  try {
    prepared.bind(values.map((value) => value ?? null));
    const reader = await prepared.runAndReadAll();
    return reader.getRowObjectsJS() as Row[];
  } finally {
    prepared.destroySync();
  }
}

function sqlOf(instance: DuckDBInstance, connection: DuckDBConnection): Sql {
  return {
    connection,
    run: async (statement, values = []) => {
      await rowsOf(connection, statement, values);
    },
    rows: (statement, values = []) => rowsOf(connection, statement, values),
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** Appends rows to a table in bulk; values in the order of its columns, text and numbers become what the column holds. */
export async function appendRows(
  sql: Sql,
  table: string,
  rows: Iterable<readonly (SqlValue | undefined)[]>,
): Promise<void> {
  const appender = await sql.connection.createAppender(table);
  for (const row of rows) {
    for (const value of row) {
      if (value === undefined || value === null) appender.appendNull();
      else if (typeof value === "number") appender.appendDouble(value);
      else if (typeof value === "boolean") appender.appendBoolean(value);
      else appender.appendVarchar(value);
    }
    appender.endRow();
  }
  appender.closeSync();
}

const NO_DOWNLOADS = { autoinstall_known_extensions: "false", autoload_known_extensions: "false" };

/** Opens a database file, shut off from all other files. */
export const openSqlFile: OpenSql = async (path) => {
  const { DuckDBInstance } = await loadDuckDb();
  const instance = await DuckDBInstance.create(path, { ...NO_DOWNLOADS, enable_external_access: "false" });
  try {
    return sqlOf(instance, await instance.connect());
  } catch (error) {
    instance.closeSync();
    throw error;
  }
};

/** Runs `work` with a database in memory that may read and write Parquet files. */
export async function withScratchSql<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
  const { DuckDBInstance } = await loadDuckDb();
  const instance = await DuckDBInstance.create(":memory:", NO_DOWNLOADS);
  const sql = sqlOf(instance, await instance.connect());
  try {
    return await work(sql);
  } finally {
    sql.close();
  }
}

/** A string as SQL text. */
export const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`;
