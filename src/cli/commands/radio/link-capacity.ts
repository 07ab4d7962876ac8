// `joulecast link capacity`: how many bits a link can carry at given powers, and the transmit joules of each: Shannon, short blocks, fading.
import { setImmediate } from "node:timers/promises";
import {
  capacityBits,
  energyPerBitJ,
  ergodicRayleighBits,
  leastEnergyPerBitJ,
  outageCapacityBits,
  type ShortBlock,
  shortBlockBits,
  snrOf,
  thermalNoiseWPerHz,
} from "../../../link/capacity.ts";
import { PROFILES } from "../../../link/channels/profiles.ts";
import { type CapacityDraws, drawnCapacities } from "../../../link/drawn-capacity.ts";
import { seededRandom } from "../../../math/random.ts";
import { withInterrupts } from "../../../node/run/interrupts.ts";
import { type CapacityRow, linkCapacityDocument } from "../../../report/radio/link-capacity-report.ts";
import { plural } from "../../../report/work-sections.ts";
import { formatCount } from "../../../units/format.ts";
import { InputError } from "../../../units/input-error.ts";
import { parseQuantity, parseWithin } from "../../../units/parse.ts";
import type { Command, OptionValues, Outcome } from "../../command.ts";
import { countOption, listOption, positiveOption, textOption } from "../../options.ts";
import { needs } from "../splitting/radio-options.ts";
import { antennasOption, channelOption } from "./link-ber-options.ts";

/** Exit code after Ctrl-C. */
const INTERRUPTED = 130;
/** Of all powers together. */
const MOST_DRAWS = 2e7;

const DEFAULTS = {
  bandwidthHz: 1e6,
  powers: ["10dBm"],
  gain: "-100dB",
  outageRatio: 0.01,
  errorRatio: 1e-3,
  draws: 2000,
};

/** "-100dB" or a plain ratio. */
function gainOption(options: OptionValues): number {
  const text = textOption(options, "--gain") ?? DEFAULTS.gain;
  const decibels = /^(.*\d)\s*dB$/i.exec(text.trim())?.[1];
  const ratio =
    decibels === undefined
      ? parseQuantity(text, "ratio", "--gain")
      : 10 ** (parseQuantity(decibels, "ratio", "--gain") / 10);
  if (ratio > 0 && ratio < Number.POSITIVE_INFINITY) return ratio;
  throw new InputError(
    "out-of-range",
    `--gain: ${text} is out of range`,
    'give |h|² above 0, such as "-100dB" or 1e-10',
  );
}

/** "-174dBm/Hz" or W/Hz; otherwise thermal noise with the receiver's noise figure. */
function noiseOption(options: OptionValues): number {
  const [text, figure] = [textOption(options, "--noise"), textOption(options, "--noise-figure")];
  if (text !== undefined && figure !== undefined)
    throw new InputError("two-noises", "--noise and --noise-figure are both given", "give one of them");
  if (text === undefined)
    return thermalNoiseWPerHz(
      figure === undefined ? 0 : parseWithin(figure.replace(/\s*dB$/i, ""), "ratio", 0, 60, "--noise-figure"),
    );
  const value = parseQuantity(text.replace(/\/Hz$/i, ""), "W", "--noise");
  if (value > 0) return value;
  throw new InputError(
    "out-of-range",
    `--noise: ${text} is out of range`,
    'give watts per hertz, such as "-174dBm/Hz" or 4e-21',
  );
}

function ratioOption(options: OptionValues, flag: string, otherwise: number): number {
  const value = positiveOption(options, flag, "ratio") ?? otherwise;
  if (value < 1) return value;
  throw new InputError("out-of-range", `${flag}: ${value} is out of range`, "give a number between 0 and 1");
}

/** What the channel carries, bits per second and hertz. */
interface Carried {
  readonly meanBits: number;
  readonly outageBits: number | undefined;
}

