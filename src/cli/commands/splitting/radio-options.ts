// The options of a radio link: power, band, noise, path, circuits, blocks. From text to split/radio.ts's Radio; nothing is computed here
// but the path's gain.
import { thermalNoiseWPerHz } from "../../../link/capacity.ts";
import { type Blocks, DEFAULT_RADIO, freeSpaceGain, logDistanceGain, type Radio } from "../../../split/radio.ts";
import { WALK } from "../../../split/trajectory.ts";
import { formatQuantity } from "../../../units/format.ts";
import { InputError } from "../../../units/input-error.ts";
import type { OptionSpec, OptionValues } from "../../command.ts";
import { countOption, flagOption, positiveOption, quantityOption, shareOption, textOption } from "../../options.ts";

export const RADIO_OPTIONS: readonly OptionSpec[] = [
  { flags: "--bandwidth <Hz>", description: "bandwidth of the uplink, such as 15MHz (default 5MHz)" },
  { flags: "--power <W>", description: "radiated power, such as 1mW or 0dBm (default 1mW)" },
  {
    flags: "--noise <N0>",
    description: "noise in W/Hz (default 1e-9, for channels of unit gain only), or thermal for kT at 290 K",
  },
  { flags: "--noise-figure <dB>", description: "with --noise thermal: the receiver's noise figure, dB (default 0)" },
  {
    flags: "--gain <ratio>",
    description: "|h|², received over sent power besides the path's; 0 is a closed link (default 1)",
  },
  { flags: "--distance <m>", description: "distance to the server, m: adds path loss (default: none)" },
  {
    flags: "--path-loss <kind>",
    description:
      "with --distance or a trajectory's distances: free-space (default), or the exponent of log-distance such as 3.2",
  },
  { flags: "--frequency <Hz>", description: "of the path loss: carrier frequency (default 2.4GHz)" },
  { flags: "--pa-efficiency <ratio>", description: "radiated over drawn power of the amplifier (default 1)" },
  { flags: "--radio-circuit <W>", description: "power of the radio's other circuits while it sends (default 0)" },
  { flags: "--round-trip <time>", description: "round trip of an empty message, in latencies (default 0)" },
  {
    flags: "--block <n>",
    description: "channel uses of one coded block: finite block length (default: Shannon's rate)",
  },
  { flags: "--block-error <ratio>", description: "with --block: share of blocks that are lost (default 1e-3)" },
  { flags: "--attempts <n>", description: "with --block: how often a block is sent at most (default 4)" },
];

const DEFAULT_FREQUENCY_HZ = 2.4e9;
const DEFAULT_BLOCK_ERROR = 1e-3;
const DEFAULT_ATTEMPTS = 4;
/** Exponents that are met: a waveguide-like corridor to a building of many walls. */
const EXPONENTS = [1, 8] as const;
const FREE_SPACE = "free-space";

/** @throws InputError "needs-option" when `flag` is given without the option that gives it a meaning */
export function needs(options: OptionValues, flag: string, other: string): void {
  const isGiven = textOption(options, flag) !== undefined || flagOption(options, flag);
  if (!isGiven || textOption(options, other) !== undefined) return;
  throw new InputError("needs-option", `${flag} needs ${other}`, `add ${other}, or leave out ${flag}`);
}

function noiseOption(options: OptionValues): number | undefined {
  const text = textOption(options, "--noise");
  const isThermal = text?.trim().toLowerCase() === "thermal";
  const figure = quantityOption(options, "--noise-figure", "dB", 0);
  if (figure !== undefined && !isThermal)
    throw new InputError("needs-option", "--noise-figure needs --noise thermal", "add --noise thermal");
  return isThermal ? thermalNoiseWPerHz(figure ?? 0) : positiveOption(options, "--noise", "W/Hz");
}

/** What the places of a trajectory know of their path: nothing, their distances, or it is in their gains. */
export type PlacesPath = "none" | "distances" | "in-gains";

/** One path has one loss, and what tells of it must have a path. @throws InputError "two-paths", "needs-option" */
export function checkPath(options: OptionValues, places: PlacesPath): void {
  const [isFixed, hasLaw] = ["--distance", "--path-loss"].map((flag) => textOption(options, flag) !== undefined);
  const flags = ["--distance", "--path-loss", "--frequency"].filter((flag) => textOption(options, flag) !== undefined);
  if ((places === "in-gains" && flags.length > 0) || (places === "distances" && isFixed && hasLaw))
    throw new InputError(
      "two-paths",
      places === "in-gains"
        ? `${flags[0]}: the gains of this trajectory have their path loss in them`
        : "--distance: the trajectory has distances of its own, and the path loss would count twice",
      `leave out ${places === "in-gains" ? flags.join(" and ") : "--distance"}`,
    );
  if (isFixed || (places === "distances" && hasLaw)) return;
  const [flag] = flags;
  if (flag === undefined) return;
  throw new InputError(
    "needs-option",
    `${flag} needs a distance`,
    places === "distances"
      ? "add --path-loss, or leave it out"
      : "give --distance, or a trajectory with distance_m or x_m,y_m",
  );
}

