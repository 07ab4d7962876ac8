// Zeus: the log of ZeusMonitor (one row per window: start_time, window_name, elapsed_time, gpu0_energy, …, J and s), its power
// log (a time column, then one column of watts per GPU), and the published trace summaries (time_per_epoch, average_power) [Zeus].
import { cellsOf, knownNumberIn, linesOf, numberIn, type Row, type Sheet, sheetOf, stampIn } from "./csv.ts";
import {
  type Column,
  emptyImport,
  gaugeInfo,
  type Imported,
  type ImportFormat,
  recordingFrom,
  runOf,
} from "./format.ts";

const NAME = "Zeus CSV";
const ENERGY = /^(gpu|cpu|dram)_?(\d+)_energy$/i;
const POWER = /^(?:gpu|power)?_?(\d+)(?:[._ ]?(?:power|W))?$/i;
const DOMAINS = { gpu: "gpu", cpu: "package", dram: "dram" } as const;

function windowsOf({ columns, rows }: Sheet): Imported {
  const parts = columns.flatMap((column) => {
    const match = ENERGY.exec(column);
    return match
      ? [
          {
            column,
            domain: DOMAINS[match[1]!.toLowerCase() as keyof typeof DOMAINS],
            name: `${match[1]!.toUpperCase()} ${match[2]}`,
          },
        ]
      : [];
  });
  const runs = rows.map((row) =>
    runOf(
      row.cell("window_name") || `row ${row.row}`,
      row.cell("start_time"),
      knownNumberIn(row, "elapsed_time", NAME),
      parts.map(({ column, domain, name }) => ({
        name,
        domain,
        kind: "measured",
        energyJ: numberIn(row, column, NAME),
      })),
    ),
  );
  return { format: "zeus", recording: undefined, runs, remarks: [] };
}

function powersOf({ columns, rows }: Sheet): Imported {
  const [time] = columns;
  const found = columns.slice(1).flatMap((column): (Column & { column: string })[] => {
    const index = POWER.exec(column)?.[1];
    const info = gaugeInfo(`zeus/gpu-${index}`, `GPU ${index}`, "gpu", NAME, { toleranceRatio: 0.05 });
    return index === undefined ? [] : [{ column, info, timeS: [], values: [] }];
  });
  for (const row of rows) {
    const timeS = stampIn(row, time!, NAME);
    for (const { column, timeS: times, values } of found) {
      times.push(timeS);
      values.push(numberIn(row, column, NAME));
    }
  }
  const { recording, startS, remarks } = recordingFrom(found);
  return { format: "zeus", recording, startS, runs: [], remarks };
}

/** Every column but the two results describes the run. */
function summariesOf({ columns, rows }: Sheet): Imported {
  const about = columns.filter((column) => column !== "time_per_epoch" && column !== "average_power");
  const named = (row: Row): string => about.map((column) => `${column}=${row.cell(column)}`).join(" ");
  const runs = rows.map((row) => {
    const durationS = knownNumberIn(row, "time_per_epoch", NAME);
    const energyJ = durationS * knownNumberIn(row, "average_power", NAME);
    return runOf(named(row), undefined, durationS, [{ name: "GPU", domain: "gpu", kind: "integrated", energyJ }]);
  });
  return { format: "zeus", recording: undefined, runs, remarks: ["one epoch per row: mean power × time"] };
}

const isPower = (columns: readonly string[]): boolean =>
  /^time(stamp)?$/i.test(columns[0] ?? "") &&
  columns.length > 1 &&
  columns.slice(1).every((column) => POWER.test(column));

/** Which columns say which of the three files it is. */
const LAYOUTS: readonly {
  readonly fits: (columns: readonly string[]) => boolean;
  readonly read: (sheet: Sheet) => Imported;
}[] = [
  { fits: (columns) => columns.includes("window_name") && columns.includes("elapsed_time"), read: windowsOf },
  { fits: (columns) => columns.includes("time_per_epoch") && columns.includes("average_power"), read: summariesOf },
  { fits: isPower, read: powersOf },
];

export const zeus: ImportFormat = {
  id: "zeus",
  name: NAME,
  detect: (text) => {
    const columns = cellsOf(linesOf(text)[0] ?? "");
    return LAYOUTS.some(({ fits }) => fits(columns));
  },
  read: (text) => {
    const sheet = sheetOf(text, NAME);
    const layout = LAYOUTS.find(({ fits }) => fits(sheet.columns));
    if (!layout || sheet.rows.length === 0) throw emptyImport(NAME);
    return layout.read(sheet);
  },
};
