// Any log of one power over time, as of a wall meter: a time column (time_s, t_ms, time, timestamp) and a power column (power_w,
// power, watts, W). What it covers is not in the file; it is taken as wall power, which contains all else.
import { cellsOf, knownNumberIn, linesOf, numberIn, sheetOf, stampIn } from "./csv.ts";
import { emptyImport, gaugeInfo, type ImportFormat, recordingFrom } from "./format.ts";

const NAME = "wall-meter CSV";
const TIME = /^(time_s|t_s|time|timestamp|date|time \(s\))$/i;
const MILLISECONDS = /^(t_ms|time_ms|timestamp_ms)$/i;
const POWER = /^(power_w|power|watts?|w|active power|power \(w\))$/i;

const find = (columns: readonly string[], pattern: RegExp): string | undefined =>
  columns.find((column) => pattern.test(column));

export const wallMeter: ImportFormat = {
  id: "wall-meter",
  name: NAME,
  detect: (text) => {
    const columns = cellsOf(linesOf(text)[0] ?? "");
    return (find(columns, TIME) ?? find(columns, MILLISECONDS)) !== undefined && find(columns, POWER) !== undefined;
  },
  read: (text) => {
    const { columns, rows } = sheetOf(text, NAME);
    const [time, milliseconds, power] = [TIME, MILLISECONDS, POWER].map((pattern) => find(columns, pattern));
    if (rows.length === 0 || power === undefined) throw emptyImport(NAME);
    const timeS = rows.map((row) => (time ? stampIn(row, time, NAME) : knownNumberIn(row, milliseconds!, NAME) / 1000));
    const values = rows.map((row) => numberIn(row, power, NAME));
    const info = gaugeInfo("wall-meter/0", "wall meter", "wall", NAME);
    const { recording, startS, remarks } = recordingFrom([{ info, timeS, values }]);
    return { format: "wall-meter", recording, startS, runs: [], remarks };
  },
};