/** Received over sent power of the path by distance. */
export function pathGain(options: OptionValues): (distanceM: number) => number {
  const kind = textOption(options, "--path-loss") ?? FREE_SPACE;
  const frequencyHz = positiveOption(options, "--frequency", "Hz") ?? DEFAULT_FREQUENCY_HZ;
  if (kind === FREE_SPACE) return (distanceM) => freeSpaceGain(distanceM, frequencyHz);
  const exponent = Number(kind);
  if (exponent >= EXPONENTS[0] && exponent <= EXPONENTS[1])
    return (distanceM) => logDistanceGain(distanceM, frequencyHz, exponent);
  throw new InputError(
    "bad-path-loss",
    `--path-loss "${kind}" is neither ${FREE_SPACE} nor an exponent`,
    `give ${FREE_SPACE}, or a number between ${EXPONENTS.join(" and ")} such as 3.2`,
  );
}

function blocksOption(options: OptionValues): Blocks | undefined {
  for (const flag of ["--block-error", "--attempts"]) needs(options, flag, "--block");
  const uses = countOption(options, "--block");
  if (uses === undefined) return undefined;
  const errorRatio = quantityOption(options, "--block-error", "ratio", 0, 1) ?? DEFAULT_BLOCK_ERROR;
  if (errorRatio === 0 || errorRatio === 1)
    throw new InputError("out-of-range", `--block-error: ${errorRatio} is out of range`, "give a share such as 1e-3");
  return { uses, errorRatio, attempts: countOption(options, "--attempts") ?? DEFAULT_ATTEMPTS };
}

/** The radio that the options say. @throws InputError for numbers that cannot be, and options without the one they belong to */
export function radioOption(options: OptionValues): Radio {
  const distanceM = positiveOption(options, "--distance", "m");
  const path = pathGain(options);
  return {
    bandwidthHz: positiveOption(options, "--bandwidth", "Hz") ?? DEFAULT_RADIO.bandwidthHz,
    powerW: positiveOption(options, "--power", "W") ?? DEFAULT_RADIO.powerW,
    noiseWPerHz: noiseOption(options) ?? DEFAULT_RADIO.noiseWPerHz,
    pathGainRatio: distanceM === undefined ? DEFAULT_RADIO.pathGainRatio : path(distanceM),
    paEfficiencyRatio: shareOption(options, "--pa-efficiency") ?? DEFAULT_RADIO.paEfficiencyRatio,
    circuitW: quantityOption(options, "--radio-circuit", "W") ?? DEFAULT_RADIO.circuitW,
    roundTripS: quantityOption(options, "--round-trip", "s") ?? DEFAULT_RADIO.roundTripS,
    blocks: blocksOption(options),
  };
}

/** |h|² as given. Default 1. */
export function gainOption(options: OptionValues): number {
  return quantityOption(options, "--gain", "ratio") ?? 1;
}

/** What the path and the noise are, in words: a result must say which it stands on. */
export function pathNotes(options: OptionValues): readonly string[] {
  const frequency = formatQuantity(positiveOption(options, "--frequency", "Hz") ?? DEFAULT_FREQUENCY_HZ, "Hz");
  const kind = textOption(options, "--path-loss") ?? FREE_SPACE;
  const law = kind === FREE_SPACE ? "free space" : `free space up to 1 m, then distance to the power −${kind}`;
  const distanceM = positiveOption(options, "--distance", "m");
  const figure = quantityOption(options, "--noise-figure", "dB", 0) ?? 0;
  return [
    ...(distanceM === undefined && textOption(options, "--path-loss") === undefined
      ? [
          textOption(options, "--trajectory") === WALK
            ? "along the walk the mean gain is 1 at 10 m and falls with the distance squared: its only path loss"
            : "no path loss: the gain |h|² is all that lies between the radios",
        ]
      : [`path loss at ${frequency}: ${law}${distanceM === undefined ? "" : `, ${distanceM} m`}`]),
    ...(textOption(options, "--noise")?.trim().toLowerCase() === "thermal"
      ? [`noise: kT at 290 K, noise figure ${figure} dB`]
      : []),
  ];
}
