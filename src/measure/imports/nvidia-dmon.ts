// `nvidia-smi dmon -s pu -o DT`: columns apart by blanks, header lines that start with # and repeat every screen, whole watts.
// Without -o T there is no time in the file, and it cannot be used.
import { InputError } from "../../units/input-error.ts";
import { linesOf, numberIn, type Row, stampIn } from "./csv.ts";
import { type Column, emptyImport, gaugeInfo, type ImportFormat, recordingFrom } from "./format.ts";

const NAME = "nvidia-smi dmon";

const words = (line: string): string[] => line.replace("#", " ").trim().split(/\s+/);
const isHeader = (line: string): boolean => /^#\s*(Date|Time|gpu)\b/i.test(line);

export const nvidiaDmon: ImportFormat = {
  id: "nvidia-dmon",
  name: NAME,
  detect: (text) =>
    linesOf(text)
      .slice(0, 5)
      .some((line) => isHeader(line) && /\bpwr\b/.test(line)),
  read: (text) => {
    const lines = linesOf(text);
    const columns = words(lines.find(isHeader)!);
    const [date, time] = ["Date", "Time"].map((name) =>
      columns.find((column) => column.toLowerCase() === name.toLowerCase()),
    );
    if (!time)
      throw new InputError(
        "bad-import",
        `${NAME}: the file holds no times`,
        "record with: nvidia-smi dmon -s pu -o DT -f FILE",
      );
    const found = new Map<string, Column>();
    lines.forEach((line, i) => {
      if (line.trim() === "" || line.startsWith("#")) return;
      const cells = words(line);
      const cell = (column: string): string | undefined =>
        column === "stamp"
          ? `${date ? cells[columns.indexOf(date)] : "19700101"} ${cells[columns.indexOf(time)]}`
          : cells[columns.indexOf(column)];
      const row: Row = { row: i + 1, cell };
      const id = cell("gpu") ?? "0";
      const column = found.get(id) ?? {
        info: gaugeInfo(`nvidia-dmon/${id}`, `GPU ${id}`, "gpu", NAME, { resolution: 1, toleranceRatio: 0.05 }),
        timeS: [],
        values: [],
      };
      found.set(id, column);
      column.timeS.push(stampIn(row, "stamp", NAME));
      column.values.push(numberIn(row, "pwr", NAME));
    });
    if (found.size === 0) throw emptyImport(NAME);
    const { recording, startS, remarks } = recordingFrom([...found.values()]);
    return { format: "nvidia-dmon", recording, startS, runs: [], remarks };
  },
};
