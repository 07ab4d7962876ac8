// The options of `link ber`: text → what is simulated, over which points, until when.
import { availableParallelism } from "node:os";
import type { LinkSetup } from "../../../link/ber/chunk.ts";
import { MOST_SLOTS, SLOTS_BEFORE_STOPPING, type StopRule, slotLimit } from "../../../link/ber/sweep.ts";
import type { ChannelSpec } from "../../../link/channels/channel.ts";
import { CHANNELS } from "../../../link/channels/table.ts";
import type { DemapRule } from "../../../link/demap.ts";
import type { GridOptions } from "../../../link/grid.ts";
import { MODULATIONS, modulationNamed } from "../../../link/qam.ts";
import { RECEIVERS } from "../../../link/receivers/table.ts";
import { sinrDbOf, snrDbOf } from "../../../link/slot.ts";
import { InputError } from "../../../units/input-error.ts";
import { unknownName } from "../../../units/nearest.ts";
import type { OptionSpec, OptionValues } from "../../command.ts";
import { countOption, listOption, quantityOption, textOption } from "../../options.ts";

const DEFAULTS = { modulation: "16qam", channel: "tdl-c", receivers: ["lmmse", "ls"], range: "-4:32:2" } as const;
const MOST_POINTS = 1000;
const FADINGS = ["block", "re"] as const;
const DEMAPS = ["max-log", "exact"] as const satisfies readonly DemapRule[];

export const BER_OPTIONS: readonly OptionSpec[] = [
  { flags: "--modulation <name>", description: `${MODULATIONS.join(", ")} (default ${DEFAULTS.modulation})` },
  { flags: "--channel <name>", description: `${CHANNELS.join(", ")} (default ${DEFAULTS.channel})` },
  { flags: "--delay-spread <ns>", description: "of the tdl channels, in ns, or with a unit (default 100)" },
  { flags: "--doppler <hz>", description: "greatest Doppler shift of the tdl channels, Hz (default 0)" },
  {
    flags: "--fading <how>",
    description: "rayleigh: one draw per slot and antenna (block, default) or per element (re)",
  },
  { flags: "--antennas <n>", description: "receive antennas, 1 to 16 (default 2)" },
  {
    flags: "--receiver <list>",
    description: `${RECEIVERS.join(", ")} or .onnx files (default ${DEFAULTS.receivers.join(",")})`,
  },
  {
    flags: "--snr <range>",
    description: `Es/N0 per element and antenna, dB: a:b:step or a list (default ${DEFAULTS.range})`,
  },
  { flags: "--sinr <range>", description: "the same of signal over noise and interference; instead of --snr" },
  { flags: "--sir <db>", description: "signal over the interference of another cell, dB (default: none)" },
  { flags: "--pilots <n>", description: "OFDM symbols with pilots: 1 (symbol 2) or 2 (2 and 11) (default 1)" },
  { flags: "--pilot-groups <n>", description: "pilot subcarrier groups without data: 2 (pilots +3 dB, default) or 1" },
  { flags: "--subcarriers <n>", description: "a multiple of 12 up to 3300 (default 312)" },
  { flags: "--symbols <n>", description: "OFDM symbols per slot, 3 to 14 (default 14)" },
  { flags: "--spacing <hz>", description: "between subcarriers: 15kHz, 30kHz, 60kHz, 120kHz (default 15kHz)" },
  { flags: "--llr <rule>", description: "bit ratios: max-log (default) or exact" },
  {
    flags: "--slots <n>",
    description: `per point at most (default ${SLOTS_BEFORE_STOPPING}; ${MOST_SLOTS} with --min-errors)`,
  },
  {
    flags: "--min-errors <n>",
    description: `a point stops at so many bit errors, but after ${SLOTS_BEFORE_STOPPING} slots at the earliest`,
  },
  { flags: "--seed <n>", description: "of all that is random (default 0)" },
  {
    flags: "--threads <n>",
    description: "threads (default: cores, fewer for short runs); results do not depend on it",
  },
  { flags: "--resume <file>", description: "counts so far: made if absent, gone on with if there" },
];

/** "-4:32:2" → -4, -2, … 32; "0,5,10" → these. @throws InputError "bad-range" */
function parseDbRange(text: string, flag: string): number[] {
  const bad = (why: string) =>
    new InputError("bad-range", `${flag}: "${text}" ${why}`, `write ${flag} -4:32:2 or ${flag} 0,5,10 (dB)`);
  const number = (part: string): number => {
    const value = Number(part.trim().replace(/\s*dB$/, ""));
    if (part.trim() === "" || !Number.isFinite(value)) throw bad("is no range of decibels");
    return value;
  };
  const values = text.split(",").flatMap((part) => {
    const [low, high, step, ...more] = part.split(":").map(number);
    if (low === undefined || more.length > 0) throw bad("is no range of decibels");
    if (high === undefined) return [low];
    const by = step ?? 1;
    if (!(by > 0) || high < low) throw bad("does not go up");
    const count = Math.floor((high - low) / by + 1e-9) + 1;
    if (count > MOST_POINTS) throw bad(`has ${count} points, at most ${MOST_POINTS} are simulated`);
    return Array.from({ length: count }, (_, i) => Math.round((low + i * by) * 1e6) / 1e6);
  });
  for (const value of values) if (Math.abs(value) > 100) throw bad(`goes to ${value} dB, beyond ±100 dB`);
  return [...new Set(values)];
}

