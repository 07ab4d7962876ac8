// Capacity of a channel that changes over its band, by drawing it: the mean over subcarriers of log2(1 + snr·Σ|h|²), draw by draw. Where the
// gain is one number for the whole band there are integrals: capacity.ts.
import type { Random } from "../math/random.ts";
import { quantile } from "../math/statistics.ts";
import { capacityBits } from "./capacity.ts";
import type { ChannelSpec } from "./channels/channel.ts";
import { makeChannel } from "./channels/table.ts";
import { complexSeries } from "./fading/rayleigh.ts";
import type { Extent } from "./grid.ts";

export interface DrawnCapacity {
  /** Mean over draws, bits per complex channel use (1 Hz for 1 s). */
  readonly meanBits: number;
  /** What all but the outage share of draws carry. */
  readonly outageBits: number;
}

export interface DrawnCapacities {
  /** Of each SNR, in their order. */
  readonly capacities: readonly DrawnCapacity[];
  /** Draws that were made: fewer than asked for when stopped. */
  readonly draws: number;
}

export interface CapacityDraws {
  readonly channel: ChannelSpec;
  readonly bandwidthHz: number;
  /** Receive antennas, combined for maximum ratio. */
  readonly antennas: number;
  /** Share of draws that may carry less, in (0, 1). */
  readonly outageRatio: number;
  /** At least 1. */
  readonly draws: number;
  /** Lets others have a turn, every thousand draws, so that a stop can be asked for. Default: nobody gets one. */
  readonly pause?: () => Promise<void>;
  /** Aborted: the draws made so far are all. Default: never. */
  readonly signal?: { readonly aborted: boolean };
}

/** Places over the band at which the response is taken. */
const PLACES = 64;
/** Draws between two pauses. */
const AT_ONCE = 1000;

/** Draws of the gain at every place of the band, one after the other. */
function gainsOf({ channel: spec, bandwidthHz, antennas }: CapacityDraws, random: Random): () => Float64Array {
  const extent: Extent = { subcarriers: PLACES, symbols: 1, spacingHz: bandwidthHz / PLACES, symbolS: 0, size: PLACES };
  const channel = makeChannel(spec, extent);
  const response = complexSeries(PLACES);
  const gains = new Float64Array(PLACES);
  return () => {
    gains.fill(0);
    for (let antenna = 0; antenna < antennas; antenna++) {
      channel.respond(response, 0, random);
      for (let k = 0; k < PLACES; k++) gains[k]! += response.re[k]! ** 2 + response.im[k]! ** 2;
    }
    return gains;
  };
}

/** The same draws for every SNR. @param snrs means per antenna, not in decibels. Power is spread evenly over the band */
export async function drawnCapacities(
  snrs: readonly number[],
  plan: CapacityDraws,
  random: Random,
): Promise<DrawnCapacities> {
  const { outageRatio, draws, pause, signal } = plan;
  const draw = gainsOf(plan, random);
  const bits = snrs.map(() => new Float64Array(draws));
  let done = 0;
  while (done < draws && (done === 0 || signal?.aborted !== true)) {
    for (const until = Math.min(draws, done + AT_ONCE); done < until; done++) {
      const gains = draw();
      for (const [i, snr] of snrs.entries())
        bits[i]![done] = gains.reduce((sum, gain) => sum + capacityBits(snr * gain), 0) / PLACES;
    }
    await pause?.();
  }
  const capacities = bits.map((all): DrawnCapacity => {
    const made = all.subarray(0, done);
    return { meanBits: made.reduce((sum, one) => sum + one, 0) / done, outageBits: quantile(made, outageRatio) };
  });
  return { capacities, draws: done };
}
