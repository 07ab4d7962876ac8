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

export interface CapacityDraws {
  readonly channel: ChannelSpec;
  readonly bandwidthHz: number;
  /** Receive antennas, combined for maximum ratio. */
  readonly antennas: number;
  /** Share of draws that may carry less, in (0, 1). */
  readonly outageRatio: number;
  /** At least 1. */
  readonly draws: number;
}

/** Places over the band at which the response is taken. */
const PLACES = 64;

/** @param snr mean per antenna, not in decibels. Power is spread evenly over the band */
export function drawnCapacity(snr: number, plan: CapacityDraws, random: Random): DrawnCapacity {
  const { channel: spec, bandwidthHz, antennas, outageRatio, draws } = plan;
  const extent: Extent = {
    subcarriers: PLACES,
    symbols: 1,
    spacingHz: bandwidthHz / PLACES,
    symbolS: 0,
    size: PLACES,
  };
  const channel = makeChannel(spec, extent);
  const response = complexSeries(PLACES);
  const bits: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const gains = new Float64Array(PLACES);
    for (let antenna = 0; antenna < antennas; antenna++) {
      channel.respond(response, 0, random);
      for (let k = 0; k < PLACES; k++) gains[k]! += response.re[k]! ** 2 + response.im[k]! ** 2;
    }
    bits.push(gains.reduce((sum, gain) => sum + capacityBits(snr * gain), 0) / PLACES);
  }
  return { meanBits: bits.reduce((sum, one) => sum + one, 0) / draws, outageBits: quantile(bits, outageRatio) };
}