/** Channels whose gain is one number for the whole band: no draws are needed. */
const FORMULAS: Readonly<Record<string, (snr: number, antennas: number, outageRatio: number) => Carried>> = {
  awgn: (snr, antennas) => ({ meanBits: capacityBits(antennas * snr), outageBits: undefined }),
  rayleigh: (snr, antennas, outageRatio) => ({
    meanBits: ergodicRayleighBits(snr, antennas),
    outageBits: outageCapacityBits(snr, outageRatio, antennas),
  }),
};

/** --draws for so many powers, which all get the same ones. */
function drawsOption(options: OptionValues, powers: number): number {
  const draws = countOption(options, "--draws") ?? DEFAULTS.draws;
  if (draws * powers <= MOST_DRAWS) return draws;
  throw new InputError(
    "out-of-range",
    `--draws: ${draws} for ${plural(powers, "power")} is out of range`,
    `give at most ${formatCount(Math.floor(MOST_DRAWS / powers))}: more tell no more`,
  );
}

interface Answered {
  /** Of each SNR. */
  readonly carried: readonly Carried[];
  /** Why there are fewer draws than were asked for. */
  readonly cutShort: string | undefined;
}

async function answered(
  options: OptionValues,
  snrs: readonly number[],
  { bandwidthHz, antennas, outageRatio }: Pick<CapacityDraws, "bandwidthHz" | "antennas" | "outageRatio">,
): Promise<Answered> {
  const name = textOption(options, "--channel") ?? "awgn";
  const channel = channelOption({ ...options, channel: name });
  const draws = drawsOption(options, snrs.length);
  const random = seededRandom(countOption(options, "--seed", 0) ?? 0);
  const plan = { channel, bandwidthHz, antennas, outageRatio, draws };
  // also where there is a formula: a channel that cannot be is refused alike
  await drawnCapacities([1], { ...plan, draws: 1 }, random);
  const formula = FORMULAS[name];
  if (formula !== undefined)
    return { carried: snrs.map((snr) => formula(snr, antennas, outageRatio)), cutShort: undefined };
  const pause = () => setImmediate();
  const drawn = await withInterrupts((signal) => drawnCapacities(snrs, { ...plan, pause, signal }, random.fork(0)));
  const isWhole = drawn.draws === draws;
  const cutShort = `interrupted after ${formatCount(drawn.draws)} of ${formatCount(draws)} draws`;
  return { carried: drawn.capacities, cutShort: isWhole ? undefined : cutShort };
}

