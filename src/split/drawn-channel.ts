// Paths in time that are drawn instead of read: one flat Rayleigh gain with Jakes' spectrum, or a tapped delay line of link/channels, whose
// gain differs over the band. A band of many gains is told as the one gain that carries as many bits, so that all else stays the same.
import { capacityBits } from "../link/capacity.ts";
import { makeChannel } from "../link/channels/table.ts";
import { jakesSeries, powersOf } from "../link/fading/jakes.ts";
import { complexSeries } from "../link/fading/rayleigh.ts";
import type { Random } from "../math/random.ts";
import type { Uplink } from "./radio.ts";
import type { Place } from "./trajectory.ts";

/** Channels that can be drawn by name. */
const JAKES = "jakes";
export const DRAWN_CHANNELS: readonly string[] = [JAKES, "tdl-a", "tdl-b", "tdl-c", "tdl-d", "tdl-e"];

export interface DrawnPath {
  /** One of DRAWN_CHANNELS. */
  readonly name: string;
  /** Of the channel, at least 0. Default 10 Hz: a walk at 2.4 GHz. */
  readonly dopplerHz?: number;
  /** Of a tapped delay line, s. Default: that of link/channels. */
  readonly delaySpreadS?: number;
  /** Mean |h|². Default 1. */
  readonly meanGainRatio?: number;
  /** Samples and their distance in time, s. Defaults 200 and 5 ms. */
  readonly count?: number;
  readonly stepS?: number;
}

const DEFAULT_DOPPLER_HZ = 10;
const DEFAULT_COUNT = 200;
const DEFAULT_STEP_S = 5e-3;
/** Places over the band. */
const SUBCARRIERS = 64;

/** Gains of a tapped delay line, each of the flat channel with the same mean rate over the band. */
function flatEquivalents(path: DrawnPath, link: Uplink, count: number, stepS: number, random: Random): Float64Array {
  const { name, dopplerHz = DEFAULT_DOPPLER_HZ, delaySpreadS, meanGainRatio = 1 } = path;
  const extent = {
    subcarriers: SUBCARRIERS,
    symbols: count,
    spacingHz: link.radio.bandwidthHz / SUBCARRIERS,
    symbolS: stepS,
    size: SUBCARRIERS * count,
  };
  const spec = { name, dopplerHz, ...(delaySpreadS !== undefined && { delaySpreadS }) };
  const response = complexSeries(extent.size);
  makeChannel(spec, extent).respond(response, 0, random);
  return Float64Array.from({ length: count }, (_, t) => {
    let bits = 0;
    for (let k = t * SUBCARRIERS; k < (t + 1) * SUBCARRIERS; k++)
      bits += capacityBits(link.snrPerGain * meanGainRatio * (response.re[k]! ** 2 + response.im[k]! ** 2));
    return Math.expm1((bits / SUBCARRIERS) * Math.LN2) / link.snrPerGain;
  });
}

/**
 * Places in time over a drawn channel.
 * @param link whose band and SNR the equivalent gain of a tapped delay line is for
 * @throws InputError "unknown-channel" | "bad-channel"
 */
export function drawnPlaces(path: DrawnPath, link: Uplink, random: Random): readonly Place[] {
  const { name, dopplerHz = DEFAULT_DOPPLER_HZ, meanGainRatio = 1, count = DEFAULT_COUNT } = path;
  const stepS = path.stepS ?? DEFAULT_STEP_S;
  const gains =
    name === JAKES
      ? powersOf(jakesSeries(count, stepS, dopplerHz, random)).map((gain) => gain * meanGainRatio)
      : flatEquivalents(path, link, count, stepS, random);
  return Array.from(gains, (gainRatio, i) => ({ label: `P${i + 1}`, timeS: i * stepS, gainRatio }));
}
