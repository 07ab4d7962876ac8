// `joulecast split … --trajectory`: places from a CSV file or the built-in walk, the cut chosen anew at each, and the baselines of
// [Krouka2021]. Gains are columns of the file, or follow from distances by --path-loss.
import { existsSync, readFileSync } from "node:fs";
import { seededRandom } from "../../../math/random.ts";
import { knownNumberIn, type Row, sheetOf } from "../../../measure/imports/csv.ts";
import { explainRefusal } from "../../../node/files.ts";
import { type PathRow, pathSections } from "../../../report/splitting/split-report.ts";
import { Airtime } from "../../../split/airtime.ts";
import type { CostTable } from "../../../split/costs.ts";
import type { Limits } from "../../../split/decide.ts";
import { DRAWN_CHANNELS, drawnPlaces } from "../../../split/drawn-channel.ts";
import { firstPool, type PlannedSplit } from "../../../split/plan.ts";
import type { Uplink } from "../../../split/radio.ts";
import {
  adaptivePath,
  fixedPath,
  type Path,
  type PathChannel,
  type Place,
  totalsOf,
  WALK,
  walk,
} from "../../../split/trajectory.ts";
import { InputError } from "../../../units/input-error.ts";
import { unknownName } from "../../../units/nearest.ts";
import type { OptionSpec, OptionValues } from "../../command.ts";
import { countOption, flagOption, quantityOption, textOption } from "../../options.ts";
import { checkPath, gainOption, needs, pathGain } from "./radio-options.ts";

export const TRAJECTORY_OPTIONS: readonly OptionSpec[] = [
  {
    flags: "--trajectory <file>",
    description: `CSV with a column gain (|h|²), or distance_m or x_m,y_m with --path-loss; or built in: ${WALK}, or fading drawn in time: ${DRAWN_CHANNELS.join(", ")}`,
  },
  { flags: "--doppler <Hz>", description: "greatest Doppler shift of drawn fading (default 10)" },
  { flags: "--delay-spread <time>", description: "delay spread of a drawn tdl channel (default 100ns)" },
  { flags: "--time-varying", description: "with a column time_s: the channel goes on changing while sending" },
  { flags: "--seed <n>", description: "seed of the fading of the built-in path and of estimates (default 1)" },
];

const FORMAT = "trajectory";
/** Most rows of a trajectory. */
const MOST_PLACES = 10_000_000;

function negative(row: number, column: string, value: number): InputError {
  return new InputError(
    "bad-number",
    `${FORMAT}, row ${row}: ${column} is ${value}, expected at least 0`,
    "mend the row",
  );
}

/** A column's number where the column is there. */
function given(row: Row, columns: readonly string[], column: string): number | undefined {
  return columns.includes(column) ? knownNumberIn(row, column, FORMAT) : undefined;
}

function placeOf(row: Row, index: number, columns: readonly string[], options: OptionValues): Place {
  const [gain, distance, xM, yM, timeS] = ["gain", "distance_m", "x_m", "y_m", "time_s"].map((column) =>
    given(row, columns, column),
  );
  const far = distance ?? (xM === undefined || yM === undefined ? undefined : Math.hypot(xM, yM));
  if (gain !== undefined && gain < 0) throw negative(row.row, "gain", gain);
  if (far !== undefined && far < 0) throw negative(row.row, "distance_m", far);
  // checkPath has seen to it that the radio then has no path besides.
  const path = far !== undefined && textOption(options, "--path-loss") !== undefined ? pathGain(options) : undefined;
  const pathRatio = path && far !== undefined ? path(Math.max(far, Number.MIN_VALUE)) : undefined;
  if (gain === undefined && pathRatio === undefined)
    throw new InputError(
      "missing-column",
      `the trajectory has no column gain; its columns are ${columns.join(", ")}`,
      "give the column gain (|h|²), or distance_m or x_m,y_m together with --path-loss",
    );
  return {
    label: row.cell("label") ?? `P${index + 1}`,
    ...(timeS !== undefined && { timeS }),
    ...(xM !== undefined && { xM }),
    ...(yM !== undefined && { yM }),
    gainRatio: (gain ?? 1) * (pathRatio ?? 1),
    ...(pathRatio !== undefined && { meanGainRatio: pathRatio }),
  };
}

/** Rows of a CSV file with gains or distances. @throws InputError for what cannot be used, with its row */
export function readPlaces(path: string, options: OptionValues): readonly Place[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
  const { columns, rows } = sheetOf(text, FORMAT);
  if (rows.length === 0 || rows.length > MOST_PLACES)
    throw new InputError(
      "bad-trajectory",
      `"${path}" has ${rows.length} places, expected 1 to ${MOST_PLACES}`,
      "give a CSV file with a header and a row per place",
    );
  const hasDistances = columns.includes("distance_m") || (columns.includes("x_m") && columns.includes("y_m"));
  checkPath(options, hasDistances ? "distances" : "none");
  const places = rows.map((row, i) => placeOf(row, i, columns, options));
  const back = places.findIndex(
    ({ timeS }, i) => i > 0 && timeS !== undefined && timeS <= (places[i - 1]!.timeS ?? timeS - 1),
  );
  if (back < 0) return places;
  throw new InputError(
    "time-backwards",
    `"${path}", row ${rows[back]!.row}: time_s is not later than in the row before`,
    "sort the rows by time",
  );
}

