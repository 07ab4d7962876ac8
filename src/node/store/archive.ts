// The samples of a finished run as Parquet: trace.parquet (source, timeS, value), load.parquet (name, timeS, ratio) and
// marks.parquet (timeS, name, number, text), in the order of recording, which any table program reads. A failed read is NULL.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { SourceInfo } from "../../measure/power-source.ts";
import type { Mark, Recording } from "../../measure/trace.ts";
import { appendRows, explainSqlError, quoted, type Sql, withScratchSql } from "./duckdb.ts";

interface Column {
  readonly name: string;
  readonly timeS: Float64Array;
  readonly values: Float64Array;
}

/** Names repeat for every row: they go in as numbers and come out of a list when the file is written. */
async function writeColumns(
  sql: Sql,
  path: string,
  label: string,
  value: string,
  columns: readonly Column[],
): Promise<void> {
  await sql.run("CREATE OR REPLACE TABLE staged (i INTEGER, timeS DOUBLE, v DOUBLE)");
  const appender = await sql.connection.createAppender("staged");
  columns.forEach(({ timeS, values }, i) => {
    for (let k = 0; k < timeS.length; k++) {
      appender.appendInteger(i);
      appender.appendDouble(timeS[k]!);
      const sample = values[k]!;
      if (Number.isNaN(sample)) appender.appendNull();
      else appender.appendDouble(sample);
      appender.endRow();
    }
  });
  appender.closeSync();
  const names = `[${columns.map(({ name }) => quoted(name)).join(", ")}]::VARCHAR[]`;
  await sql.run(
    `COPY (SELECT (${names})[i + 1] AS ${label}, timeS, v AS ${value} FROM staged) TO ${quoted(path)} (FORMAT parquet, COMPRESSION zstd)`,
  );
}

async function writeMarks(sql: Sql, path: string, marks: readonly Mark[]): Promise<void> {
  await sql.run('CREATE TABLE marks (timeS DOUBLE, name VARCHAR, "number" DOUBLE, "text" VARCHAR)');
  const rows = marks.map(({ timeS, name, value }) => [
    timeS,
    name,
    typeof value === "number" ? value : null,
    typeof value === "string" ? value : null,
  ]);
  await appendRows(sql, "marks", rows);
  await sql.run(`COPY marks TO ${quoted(path)} (FORMAT parquet, COMPRESSION zstd)`);
}

/** Writes a recording into a folder. @throws InputError "cannot-write" when the disk is full */
export async function writeArchive(folder: string, { traces, marks, load }: Recording): Promise<void> {
  const ofTraces = traces.map(({ info, timeS, values }) => ({ name: info.id, timeS, values }));
  const ofLoad = load.map(({ name, timeS, ratio }) => ({ name, timeS, values: ratio }));
  try {
    await withScratchSql(async (sql) => {
      await writeColumns(sql, join(folder, "trace.parquet"), "source", "value", ofTraces);
      if (load.length > 0) await writeColumns(sql, join(folder, "load.parquet"), "name", "ratio", ofLoad);
      if (marks.length > 0) await writeMarks(sql, join(folder, "marks.parquet"), marks);
    });
  } catch (error) {
    throw explainSqlError(error, folder);
  }
}

const numbered = (path: string): string => `read_parquet(${quoted(path)}, file_row_number = true)`;
/** Rows of a Parquet file in the order in which they were written. */
const inOrder = (path: string): string => `${numbered(path)} ORDER BY file_row_number`;

async function readColumns(sql: Sql, path: string, label: string, value: string): Promise<Map<string, Column>> {
  const columns = new Map<string, Column>();
  if (!existsSync(path)) return columns;
  const counts = await sql.rows(
    `SELECT ${label} AS name, count(*)::DOUBLE AS n FROM ${numbered(path)} GROUP BY 1 ORDER BY min(file_row_number)`,
  );
  const filled = new Map<string, number>();
  for (const row of counts) {
    const name = String(row.name);
    columns.set(name, { name, timeS: new Float64Array(Number(row.n)), values: new Float64Array(Number(row.n)) });
    filled.set(name, 0);
  }
  const result = await sql.connection.stream(`SELECT ${label}, timeS, ${value} FROM ${inOrder(path)}`);
  for await (const chunk of result) {
    const [names, times, values] = chunk.getColumns() as [string[], number[], (number | null)[]];
    names.forEach((name, i) => {
      const { timeS, values: kept } = columns.get(name)!;
      const at = filled.get(name)!;
      timeS[at] = times[i]!;
      kept[at] = values[i] ?? Number.NaN;
      filled.set(name, at + 1);
    });
  }
  return columns;
}

async function readMarks(sql: Sql, path: string): Promise<Mark[]> {
  if (!existsSync(path)) return [];
  const rows = await sql.rows(`SELECT timeS, name, "number", "text" FROM ${inOrder(path)}`);
  return rows.map(({ timeS, name, number, text }) => {
    const value = (number ?? text) as number | string | null;
    return { timeS: Number(timeS), name: String(name), ...(value !== null && { value }) };
  });
}

/**
 * Reads a folder that `writeArchive` filled.
 * @param sources the run's sources, in order: one without a row gets an empty trace
 */
export async function readArchive(folder: string, sources: readonly SourceInfo[]): Promise<Recording> {
  return withScratchSql(async (sql) => {
    const traces = await readColumns(sql, join(folder, "trace.parquet"), "source", "value");
    const load = await readColumns(sql, join(folder, "load.parquet"), "name", "ratio");
    const nothing = new Float64Array(0);
    return {
      traces: sources.map((info) => {
        const found = traces.get(info.id);
        return { info, timeS: found?.timeS ?? nothing, values: found?.values ?? nothing };
      }),
      marks: await readMarks(sql, join(folder, "marks.parquet")),
      load: [...load.values()].map(({ name, timeS, values }) => ({ name, timeS, ratio: values })),
    };
  });
}
