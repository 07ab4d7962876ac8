// CodeCarbon's emissions.csv: one row per run, sums in kWh [CodeCarbon]. RAM there is a constant per GB, and CPU is a constant
// share of TDP unless RAPL could be read, which the file does not say: both are taken as modelled. Our own exports say it.
import { JOULES_PER_KWH } from "../../units/quantity.ts";
import { ORIGIN_KINDS } from "../origin.ts";
import type { Kind, Origin } from "../power-source.ts";
import { knownNumberIn, linesOf, numberIn, type Row, sheetOf } from "./csv.ts";
import { emptyImport, type ImportFormat, type OwnRun, runOf } from "./format.ts";

const NAME = "CodeCarbon emissions.csv";
const COMPONENTS = [
  { column: "cpu_energy", name: "CPU", domain: "cpu", kind: "modelled" },
  { column: "gpu_energy", name: "GPU", domain: "gpu", kind: "measured" },
  { column: "ram_energy", name: "RAM", domain: "dram", kind: "modelled" },
] as const;

const KINDS: readonly Kind[] = ["measured", "integrated", "modelled"];
const ORIGINS = Object.keys(ORIGIN_KINDS) as Origin["kind"][];

/** What `joulecast export --codecarbon` put into columns that CodeCarbon leaves free: experiment_id is "integrated; replay". */
function ownRun(row: Row): OwnRun | undefined {
  if (!row.cell("codecarbon_version")?.startsWith("joulecast ")) return undefined;
  const words = row.cell("experiment_id")?.split("; ") ?? [];
  return {
    id: row.cell("run_id") ?? "",
    kind: ([...KINDS, "mixed"] as const).find((kind) => words.includes(kind)),
    origin: ORIGINS.find((origin) => words.includes(origin)),
  };
}

export const codecarbon: ImportFormat = {
  id: "codecarbon",
  name: NAME,
  detect: (text) => {
    const header = linesOf(text)[0] ?? "";
    return header.includes("energy_consumed") && header.includes("emissions") && header.includes("duration");
  },
  read: (text) => {
    const { columns, rows } = sheetOf(text, NAME);
    // A run of ours in which nothing was measured has a row without joules.
    const known = rows.filter((row) => ownRun(row) === undefined || row.cell("energy_consumed") !== "");
    const without = rows.length - known.length;
    if (known.length === 0) throw emptyImport(NAME);
    const present = COMPONENTS.filter(({ column }) => columns.includes(column));
    const runs = known.map((row) => {
      const own = ownRun(row);
      const kind = KINDS.find((one) => one === own?.kind);
      return {
        ...runOf(
          row.cell("run_id") || row.cell("project_name") || `row ${row.row}`,
          row.cell("timestamp"),
          knownNumberIn(row, "duration", NAME),
          present.map(({ column, ...rest }) => ({
            ...rest,
            ...(kind && { kind }),
            energyJ: numberIn(row, column, NAME) * JOULES_PER_KWH,
          })),
        ),
        energyJ: knownNumberIn(row, "energy_consumed", NAME) * JOULES_PER_KWH,
        ...(own && { own }),
      };
    });
    const isOurs = runs.every(({ own }) => own !== undefined);
    return {
      format: "codecarbon",
      recording: undefined,
      runs,
      remarks: [
        ...(isOurs ? [] : ["CPU and RAM of CodeCarbon may be modelled: the file does not say"]),
        ...(without > 0 ? [`${without} of joulecast's rows left out: nothing was measured in them`] : []),
      ],
    };
  },
};
