// The rows of the database: what it holds of each run, brought in line with the run folders, and asked.
import type { Measurement } from "../../measure/measurement.ts";
import { originLabel } from "../../measure/origin.ts";
import { firstLine } from "../../units/error-text.ts";
import { InputError } from "../../units/input-error.ts";
import { unknownName } from "../../units/nearest.ts";
import { appendRows, type Row, type Sql, type SqlValue } from "./duckdb.ts";
import type { Environment } from "./environment.ts";
import { RUN_TABLES } from "./migrations.ts";
import type { RunSummary, StoredRun } from "./stored-run.ts";

type Values = Readonly<Record<string, SqlValue | undefined>>;

/** Rows for the index, by table. */
type Rows = Readonly<Record<string, Values[]>>;

const joules = (m: Measurement | undefined): Values => ({
  grossJ: m?.grossJ,
  baselineJ: m?.baselineJ,
  netJ: m?.netJ,
  netLowJ: m?.netLowJ,
  netHighJ: m?.netHighJ,
  meanPowerW: m?.meanPowerW,
  coverage: m?.coverage,
});

function rowsOf(run: StoredRun): Rows {
  const { id, startedAt, command, kind, complete, durationS, exitCode } = run;
  // DuckDB's plain timestamps know no zone; the text is always UTC.
  const started = new Date(startedAt).toISOString().replace("Z", "");
  const whole = joules(run.measurements[0]);
  const origin = originLabel(run.sources);
  return {
    runs: [{ id, startedAt: started, command, kind, complete, durationS, exitCode, ...whole, origin }],
    windows: run.measurements.map((measurement) => {
      const { window, kind, durationS, peakPowerW } = measurement;
      const { fromS, toS } = run.windows.find(({ name }) => name === window) ?? {};
      return { runId: id, window, fromS, toS, kind, durationS, ...joules(measurement), peakPowerW };
    }),
    sources: run.measurements.flatMap(({ window, sources }) =>
      sources.map(({ info, kind, counted, grossJ, baselineJ, netJ, meanPowerW, peakPowerW, coverage }) => {
        const numbers = { grossJ, baselineJ, netJ, meanPowerW, peakPowerW, coverage };
        return { runId: id, window, source: info.id, domain: info.domain, kind, counted, ...numbers };
      }),
    ),
    environments: [{ runId: id, ...environmentValues(run.environment) }],
    provenance: run.provenance.map((line) => ({ runId: id, line })),
  };
}

/** In bulk: row by row, a thousand runs take half a minute. */
async function insertRuns(sql: Sql, runs: readonly StoredRun[]): Promise<void> {
  const byRun = runs.map(rowsOf);
  for (const table of Object.keys(RUN_TABLES)) {
    const columns = await sql.rows(
      "SELECT column_name AS name FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position",
      [table],
    );
    const names = columns.map(({ name }) => String(name));
    const rows = byRun.flatMap((tables) => tables[table]!);
    await appendRows(
      sql,
      table,
      rows.map((row) => names.map((name) => row[name])),
    );
  }
}

/** By name, not as they come: run.json may hold more than this program knows. */
function environmentValues(machine: Environment): Values {
  const { joulecast, node, platform, architecture, os, kernel, cpuModel, cores, memoryBytes, governor, container } =
    machine;
  const gpus = machine.gpus.join("; ");
  return {
    joulecast,
    node,
    platform,
    architecture,
    os,
    kernel,
    cpuModel,
    cores,
    memoryBytes,
    governor,
    container,
    gpus,
  };
}

async function deleteRun(sql: Sql, id: string): Promise<void> {
  for (const [table, key] of Object.entries(RUN_TABLES))
    await sql.run(`DELETE FROM ${table} WHERE "${key}" = $1`, [id]);
}

async function inTransaction(sql: Sql, work: () => Promise<void>): Promise<void> {
  await sql.run("BEGIN TRANSACTION");
  try {
    await work();
    await sql.run("COMMIT");
  } catch (error) {
    await sql.run("ROLLBACK");
    throw error;
  }
}

/**
 * Puts a run in, in place of what the index held of it. Two transactions, since DuckDB checks keys also against rows that the same
 * transaction deleted; a crash between them leaves a run that the next `syncIndex` finds missing.
 */
export async function indexRun(sql: Sql, run: StoredRun): Promise<void> {
  await inTransaction(sql, () => deleteRun(sql, run.id));
  await inTransaction(sql, () => insertRuns(sql, [run]));
}

