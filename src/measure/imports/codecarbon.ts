// CodeCarbon's emissions.csv: one row per run, sums in kWh [CodeCarbon]. RAM there is a constant per GB, and CPU is a constant
// share of TDP unless RAPL could be read, which the file does not say: both are taken as modelled.
import { JOULES_PER_KWH } from "../../units/quantity.ts";
import { knownNumberIn, linesOf, numberIn, sheetOf } from "./csv.ts";
import { emptyImport, type ImportFormat, runOf } from "./format.ts";

const NAME = "CodeCarbon emissions.csv";
const COMPONENTS = [
  { column: "cpu_energy", name: "CPU", domain: "cpu", kind: "modelled" },
  { column: "gpu_energy", name: "GPU", domain: "gpu", kind: "measured" },
  { column: "ram_energy", name: "RAM", domain: "dram", kind: "modelled" },
] as const;

export const codecarbon: ImportFormat = {
  id: "codecarbon",
  name: NAME,
  detect: (text) => {
    const header = linesOf(text)[0] ?? "";
    return header.includes("energy_consumed") && header.includes("emissions") && header.includes("duration");
  },
  read: (text) => {
    const { columns, rows } = sheetOf(text, NAME);
    if (rows.length === 0) throw emptyImport(NAME);
    const present = COMPONENTS.filter(({ column }) => columns.includes(column));
    const runs = rows.map((row) => ({
      ...runOf(
        row.cell("run_id") || row.cell("project_name") || `row ${row.row}`,
        row.cell("timestamp"),
        knownNumberIn(row, "duration", NAME),
        present.map(({ column, ...rest }) => ({ ...rest, energyJ: numberIn(row, column, NAME) * JOULES_PER_KWH })),
      ),
      energyJ: knownNumberIn(row, "energy_consumed", NAME) * JOULES_PER_KWH,
    }));
    return {
      format: "codecarbon",
      recording: undefined,
      runs,
      remarks: ["CPU and RAM of CodeCarbon may be modelled: the file does not say"],
    };
  },
};
