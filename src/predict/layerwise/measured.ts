// What was measured: joules per pass, and seconds per pass where the file tells. Which unit a column has, and what makes a row unusable.
import { InputError } from "../../units/input-error.ts";
import { unknownName } from "../../units/nearest.ts";
import { JOULES_PER_KWH } from "../../units/quantity.ts";
import { columnsOf, namedRows, numberOf, placeOf, type Sample } from "./samples.ts";

/** A column with its unit: "cpu_energy:kWh". */
export interface Target {
  readonly column: string;
  readonly unit: string;
  /** J per unit. */
  readonly joules: number;
}

const UNITS: Readonly<Record<string, number>> = {
  J: 1,
  mJ: 1e-3,
  uJ: 1e-6,
  kJ: 1e3,
  Wh: 3600,
  kWh: JOULES_PER_KWH,
  MJ: 1e6,
  nJ: 1e-9,
  µJ: 1e-6,
};

/** @throws InputError for a unit that is no energy */
export function parseTarget(text: string, flag = "--target"): Target {
  const colon = text.lastIndexOf(":");
  const column = colon < 0 ? text : text.slice(0, colon);
  const unit = colon < 0 ? "J" : text.slice(colon + 1);
  const joules = UNITS[unit];
  if (joules === undefined)
    throw new InputError(
      "bad-unit",
      `${flag} "${text}": "${unit}" is no unit of energy`,
      `write COLUMN:UNIT with one of ${Object.keys(UNITS).join(", ")}; without a unit it is joules`,
    );
  return { column, unit, joules };
}

/** @throws InputError naming the nearest columns */
export function checkColumn(column: string, samples: readonly Sample[]): void {
  const columns = columnsOf(samples);
  if (!columns.includes(column))
    throw unknownName("column", column, columns, `the file has the columns ${columns.slice(0, 30).join(", ")}`);
}

/** Energies in joules, one per sample. @throws InputError naming the rows that have none, or one that is not above 0 */
export function energiesOf(samples: readonly Sample[], target: Target): number[] {
  checkColumn(target.column, samples);
  const values = samples.map((sample) => numberOf(sample, target.column));
  const absent = samples.filter((_, i) => values[i] === undefined);
  if (absent.length > 0)
    throw new InputError(
      "missing-energy",
      `no ${target.column} in ${namedRows(absent)}`,
      "delete the rows, or leave them out with --where",
    );
  const wrong = samples.filter((_, i) => !(values[i]! > 0));
  if (wrong.length > 0)
    throw new InputError(
      "not-positive",
      `${target.column} is negative or 0 in ${namedRows(wrong)}`,
      "an energy must be above 0; measure longer, or leave such rows out",
    );
  return values.map((value) => value! * target.joules);
}

/** Numbers of passes, by the names that data sets use: beside one, a duration is that of all passes. */
const PASSES = ["passes", "forward_passes", "n_passes"];
/** Seconds of one pass: from the first of these that all samples have. */
const TIMES: readonly (readonly [string, string?])[] = [
  ["pass_s"],
  ...PASSES.map((passes) => ["duration_s", passes] as const),
  ["duration_s"],
  ["time_s"],
  ...PASSES.map((passes) => ["duration", passes] as const),
];

/** Powers that a processor draws, W: beyond them, energy and time were not taken over the same passes. */
const LEAST_POWER_W = 0.5;
const MOST_POWER_W = 5000;

/** The times, unless a power that follows from them is none; then the reason. */
export function trustedTimes(
  samples: readonly Sample[],
  energyJ: readonly number[],
): { readonly passS: readonly number[] | undefined; readonly remark?: string } {
  const passS = timesOf(samples);
  const wrong = passS?.findIndex((time, i) => {
    const power = energyJ[i]! / time;
    return power < LEAST_POWER_W || power > MOST_POWER_W;
  });
  if (passS === undefined || wrong === undefined || wrong < 0) return { passS };
  const power = (energyJ[wrong]! / passS[wrong]!).toPrecision(3);
  return {
    passS: undefined,
    remark: `times are not used: energy by time is ${power} W in ${placeOf(samples[wrong]!)}, so they are not of the same passes`,
  };
}

/** Times of one pass, s; undefined where the files do not tell, or tell it of some rows only. */
export function timesOf(samples: readonly Sample[]): number[] | undefined {
  for (const [column, passes] of TIMES) {
    if (samples.some(({ cells }) => !cells.has(column) || (passes !== undefined && !cells.has(passes)))) continue;
    const times = samples.map(
      (sample) => numberOf(sample, column)! / (passes === undefined ? 1 : numberOf(sample, passes)!),
    );
    if (times.every((time) => Number.isFinite(time) && time > 0)) return times;
  }
  return undefined;
}

/** Columns that name the machine. Different values in them are different machines. */
export const MACHINE_COLUMNS =
  /^(hardware|device|machine|host|hostname|cpu|cpu_model|cpu_name|gpu|gpu_model|gpu_name|cpu_count|gpu_count|ram_total_size|environment)$/i;

/** The machine the samples come from, by column. @throws InputError when it is more than one */
export function machineOf(samples: readonly Sample[]): Readonly<Record<string, string>> {
  const machine: Record<string, string> = {};
  for (const column of columnsOf(samples).filter((name) => MACHINE_COLUMNS.test(name))) {
    const first = samples.find(({ cells }) => cells.has(column))!;
    const value = first.cells.get(column)!;
    const others = samples.filter(({ cells }) => (cells.get(column) ?? value) !== value);
    if (others.length > 0)
      throw new InputError(
        "mixed-hardware",
        `the samples come from more than one machine: ${column} is "${value}" in ${namedRows([first])}, and "${others[0]!.cells.get(column)}" in ${namedRows(others)}`,
        `fit each machine by itself: --where ${column}=${value}`,
      );
    machine[column] = value;
  }
  return machine;
}