/** Places of --trajectory; undefined without it. */
export function placesOption(options: OptionValues, link: Uplink): readonly Place[] | undefined {
  const name = textOption(options, "--trajectory");
  const dopplerHz = quantityOption(options, "--doppler", "Hz");
  const delaySpreadS = quantityOption(options, "--delay-spread", "s");
  if (name === undefined || !DRAWN_CHANNELS.includes(name)) {
    if (dopplerHz !== undefined || delaySpreadS !== undefined)
      throw new InputError(
        "needs-option",
        "--doppler and --delay-spread are of drawn fading",
        `give --trajectory ${DRAWN_CHANNELS.join(" or ")}`,
      );
    if (name === undefined) {
      needs(options, "--time-varying", "--trajectory");
      checkPath(options, "none");
      return undefined;
    }
  }
  const seed = countOption(options, "--seed", 0) ?? 1;
  if (name === WALK) {
    checkPath(options, "in-gains");
    return walk(seed);
  }
  if (!DRAWN_CHANNELS.includes(name)) {
    if (/^[\w-]+$/.test(name) && !existsSync(name))
      throw unknownName("trajectory", name, [WALK, ...DRAWN_CHANNELS], "give one of these, or a CSV file");
    return readPlaces(name, options);
  }
  checkPath(options, "none");
  const meanGainRatio = gainOption(options);
  const path = {
    name,
    meanGainRatio,
    ...(dopplerHz !== undefined && { dopplerHz }),
    ...(delaySpreadS !== undefined && { delaySpreadS }),
  };
  return drawnPlaces(path, link, seededRandom(seed));
}

/** The channel along the places. @throws InputError "no-times" */
function channelOf(places: readonly Place[], link: Uplink, options: OptionValues): PathChannel {
  const gainRatio = Float64Array.from(places, (place) => place.gainRatio);
  if (!flagOption(options, "--time-varying")) return { kind: "block", gainRatio, rateBps: link.rateBps };
  if (places.some(({ timeS }) => timeS === undefined))
    throw new InputError("no-times", "--time-varying needs a column time_s", "add it, or leave out --time-varying");
  const startS = Float64Array.from(places, ({ timeS }) => timeS!);
  return { kind: "varying", startS, airtime: new Airtime({ timeS: startS, gainRatio }, link.rateBps) };
}

interface TrajectoryInput {
  readonly places: readonly Place[];
  readonly link: Uplink;
  readonly planned: PlannedSplit;
  /** The network as it was, where `planned` is the compressed one. */
  readonly uncompressed: PlannedSplit | undefined;
  readonly limits: Limits;
}

/** The choice and the baselines along a path. */
function pathRows(input: TrajectoryInput, channel: PathChannel): readonly PathRow[] {
  const { planned, uncompressed, link, limits } = input;
  const { sending } = link;
  const row = (id: string, what: string, table: CostTable, path: Path): PathRow => ({
    id,
    what,
    table,
    path,
    totals: totalsOf(path),
  });
  const adaptive = (id: string, what: string, { table }: PlannedSplit) =>
    row(id, what, table, adaptivePath(table, channel, sending, limits));
  const fixed = (id: string, what: string, table: CostTable, cut: number | undefined) =>
    cut === undefined ? [] : [row(id, what, table, fixedPath(table, cut, channel, sending))];
  const pool = firstPool(planned);
  return [
    adaptive("ps", uncompressed ? "chosen at each place, compressed network" : "chosen at each place", planned),
    ...(uncompressed ? [adaptive("psnc", "chosen at each place, network as it was", uncompressed)] : []),
    ...fixed("pool1", `always after ${pool === undefined ? "" : planned.all.cuts[pool]!.after}`, planned.all, pool),
    ...fixed("softmax", "all on the device, the answer is sent", planned.all, planned.all.local),
    ...fixed("raw", "the raw input is sent", planned.all, planned.raw),
  ];
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** `steps` and `totals` of the JSON contract, and the sections of the document. */
export function trajectoryOutcome(input: TrajectoryInput, options: OptionValues) {
  const { places } = input;
  const channel = channelOf(places, input.link, options);
  const rows = pathRows(input, channel);
  const [own] = rows;
  const totals = Object.fromEntries(rows.map(({ id, totals: sums }) => [id, { ...sums, meanJ: finite(sums.meanJ) }]));
  return {
    result: {
      steps: places.map(({ label, gainRatio, timeS, xM, yM }, i) => ({
        label,
        timeS: timeS ?? null,
        xM: xM ?? null,
        yM: yM ?? null,
        gain: gainRatio,
        cut: own!.table.cuts[own!.path.cut[i]!]?.after ?? null,
        processingJ: finite(own!.path.deviceJ[i]!),
        radioJ: finite(own!.path.radioJ[i]!),
        totalJ: finite(own!.path.deviceJ[i]! + own!.path.radioJ[i]!),
      })),
      totals: { psnc: null, pool1: null, raw: null, ...totals },
    },
    sections: pathSections(places, rows),
    rows,
  };
}
