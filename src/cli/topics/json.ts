// `joulecast help json`.
import type { Topic } from "./topic.ts";

export const json: Topic = {
  title: "What scripts can rely on",
  text: `--json prints exactly one object on stdout and nothing else; progress, remarks
and errors go to stderr.

  { "schema": "joulecast/estimate/1", "version": "...", "command": "estimate",
    "result": { ... } }            or   "error": { "code", "message", "hint" }

Numbers are SI and in full precision. null or an absent field: not known. 0 is a
measurement. NaN never occurs. Fields are added, never renamed, within a schema
number. JSON Schemas of all results lie in the package under data/schemas.

--out FILE writes what is printed; "-" is stdout. --csv prints the main table,
--table NAME another one. --html FILE writes the report with its charts.

  $ joulecast estimate model.onnx --json | jq '.result.estimates[].energyJ'`,
};
