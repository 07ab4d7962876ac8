// Runs as one Parquet file: one row per run and window, the columns of the CSV. A run's samples are Parquet already (archive.ts).
import { randomUUID } from "node:crypto";
import { renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { InputError } from "../../../units/input-error.ts";
import { explainRefusal } from "../../files.ts";
import { appendRows, explainSqlError, quoted, withScratchSql } from "../duckdb.ts";
import type { StoredRun } from "../stored-run.ts";
import { RUN_COLUMNS, runRows } from "./run-rows.ts";

/** Writes the file whole or not at all. @throws InputError "cannot-write" */
export async function runsToParquet(runs: readonly StoredRun[], path: string): Promise<void> {
  const part = join(dirname(path), `.${randomUUID()}.part`);
  try {
    await withScratchSql(async (sql) => {
      await sql.run(`CREATE TABLE runs (${RUN_COLUMNS.map(({ name, type }) => `"${name}" ${type}`).join(", ")})`);
      await appendRows(sql, "runs", runs.flatMap(runRows));
      await sql.run(`COPY runs TO ${quoted(part)} (FORMAT parquet, COMPRESSION zstd)`);
    });
    renameSync(part, path);
  } catch (error) {
    if (/cannot open file/i.test((error as Error).message))
      throw new InputError("cannot-write", `cannot write "${path}": the folder is missing or closed`, "check the path");
    throw explainSqlError(explainRefusal(error, path, "write"), path);
  } finally {
    rmSync(part, { force: true });
  }
}
