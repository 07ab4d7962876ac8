// The uplink of a device: what a bit costs in seconds and joules at a given channel gain. E_tr = P·τ, with τ from the rate; the printed
// equation 5 of [Krouka2021] has an extra τ, whose unit would be J·s. Rates come from link/capacity.ts; choosing a cut is decide.ts.
import { capacityBits, shortBlockBits, snrOf, thermalNoiseWPerHz } from "../link/capacity.ts";
import { InputError } from "../units/input-error.ts";
import type { SendingCosts } from "./decide.ts";

/** What the device's radio and the channel are like. Defaults are those of [Krouka2021]. */
export interface Radio {
  /** W, Hz; above 0. Default 5 MHz. */
  readonly bandwidthHz: number;
  /** Radiated power P, W; above 0. Default 1 mW. */
  readonly powerW: number;
  /** N0, W/Hz. Default 1e-9, which only makes sense with a channel of unit gain: it is 114 dB above thermal noise. */
  readonly noiseWPerHz: number;
  /** Received over sent power without fading, in (0, 1] for a real path. Default 1: no path loss, as the paper has none. */
  readonly pathGainRatio: number;
  /** Radiated over drawn power of the amplifier, in (0, 1]. Default 1. */
  readonly paEfficiencyRatio: number;
  /** Power of the radio's other circuits while it sends, W. Default 0. */
  readonly circuitW: number;
  /** Round trip without payload, s. Default 0. */
  readonly roundTripS: number;
  /** Blocks of finite length, with lost ones sent again. Default: none, Shannon's rate. */
  readonly blocks: Blocks | undefined;
}

/** Codes of finite length and automatic repeat. */
export interface Blocks {
  /** Complex channel uses of one block; 1 or more. */
  readonly uses: number;
  /** Share of blocks that are lost, in (0, 1). */
  readonly errorRatio: number;
  /** A block is sent so often at most; 1: never again. */
  readonly attempts: number;
}

export const DEFAULT_RADIO: Radio = {
  bandwidthHz: 5e6,
  powerW: 1e-3,
  noiseWPerHz: 1e-9,
  pathGainRatio: 1,
  paEfficiencyRatio: 1,
  circuitW: 0,
  roundTripS: 0,
  blocks: undefined,
};

/** A radio ready to be asked: its numbers are checked once, so that asking costs a logarithm. */
export interface Uplink {
  readonly radio: Radio;
  /** What sending costs besides the rate. */
  readonly sending: SendingCosts;
  /** P·path/(N0·W): the SNR at a fading gain of 1. */
  readonly snrPerGain: number;
  /** Bits that get through per complex channel use at an SNR, not in decibels. */
  bitsPerUse(snr: number): number;
  /** Bits that get through per second at a fading gain |h|²; 0: never. Repeats of lost blocks are in it. */
  rateBps(gainRatio: number): number;
  /** How often a block is sent on average: 1 without losses. */
  readonly meanSends: number;
  /** Share of blocks that are lost for good. */
  readonly residualLossRatio: number;
}

/** Sends of one block on average, and the share that all of them lose. */
function repeats(blocks: Blocks | undefined): { readonly meanSends: number; readonly residualLossRatio: number } {
  if (blocks === undefined) return { meanSends: 1, residualLossRatio: 0 };
  const residualLossRatio = blocks.errorRatio ** blocks.attempts;
  return { meanSends: (1 - residualLossRatio) / (1 - blocks.errorRatio), residualLossRatio };
}

