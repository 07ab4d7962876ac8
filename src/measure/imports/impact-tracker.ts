// Experiment-Impact-Tracker: its data file, one JSON object per line (or the same as CSV), power in W at unix seconds
// [Henderson2020]. The "attributable" columns are shares by CPU use, so the absolute ones are read where they are there.
import type { Domain } from "../power-source.ts";
import { numberIn, sheetOf, stampIn } from "./csv.ts";
import { type Column, emptyImport, gaugeInfo, type ImportFormat, recordingFrom } from "./format.ts";
import { fieldNumber, knownField, objectsIn } from "./json.ts";

const NAME = "Experiment-Impact-Tracker";
const SOURCES: readonly {
  readonly id: string;
  readonly name: string;
  readonly domain: Domain;
  readonly fields: readonly string[];
}[] = [
  {
    id: "rapl",
    name: "CPU and DRAM (RAPL)",
    domain: "package",
    fields: ["rapl_power_draw_absolute", "rapl_estimated_attributable_power_draw"],
  },
  {
    id: "nvidia",
    name: "NVIDIA GPUs",
    domain: "gpu",
    fields: ["nvidia_draw_absolute", "nvidia_estimated_attributable_power_draw"],
  },
];

const isJson = (text: string): boolean => /^[\s\uFEFF[]*\{/.test(text);

export const impactTracker: ImportFormat = {
  id: "experiment-impact-tracker",
  name: NAME,
  detect: (text) =>
    SOURCES.some(({ fields }) => fields.some((field) => text.slice(0, 20_000).includes(field))) &&
    text.includes("timestamp"),
  read: (text) => {
    const json = isJson(text) ? objectsIn(text, NAME) : undefined;
    const sheet = json ? undefined : sheetOf(text, NAME);
    const has = (field: string): boolean => json?.some((entry) => field in entry) ?? sheet!.columns.includes(field);
    const columns = SOURCES.flatMap(({ id, name, domain, fields }): Column[] => {
      const field = fields.find(has);
      if (field === undefined) return [];
      const timeS = json
        ? json.map((entry, i) => knownField(entry, "timestamp", NAME, i + 1))
        : sheet!.rows.map((row) => stampIn(row, "timestamp", NAME));
      const values = json
        ? json.map((entry, i) => fieldNumber(entry, field, NAME, i + 1))
        : sheet!.rows.map((row) => numberIn(row, field, NAME));
      return [{ info: gaugeInfo(`impact-tracker/${id}`, name, domain, `${NAME}, ${field}`), timeS, values }];
    });
    if (columns.length === 0 || columns[0]!.timeS.length === 0) throw emptyImport(NAME);
    const { recording, startS, remarks } = recordingFrom(columns);
    return { format: "experiment-impact-tracker", recording, startS, runs: [], remarks };
  },
};