function dbOption(options: OptionValues, flag: string): number | undefined {
  const text = textOption(options, flag);
  if (text === undefined) return undefined;
  const [value, ...more] = parseDbRange(text, flag);
  if (more.length > 0)
    throw new InputError("bad-range", `${flag}: "${text}" is more than one number`, `write ${flag} 10`);
  return value;
}

function choice<T extends string>(options: OptionValues, flag: string, names: readonly T[]): T | undefined {
  const text = textOption(options, flag);
  if (text === undefined || names.includes(text as T)) return text as T | undefined;
  throw unknownName(flag.slice(2), text, names, `choose one of ${names.join(", ")}`);
}

/** A bare number is in ns, as radio people write it. */
function delaySpreadOption(options: OptionValues): number | undefined {
  const text = textOption(options, "--delay-spread");
  const inNs = text !== undefined && text.trim() !== "" && Number.isFinite(Number(text));
  const asked = inNs ? { ...options, delaySpread: `${text.trim()}ns` } : options;
  return quantityOption(asked, "--delay-spread", "s");
}

/** Only what is set. */
function defined<T extends object>(values: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

/** --channel, --delay-spread, --doppler, --fading. */
export function channelOption(options: OptionValues): ChannelSpec {
  return defined<ChannelSpec>({
    name: (textOption(options, "--channel") ?? DEFAULTS.channel).toLowerCase(),
    delaySpreadS: delaySpreadOption(options),
    dopplerHz: quantityOption(options, "--doppler", "Hz"),
    fading: choice(options, "--fading", FADINGS),
  });
}

/** --antennas, 1 to 16. */
export function antennasOption(options: OptionValues, otherwise: number): number {
  const antennas = countOption(options, "--antennas") ?? otherwise;
  if (antennas > 16) throw new InputError("out-of-range", `--antennas: ${antennas} is out of range`, "give 1 to 16");
  return antennas;
}

export interface BerPoint {
  readonly snrDb: number;
  readonly sinrDb: number;
}

export interface BerPlan {
  readonly setup: LinkSetup & { readonly antennas: number; readonly seed: number };
  readonly receivers: readonly string[];
  readonly points: readonly BerPoint[];
  readonly stop: StopRule;
  readonly threads: number;
}

function pointsOf(options: OptionValues, sirDb: number | undefined): BerPoint[] {
  const [snr, sinr] = [textOption(options, "--snr"), textOption(options, "--sinr")];
  if (snr !== undefined && sinr !== undefined)
    throw new InputError(
      "two-ranges",
      "--snr and --sinr are both given",
      "give one of them; --sir makes the difference",
    );
  if (sinr === undefined)
    return parseDbRange(snr ?? DEFAULTS.range, "--snr").map((snrDb) => ({ snrDb, sinrDb: sinrDbOf(snrDb, sirDb) }));
  return parseDbRange(sinr, "--sinr").map((sinrDb) => {
    const snrDb = snrDbOf(sinrDb, sirDb);
    if (snrDb === undefined)
      throw new InputError(
        "no-sinr",
        `a SINR of ${sinrDb} dB cannot be had with a SIR of ${sirDb} dB: interference alone is more`,
        "give SINRs below the SIR",
      );
    return { snrDb, sinrDb };
  });
}

/** Slots that are worth a thread of their own. */
const SLOTS_PER_THREAD = 500;

/** @throws InputError for what cannot be read; whether the link can be is openLink's to say */
export function berPlan(options: OptionValues): BerPlan {
  const sirDb = dbOption(options, "--sir");
  const points = pointsOf(options, sirDb);
  const stop = defined<StopRule>({
    slots: countOption(options, "--slots"),
    minErrors: countOption(options, "--min-errors"),
  });
  const most = Math.max(
    1,
    Math.min(availableParallelism(), Math.floor((points.length * slotLimit(stop)) / SLOTS_PER_THREAD)),
  );
  return {
    setup: {
      modulation: modulationNamed(textOption(options, "--modulation") ?? DEFAULTS.modulation),
      channel: channelOption(options),
      grid: defined<GridOptions>({
        subcarriers: countOption(options, "--subcarriers"),
        symbols: countOption(options, "--symbols"),
        spacingHz: quantityOption(options, "--spacing", "Hz"),
        pilots: countOption(options, "--pilots"),
        emptyGroups: countOption(options, "--pilot-groups"),
      }),
      antennas: antennasOption(options, 2),
      seed: countOption(options, "--seed", 0) ?? 0,
      ...defined<Pick<LinkSetup, "sirDb" | "demap">>({ sirDb, demap: choice(options, "--llr", DEMAPS) }),
    },
    receivers: [...new Set(listOption(options, "--receiver") ?? DEFAULTS.receivers)],
    points,
    stop,
    threads: Math.min(64, countOption(options, "--threads") ?? most),
  };
}