/** @throws InputError "out-of-range" for numbers that no radio has */
export function uplink(options: Partial<Radio> = {}): Uplink {
  const radio = { ...DEFAULT_RADIO, ...options };
  const { bandwidthHz, powerW, noiseWPerHz, pathGainRatio, paEfficiencyRatio, circuitW, roundTripS, blocks } = radio;
  if (!(paEfficiencyRatio > 0 && paEfficiencyRatio <= 1))
    throw new InputError(
      "out-of-range",
      `efficiency of the amplifier: ${paEfficiencyRatio} is out of range`,
      "give a share above 0 and up to 1",
    );
  const snrPerGain = snrOf({ bandwidthHz, powerW, gainRatio: pathGainRatio, noiseWPerHz });
  const { meanSends, residualLossRatio } = repeats(blocks);
  const bitsPerUse = (snr: number): number =>
    blocks === undefined ? capacityBits(snr) : shortBlockBits(snr, blocks) / meanSends;
  return {
    radio,
    sending: { powerW: powerW / paEfficiencyRatio + circuitW, roundTripS },
    snrPerGain,
    bitsPerUse,
    rateBps: (gainRatio) => bandwidthHz * bitsPerUse(snrPerGain * gainRatio),
    meanSends,
    residualLossRatio,
  };
}

/** SNRs between which a code's threshold is looked for, and the width of the answer in ln. */
const LEAST_SNR = 1e-12;
const MOST_SNR = 1e12;
const THRESHOLD_TOLERANCE = 1e-9;

/** The least gain at which anything gets through: 0 by Shannon; for short blocks the zero of the normal approximation, else Infinity. */
export function leastOpenGain({ bitsPerUse, snrPerGain }: Pick<Uplink, "bitsPerUse" | "snrPerGain">): number {
  if (bitsPerUse(LEAST_SNR) > 0) return 0;
  if (!(bitsPerUse(MOST_SNR) > 0)) return Number.POSITIVE_INFINITY;
  let [low, high] = [Math.log(LEAST_SNR), Math.log(MOST_SNR)];
  while (high - low > THRESHOLD_TOLERANCE) {
    const middle = (low + high) / 2;
    if (bitsPerUse(Math.exp(middle)) > 0) high = middle;
    else low = middle;
  }
  return Math.exp(high) / snrPerGain;
}

/** Speed of light, m/s, exact. */
const LIGHT_M_PER_S = 299_792_458;

/** Received over sent power in free space, (c/(4π f d))² [Friis1946]; at most 1. @param distanceM above 0 */
export function freeSpaceGain(distanceM: number, frequencyHz: number): number {
  return Math.min(1, (LIGHT_M_PER_S / (4 * Math.PI * frequencyHz * distanceM)) ** 2);
}

/** Distance from which the exponent counts, m. */
const REFERENCE_M = 1;

/**
 * Log-distance path loss: free space up to 1 m, then d^−n [Rappaport2002]. n = 2 is free space all the way, 2.7–3.5 a city,
 * 4–6 indoors with walls between.
 */
export function logDistanceGain(distanceM: number, frequencyHz: number, exponent: number): number {
  if (distanceM <= REFERENCE_M) return freeSpaceGain(distanceM, frequencyHz);
  return freeSpaceGain(REFERENCE_M, frequencyHz) * (distanceM / REFERENCE_M) ** -exponent;
}

/** Decibels that N0 lies above thermal noise at 290 K. */
export function aboveThermalDb(noiseWPerHz: number): number {
  return 10 * Math.log10(noiseWPerHz / thermalNoiseWPerHz());
}

/** What was taken for granted about the radio, in words. */
export function radioAssumptions({ radio, meanSends, residualLossRatio }: Uplink): readonly string[] {
  const { noiseWPerHz, pathGainRatio, blocks } = radio;
  const above = aboveThermalDb(noiseWPerHz);
  return [
    "transmission energy is power × airtime; the extra τ in equation 5 of [Krouka2021] would make it J·s",
    blocks === undefined
      ? "the rate is Shannon's W·log2(1 + P·|h|²/(N0·W)): no modem reaches it"
      : `blocks of ${blocks.uses} channel uses, ${blocks.errorRatio} of them lost, up to ${blocks.attempts} sends: ${meanSends.toPrecision(4)} sends on average, ${residualLossRatio.toPrecision(2)} lost for good`,
    ...(above > 30 && pathGainRatio === 1
      ? [
          `N0 lies ${above.toFixed(0)} dB above thermal noise: it makes sense only with a channel of unit gain, as in [Krouka2021]; --noise thermal with --distance is a real path`,
        ]
      : []),
  ];
}