/** Runs that are read and put in at once: bounds memory. */
const BATCH = 500;

/** The run folders, as the index needs them. */
export interface RunFolders {
  ids(): readonly string[];
  /** Undefined when the record cannot be read: it stays out of the index. */
  read(id: string): StoredRun | undefined;
}

/** Brings the index in line with the folders: adds what is missing, takes out what is gone. `anew` starts from nothing. */
export async function syncIndex(sql: Sql, folders: RunFolders, anew: boolean): Promise<void> {
  const onDisk = new Set(folders.ids());
  const indexed = new Set((await sql.rows("SELECT id FROM runs")).map((row) => String(row.id)));
  const gone = [...indexed].filter((id) => anew || !onDisk.has(id));
  const missing = [...onDisk].filter((id) => anew || !indexed.has(id));
  if (gone.length + missing.length === 0) return;
  await inTransaction(sql, async () => {
    if (anew) for (const table of Object.keys(RUN_TABLES)) await sql.run(`DELETE FROM ${table}`);
    else for (const id of gone) await deleteRun(sql, id);
  });
  for (let from = 0; from < missing.length; from += BATCH) {
    const runs = missing.slice(from, from + BATCH).flatMap((id) => folders.read(id) ?? []);
    await inTransaction(sql, () => insertRuns(sql, runs));
  }
}

/** Which runs to list. All given conditions must hold. */
export interface RunFilter {
  /** Part of the command, upper and lower case alike. */
  readonly command?: string;
  /** Started at or after this time; anything that Date understands ("2026-01-31", an ISO time). */
  readonly since?: string;
  readonly kind?: string;
  /** At most so many, the newest. Default: all. */
  readonly limit?: number;
  /** An SQL condition over the columns of `runs`: "netJ > 5 AND complete". It may only read. */
  readonly where?: string;
}

const KINDS = ["measured", "integrated", "modelled", "mixed", "missing"];

function checkFilter({ since, kind, limit }: RunFilter): void {
  if (since !== undefined && Number.isNaN(Date.parse(since)))
    throw new InputError("bad-since", `"${since}" is not a time, expected such as 2026-01-31`, "give an ISO date");
  if (kind !== undefined && !KINDS.includes(kind)) throw unknownName("kind", kind, KINDS, `kinds: ${KINDS.join(", ")}`);
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0))
    throw new InputError("bad-limit", `limit ${limit}, expected a whole number of 1 or more`, "leave it out for all");
}

function summaryOf(row: Row): RunSummary {
  return {
    id: String(row.id),
    startedAt: new Date(Number(row.startedMs)).toISOString(),
    command: String(row.command),
    netJ: (row.netJ as number | null) ?? undefined,
    durationS: Number(row.durationS),
    kind: (row.kind as RunSummary["kind"] | null) ?? undefined,
    complete: row.complete === true,
    ...(typeof row.origin === "string" && { origin: row.origin }),
  };
}

/**
 * The runs that the filter lets through, newest first.
 * @throws InputError "bad-since" | "bad-limit" | "unknown-kind" | "bad-where"
 */
export async function listIndex(sql: Sql, filter: RunFilter): Promise<readonly RunSummary[]> {
  checkFilter(filter);
  const { command, since, kind, limit, where } = filter;
  const conditions: string[] = [];
  const values: SqlValue[] = [];
  const hold = (condition: (place: string) => string, value: SqlValue) => {
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  if (command !== undefined) hold((place) => `contains(lower(command), lower(${place}))`, command);
  if (since !== undefined)
    hold((place) => `startedAt >= CAST(${place} AS TIMESTAMP)`, new Date(since).toISOString().replace("Z", ""));
  if (kind !== undefined) hold((place) => `kind = ${place}`, kind);
  if (where !== undefined) conditions.push(`(${where}\n)`);
  const statement = `SELECT id, epoch_ms(startedAt)::DOUBLE AS startedMs, command, netJ, durationS, kind, complete, origin FROM runs
    ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""}
    ORDER BY id DESC ${limit === undefined ? "" : `LIMIT ${limit}`}`;
  try {
    return (await sql.rows(statement, values)).map(summaryOf);
  } catch (error) {
    if (where === undefined) throw error;
    throw new InputError(
      "bad-where",
      `"${where}" is not a condition over runs: ${firstLine(error)}`,
      "columns: id, startedAt, command, kind, complete, durationS, exitCode, grossJ, baselineJ, netJ, netLowJ, netHighJ, meanPowerW, coverage, origin",
    );
  }
}
