// Which commands need how many joules, from the Parquet file that `joulecast export --parquet runs.parquet` writes: SQL by DuckDB,
// no notebook. Run it after `npm run build`: node examples/analyse-runs.mjs runs.parquet
// Any other reader of Parquet does as well: pandas.read_parquet, polars.read_parquet, the duckdb shell.
import { DuckDBInstance } from "@duckdb/node-api";
import { formatQuantity } from "../dist/index.js";

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: node examples/analyse-runs.mjs runs.parquet");
  process.exit(2);
}
const database = await (await DuckDBInstance.create(":memory:")).connect();
const rows = async (sql) => (await database.runAndReadAll(sql, [file])).getRowObjectsJS();

// The window of the whole run is called run, or run/1; the others are epochs and windows of the program's own.
const commands = await rows(`
  SELECT command, kind, count(*)::INT AS runs, avg(netJ) AS meanJ, coalesce(stddev_samp(netJ), 0) AS spreadJ,
         avg(durationS) AS durationS, min(coverage) AS coverage
  FROM read_parquet($1) WHERE "window" = 'run' OR "window" LIKE 'run/%'
  GROUP BY command, kind ORDER BY meanJ DESC`);
for (const { command, kind, runs, meanJ, spreadJ, durationS, coverage } of commands)
  console.log(
    `${command}: ${formatQuantity(meanJ, "J")} ± ${formatQuantity(spreadJ, "J")} net in ${formatQuantity(durationS, "s")} ` +
      `(${runs} runs, ${kind}, coverage ${Math.round(coverage * 100)} % at least)`,
  );

const parts = await rows(`
  SELECT regexp_replace("window", ' [0-9]+$', '') AS part, count(*)::INT AS times, sum(grossJ) AS grossJ
  FROM read_parquet($1) WHERE "window" <> 'run' AND "window" NOT LIKE 'run/%'
  GROUP BY part ORDER BY grossJ DESC LIMIT 5`);
for (const { part, times, grossJ } of parts)
  console.log(`  ${part}: ${formatQuantity(grossJ, "J")} gross over ${times} times`);
