// A wall meter's CSV (time, watts) as a source: growing while another program writes it, or finished. Wall power holds everything —
// CPU, GPU, supply losses, fans, disk — so it must never be summed with the others: measure.ts and table.ts see to that by its domain, "wall".
// We do not talk to wall meters ourselves; whatever logs them writes the file.
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import type { Found, MachineAccess, Meter, PowerSource, SourceInfo, Unusable } from "../../measure/power-source.ts";
import type { Trace } from "../../measure/trace.ts";
import { InputError } from "../../units/input-error.ts";
import { explainRefusal } from "../files.ts";
import { replayMeter } from "./replay.ts";

/** Where time and power stand in a row, and what they are counted in. */
export interface WallColumns {
  readonly separator: "," | ";" | "\t";
  readonly time: number;
  readonly power: number;
  /** W per unit of the power column. */
  readonly powerScale: number;
  /** Whether the first row is a header. */
  readonly header: boolean;
}

const TIME_NAMES = /^(time|timestamp|t|seconds|elapsed|date|datetime)([ _]?[([]?(s|sec|seconds|unix|utc)[)\]]?)?$/i;
/** Name of a power column → W per unit. */
const POWER_NAMES: readonly (readonly [RegExp, number])[] = [
  [/^((active[ _]|wall[ _]|apparent[ _])?power[ _]?[([]?mw[)\]]?|mw|milliwatts)$/i, 1e-3],
  [/^((active[ _]|wall[ _])?power[ _]?[([]?kw[)\]]?|kw|kilowatts)$/i, 1e3],
  [/^((active[ _]|wall[ _])?power([ _]?[([]?(w|watts?)[)\]]?)?|w|watts?)$/i, 1],
];

const splitRow = (line: string, separator: string) =>
  line
    .replace(/\r$/, "")
    .split(separator)
    .map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));

/**
 * Which columns hold time and power, from the first row: by the names of a header ("time_s", "timestamp", "power_w", "watts", "W",
 * "power_mw", …), or the first two columns where the first row is two numbers.
 * @param shown name of the file, for messages
 * @throws InputError "bad-wall-csv" with the names that were found
 */
export function wallColumns(firstLine: string, shown: string): WallColumns {
  const separator = firstLine.includes("\t") ? "\t" : firstLine.includes(";") ? ";" : ",";
  const cells = splitRow(firstLine, separator);
  const plain = { separator, time: 0, power: 1, powerScale: 1, header: false } as const;
  if (cells.length === 2 && wallRow(firstLine, plain) !== undefined) return plain;
  const time = cells.findIndex((cell) => TIME_NAMES.test(cell));
  const named = cells.flatMap((cell, index) => {
    const known = POWER_NAMES.find(([name]) => name.test(cell));
    return known === undefined ? [] : [{ index, scale: known[1] }];
  });
  const power = named[0];
  if (time < 0 || power === undefined) {
    throw new InputError(
      "bad-wall-csv",
      `"${shown}" has the columns ${cells.map((cell) => `"${cell}"`).join(", ")}, expected a time and a power`,
      'name them "time_s" (or "timestamp") and "power_w" in the first row',
    );
  }
  return { separator, time, power: power.index, powerScale: power.scale, header: true };
}

/** One row as seconds (since whatever the file counts from) and W; undefined when it is not one. */
export function wallRow(
  line: string,
  columns: WallColumns,
): { readonly timeS: number; readonly powerW: number } | undefined {
  const cells = splitRow(line, columns.separator);
  const timeS = secondsOf(decimal(cells[columns.time] ?? "", columns.separator));
  const power = decimal(cells[columns.power] ?? "", columns.separator);
  if (timeS === undefined || !/^-?\d*\.?\d+(e[+-]?\d+)?$/i.test(power)) return undefined;
  return { timeS, powerW: Number(power) * columns.powerScale };
}

/** Files with semicolons may write 12,5 for 12.5. */
const decimal = (cell: string, separator: string) => (separator === ";" ? cell.replace(",", ".") : cell);

const EPOCH_MS_FROM = 1e11; // as seconds that would be the year 5138; as milliseconds it is 1973

function secondsOf(cell: string): number | undefined {
  if (/^\d*\.?\d+(e[+-]?\d+)?$/i.test(cell)) {
    const number = Number(cell);
    return number >= EPOCH_MS_FROM ? number / 1000 : number;
  }
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(cell)) return undefined;
  const ms = Date.parse(cell.replace(" ", "T"));
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

/** The one wall meter that is read. */
const WALL_ID = "wall/csv";

/** What a wall meter's source says of itself. */
function wallInfo(shown: string, updatePeriodS: number | undefined): SourceInfo {
  return {
    id: WALL_ID,
    name: "wall meter",
    domain: "wall",
    kind: "integrated",
    reads: "power",
    ...(updatePeriodS === undefined || updatePeriodS <= 0 ? {} : { updatePeriodS }),
    provenance: `Power at the wall from ${shown}: the whole machine with its supply. It contains all other sources and is never summed with them.`,
  };
}