async function linkCapacityRun(options: OptionValues): Promise<Outcome> {
  const bandwidthHz = positiveOption(options, "--bandwidth", "Hz") ?? DEFAULTS.bandwidthHz;
  const gainRatio = gainOption(options);
  const noiseWPerHz = noiseOption(options);
  const antennas = antennasOption(options, 1);
  const channel = textOption(options, "--channel") ?? "awgn";
  const outageRatio = ratioOption(options, "--outage", DEFAULTS.outageRatio);
  needs(options, "--block-error", "--block");
  const uses = countOption(options, "--block");
  const block: ShortBlock | undefined =
    uses === undefined ? undefined : { uses, errorRatio: ratioOption(options, "--block-error", DEFAULTS.errorRatio) };
  const bits = positiveOption(options, "--bits", "bit");
  const powersW = (listOption(options, "--power") ?? DEFAULTS.powers).map((text) =>
    parseWithin(text, "W", 0, 1e9, "--power"),
  );
  const snrs = powersW.map((powerW) => snrOf({ bandwidthHz, powerW, gainRatio, noiseWPerHz }));
  const { carried, cutShort } = await answered(options, snrs, { bandwidthHz, antennas, outageRatio });
  const rows = powersW.map((powerW, i): CapacityRow => {
    const snr = snrs[i]!;
    const { meanBits, outageBits } = carried[i]!;
    const rateBps = bandwidthHz * meanBits;
    const perBitJ = energyPerBitJ(powerW, rateBps);
    return {
      powerW,
      snrDb: 10 * Math.log10(snr),
      rateBps,
      energyPerBitJ: perBitJ,
      outageRateBps: outageBits === undefined ? undefined : bandwidthHz * outageBits,
      // short blocks see one gain: the approximation is of the Gaussian channel
      shortBlockRateBps: block && channel === "awgn" ? bandwidthHz * shortBlockBits(antennas * snr, block) : undefined,
      durationS: bits === undefined || rateBps === 0 ? undefined : bits / rateBps,
      energyJ: bits === undefined || perBitJ === undefined ? undefined : bits * perBitJ,
    };
  });
  const settings = {
    bandwidthHz,
    gainRatio,
    noiseWPerHz,
    channel,
    antennas,
    outageRatio: channel === "awgn" ? null : outageRatio,
    block: block ?? null,
    bits: bits ?? null,
    leastEnergyPerBitJ: leastEnergyPerBitJ(antennas * gainRatio, noiseWPerHz),
  };
  const remarks = [
    ...(block !== undefined && channel !== "awgn"
      ? ["--block is for the Gaussian channel: over fading, the share of lost blocks is the outage"]
      : []),
    ...(cutShort === undefined ? [] : [cutShort]),
  ];
  const nulls = rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value ?? null])));
  return {
    result: { rows: nulls, settings, remarks },
    get document() {
      return linkCapacityDocument({ rows, settings, remarks });
    },
    remarks,
    ...(cutShort !== undefined && { exitCode: INTERRUPTED }),
  };
}

export const linkCapacity: Command = {
  name: "link capacity",
  summary: "say how many bits per second a radio link can carry, and the joules of each",
  arguments: [],
  options: [
    { flags: "--bandwidth <hz>", description: "W, Hz, above 0 (default 1MHz)" },
    { flags: "--power <list>", description: "transmit powers, W or dBm (default 10dBm)" },
    { flags: "--gain <ratio>", description: "|h|², received over transmitted power: dB or a ratio (default -100dB)" },
    { flags: "--noise <density>", description: "N0: W/Hz or dBm/Hz (default: thermal, -174dBm/Hz)" },
    { flags: "--noise-figure <db>", description: "of the receiver, on thermal noise, dB, 0 to 60 (default 0)" },
    { flags: "--channel <name>", description: `awgn, rayleigh, ${Object.keys(PROFILES).join(", ")} (default awgn)` },
    { flags: "--delay-spread <ns>", description: "of the tdl channels, in ns, or with a unit (default 100)" },
    { flags: "--antennas <n>", description: "receive antennas, combined, 1 to 16 (default 1)" },
    { flags: "--outage <ratio>", description: "share of fades that may carry less (default 1%)" },
    { flags: "--block <n>", description: "complex channel uses per code block, for the rate of short blocks" },
    { flags: "--block-error <ratio>", description: "share of blocks that may be lost (default 0.1%)" },
    { flags: "--bits <n>", description: "bits to send: adds their time and energy" },
    { flags: "--draws <n>", description: `of a tdl channel (default ${DEFAULTS.draws})` },
    { flags: "--seed <n>", description: "of the draws (default 0)" },
  ],
  notes: [
    "Rates are of an ideal code: W·log2(1 + P|h|²/(N0·W)), over fading its mean.",
    "Joules are what the antenna sends: amplifier and circuits are not in them.",
  ],
  examples: [
    "joulecast link capacity --bandwidth 15MHz --power 0dBm,10dBm,20dBm --gain -110dB",
    "joulecast link capacity --channel rayleigh --antennas 2 --power 23dBm --bits 1e6",
    "joulecast link capacity --power 1mW --block 500 --block-error 1e-5",
  ],
  run: async (_args, options) => linkCapacityRun(options),
};
