// `nvidia-smi --query-gpu=timestamp,index,power.draw,… --format=csv -lms N`: one row per GPU and time, units in the header and
// (unless nounits) in the cells. `dmon` is nvidia-dmon.ts.
import { badRow, linesOf, numberIn, sheetOf, stampIn } from "./csv.ts";
import { type Column, emptyImport, gaugeInfo, type ImportFormat, recordingFrom } from "./format.ts";

const NAME = "nvidia-smi CSV";
/** Which power column is read, best first: the instant one looks all the time on newer drivers. */
const POWER = ["power.draw.instant", "power.draw", "power.draw.average"];
const GPU = ["uuid", "gpu_uuid", "index", "pci.bus_id", "gpu_bus_id", "name", "gpu_name"];
const LOAD: readonly (readonly [string, string])[] = [
  ["utilization.gpu", "gpu"],
  ["utilization.memory", "vram"],
];

/** "power.draw [W]" → "power.draw". */
const bare = (column: string): string => column.replace(/\s*\[.*\]$/, "");

export const nvidiaSmi: ImportFormat = {
  id: "nvidia-smi",
  name: NAME,
  detect: (text) => {
    const header = linesOf(text).find((line) => line.trim() !== "") ?? "";
    return header.includes("timestamp") && /power\.draw/.test(header);
  },
  read: (text) => {
    const { columns, rows } = sheetOf(text, NAME);
    const find = (wanted: string): string | undefined => columns.find((column) => bare(column) === wanted);
    const power = POWER.map(find).find((column) => column !== undefined);
    const time = find("timestamp");
    if (power === undefined || time === undefined)
      throw badRow(NAME, 1, `no column is called ${power === undefined ? POWER.join(" or ") : "timestamp"}`);
    const gpu = GPU.map(find).find((column) => column !== undefined);
    const found = new Map<string, Column>();
    const load = new Map<string, { name: string; timeS: number[]; values: number[] }>();
    for (const row of rows) {
      const timeS = stampIn(row, time, NAME);
      const id = (gpu && row.cell(gpu)) || "0";
      const label = find("name") ? `${row.cell(find("name")!)} ${id}` : `GPU ${id}`;
      const column = found.get(id) ?? {
        info: gaugeInfo(`nvidia-smi/${id}`, label, "gpu", `${NAME}, ${bare(power)}`, {
          resolution: 0.01,
          toleranceRatio: 0.05,
        }),
        timeS: [],
        values: [],
      };
      found.set(id, column);
      column.timeS.push(timeS);
      column.values.push(numberIn(row, power, NAME));
      for (const [source, name] of LOAD) {
        const from = find(source);
        const to = load.get(`${name}/${id}`) ?? { name: `${name}/${id}`, timeS: [], values: [] };
        if (from === undefined) continue;
        load.set(to.name, to);
        to.timeS.push(timeS);
        to.values.push(numberIn(row, from, NAME));
      }
    }
    if (found.size === 0) throw emptyImport(NAME);
    const { recording, startS, remarks } = recordingFrom([...found.values()], [...load.values()]);
    const averaged =
      bare(power) === "power.draw"
        ? ["power.draw is an average on some GPUs and looks 25 % of the time on A100 and H100"]
        : [];
    return { format: "nvidia-smi", recording, startS, runs: [], remarks: [...remarks, ...averaged] };
  },
};
