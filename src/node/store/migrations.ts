// The database's schema as a list of steps, each applied once, in order. Columns have the names of the JSON contract, so that
// `joulecast history --where` speaks the same words as `--json`. A step is never changed after it was released: add one.

export interface Migration {
  readonly version: number;
  /** What it brings. */
  readonly name: string;
  readonly statements: readonly string[];
  /** New columns or tables need what only the run folders know: the index is filled again after this step. */
  readonly refill?: boolean;
}

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: "runs, their windows and the sources of each window",
    statements: [
      `CREATE TABLE runs (id VARCHAR PRIMARY KEY, startedAt TIMESTAMP, command VARCHAR, kind VARCHAR, complete BOOLEAN,
         durationS DOUBLE, exitCode INTEGER, grossJ DOUBLE, baselineJ DOUBLE, netJ DOUBLE, netLowJ DOUBLE, netHighJ DOUBLE,
         meanPowerW DOUBLE, coverage DOUBLE)`,
      `CREATE TABLE windows (runId VARCHAR, "window" VARCHAR, fromS DOUBLE, toS DOUBLE, kind VARCHAR, durationS DOUBLE,
         grossJ DOUBLE, baselineJ DOUBLE, netJ DOUBLE, netLowJ DOUBLE, netHighJ DOUBLE, meanPowerW DOUBLE, peakPowerW DOUBLE,
         coverage DOUBLE)`,
      `CREATE TABLE sources (runId VARCHAR, "window" VARCHAR, source VARCHAR, domain VARCHAR, kind VARCHAR, counted BOOLEAN,
         grossJ DOUBLE, baselineJ DOUBLE, netJ DOUBLE, meanPowerW DOUBLE, peakPowerW DOUBLE, coverage DOUBLE)`,
    ],
  },
  {
    version: 2,
    name: "the machine of each run, and how its numbers came about",
    statements: [
      `CREATE TABLE environments (runId VARCHAR, joulecast VARCHAR, node VARCHAR, platform VARCHAR, architecture VARCHAR, os VARCHAR,
         kernel VARCHAR, cpuModel VARCHAR, cores INTEGER, memoryBytes DOUBLE, governor VARCHAR, container VARCHAR, gpus VARCHAR)`,
      "CREATE TABLE provenance (runId VARCHAR, line VARCHAR)",
    ],
    refill: true,
  },
  {
    version: 3,
    name: "runs whose readings are not of this machine: a replay, another root",
    statements: ["ALTER TABLE runs ADD COLUMN origin VARCHAR"],
    refill: true,
  },
];

/** Every table that holds rows of a run, and the column that says which. */
export const RUN_TABLES: Readonly<Record<string, string>> = {
  runs: "id",
  windows: "runId",
  sources: "runId",
  environments: "runId",
  provenance: "runId",
};