/**
 * A finished wall-meter file as a trace.
 * @param text the file
 * @param shown its name, for messages
 * @param originS what the file's clock says at the recording's time 0, s: a Unix time for timestamps. Default: its first row
 * @throws InputError "bad-wall-csv" when columns are not found, no row can be read, or time goes back
 */
export function wallTrace(text: string, shown: string, originS?: number): Trace {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const columns = wallColumns(lines[0] ?? "", shown);
  const rows = lines.slice(columns.header ? 1 : 0).map((line) => wallRow(line, columns));
  const good = rows.filter((row) => row !== undefined);
  if (good.length === 0) {
    throw new InputError("bad-wall-csv", `"${shown}" has no row with a time and watts`, "expected rows like 0.5,81.2");
  }
  const zeroS = originS ?? (good[0]?.timeS as number);
  const timeS = Float64Array.from(good, (row) => row.timeS - zeroS);
  const back = timeS.findIndex((time, i) => i > 0 && time < (timeS[i - 1] as number));
  if (back >= 0) {
    throw new InputError("bad-wall-csv", `"${shown}" goes back in time at row ${back + 1}`, "sort it by time");
  }
  const periodS = timeS.length < 2 ? undefined : ((timeS.at(-1) as number) - (timeS[0] as number)) / (timeS.length - 1);
  return { info: wallInfo(shown, periodS), timeS, values: Float64Array.from(good, (row) => row.powerW) };
}

export interface WallMeterOptions {
  /** true: the file is complete, and its rows are played from the first on as time goes. false: it grows. Default false. */
  readonly finished?: boolean;
  /** A growing file that got no new row for this long has no reading, s. Default 5. */
  readonly staleS?: number;
}

/**
 * A wall meter by its CSV file.
 * @param path the file. A growing one may still be empty
 */
export function wallMeter(path: string, options: WallMeterOptions = {}): Meter {
  return {
    id: "wall",
    find(machine) {
      try {
        if (!options.finished) return [{ source: tailSource(path, machine, options.staleS ?? 5) }];
        const trace = wallTrace(readFileSync(path, "utf8"), path);
        return replayMeter({ traces: [trace], marks: [], load: [] }, path).find(machine);
      } catch (error) {
        return [explainFile(error, path)];
      }
    },
  };
}

/**
 * A wall meter is named by the user: a measurement without it is not the one that was asked for.
 * @param unusable what was found on a machine that was told of a wall meter, and cannot be read
 * @throws InputError "no-wall-meter" with the reason
 */
export function checkWallMeter(unusable: readonly Unusable[]): void {
  const why = unusable.find(({ id }) => id === WALL_ID);
  if (why !== undefined) throw new InputError("no-wall-meter", why.reason, why.fix);
}

function explainFile(error: unknown, path: string): Found {
  const explained = error instanceof InputError ? error : explainRefusal(error, path, "read");
  if (!(explained instanceof InputError)) throw explained;
  const fix =
    explained.code === "cannot-read" ? "give the path of the CSV that your wall meter writes" : explained.hint;
  return { unusable: { id: WALL_ID, domain: "wall", reason: explained.message, fix } };
}

/** The newest row of a file that another program appends to. Rows from before we opened it only tell the columns. */
function tailSource(path: string, machine: MachineAccess, staleS: number): PowerSource {
  const descriptor = openSync(path, "r");
  const block = Buffer.alloc(65536);
  let offset = 0;
  let rest = "";
  let columns: WallColumns | undefined;
  let newest: { readonly powerW: number; readonly atS: number } | undefined;
  let open = true;

  const takeLines = (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.trim() === "" || line.startsWith("#")) continue;
      const first = columns === undefined;
      columns ??= wallColumns(line, path);
      const row = first && columns.header ? undefined : wallRow(line, columns);
      if (row !== undefined) newest = { powerW: row.powerW, atS: machine.nowS() };
    }
  };
  const takeGrowth = () => {
    if (fstatSync(descriptor).size < offset) {
      offset = 0; // the file was begun anew
      rest = "";
      columns = undefined;
    }
    for (;;) {
      const got = readSync(descriptor, block, 0, block.length, offset);
      if (got === 0) return;
      offset += got;
      takeLines(block.toString("latin1", 0, got));
    }
  };
  try {
    takeGrowth();
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  newest = undefined;
  return {
    info: wallInfo(path, undefined),
    read() {
      if (!open) return undefined;
      try {
        takeGrowth();
      } catch {
        return undefined; // gone, or begun anew with other columns: missing, never 0
      }
      return newest === undefined || machine.nowS() - newest.atS > staleS ? undefined : { powerW: newest.powerW };
    },
    close() {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}
