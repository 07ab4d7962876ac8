// Intel Power Gadget's log: a row per sample with cumulative joules since the log began, per package n ("…_n(Joules)"), then a
// block of summary lines "Total Elapsed Time (sec) = …", which are left out [IntelPowerGadget]. IA and GT lie inside the package.
import type { Domain } from "../power-source.ts";
import { knownNumberIn, linesOf, numberIn, sheetOf } from "./csv.ts";
import { type Column, counterInfo, emptyImport, type ImportFormat, recordingFrom } from "./format.ts";

const NAME = "Intel Power Gadget CSV";
const ENERGY = /^Cumulative (Package|Processor|IA|GT|DRAM) Energy_(\d+)\s*\(Joules\)$/;
const PARTS: Readonly<Record<string, { readonly id: string; readonly domain: Domain; readonly inside: boolean }>> = {
  Processor: { id: "package", domain: "package", inside: false },
  Package: { id: "package", domain: "package", inside: false },
  IA: { id: "core", domain: "core", inside: true },
  GT: { id: "gt", domain: "uncore", inside: true },
  DRAM: { id: "dram", domain: "dram", inside: false },
};

export const powerGadget: ImportFormat = {
  id: "power-gadget",
  name: NAME,
  detect: (text) => {
    const header = linesOf(text)[0] ?? "";
    return header.includes("Elapsed Time (sec)") && header.includes("Cumulative");
  },
  read: (text) => {
    const { columns, rows } = sheetOf(text, NAME, (line) => / = /.test(line));
    const found = columns.flatMap((column): (Column & { column: string })[] => {
      const [, part, index] = ENERGY.exec(column) ?? [];
      if (part === undefined) return [];
      const { id, domain, inside } = PARTS[part]!;
      const more = inside ? { partOf: `power-gadget/package-${index}` } : {};
      // Logged in mJ; the counter behind it moves about once a millisecond.
      const info = counterInfo(`power-gadget/${id}-${index}`, `${part} ${index}`, domain, NAME, {
        resolution: 1e-3,
        updatePeriodS: 1e-3,
        ...more,
      });
      return [{ column, info, timeS: [], values: [] }];
    });
    // The joules of the first row are those since the log began, at 0 s.
    if (rows[0] !== undefined && knownNumberIn(rows[0], "Elapsed Time (sec)", NAME) > 0)
      for (const { timeS, values } of found) {
        timeS.push(0);
        values.push(0);
      }
    for (const row of rows) {
      const timeS = knownNumberIn(row, "Elapsed Time (sec)", NAME);
      for (const { column, timeS: times, values } of found) {
        times.push(timeS);
        values.push(numberIn(row, column, NAME));
      }
    }
    if (found.length === 0 || rows.length === 0) throw emptyImport(NAME);
    const { recording, remarks } = recordingFrom(found);
    return { format: "power-gadget", recording, runs: [], remarks };
  },
};
