// A piece of a simulation: some slots of one point, through some receivers. Slots are drawn from (seed, SNR, index of the slot) alone, so it
// does not matter which thread does which piece, and all receivers get the same slots.
import { seededRandom } from "../../math/random.ts";
import type { Channel, ChannelSpec } from "../channels/channel.ts";
import { makeChannel } from "../channels/table.ts";
import type { DemapRule } from "../demap.ts";
import { type Grid, type GridOptions, makeGrid } from "../grid.ts";
import type { Modulation } from "../qam.ts";
import { constellationOf } from "../qam.ts";
import type { Receiver } from "../receivers/receiver.ts";
import { drawSlot, emptySlot, type Slot } from "../slot.ts";
import { added, countErrors, NOTHING, type Tally, tallyOf } from "./tally.ts";

/** What is simulated; plain data, so that it crosses to threads. */
export interface LinkSetup {
  readonly modulation: Modulation;
  readonly channel: ChannelSpec;
  readonly grid: GridOptions;
  /** Receive antennas, 1 to 16. Default 2. */
  readonly antennas?: number;
  /** Signal over interference, dB. Default: no interference. */
  readonly sirDb?: number;
  /** Default "max-log". */
  readonly demap?: DemapRule;
  /** Default 0. */
  readonly seed?: number;
}

/** A setup made ready. */
export interface Link {
  readonly setup: LinkSetup;
  readonly grid: Grid;
  readonly channel: Channel;
  readonly antennas: number;
  /** Overwrites `slot` with the slot of that index at that SNR. */
  draw(slot: Slot, snrDb: number, slotIndex: number): Slot;
  empty(): Slot;
}

/** SNRs that differ by less than this are the same point, dB. */
const SNR_STEP_DB = 1e-3;

/** @throws InputError for what cannot be */
export function openLink(setup: LinkSetup): Link {
  const { modulation, antennas = 2, sirDb, seed = 0 } = setup;
  const grid = makeGrid(setup.grid);
  const channel = makeChannel(setup.channel, grid);
  const root = seededRandom(seed);
  return {
    setup,
    grid,
    channel,
    antennas,
    draw: (slot, snrDb, slotIndex) => {
      const random = root.fork(Math.round(snrDb / SNR_STEP_DB)).fork(slotIndex);
      return drawSlot(slot, { modulation, channel, snrDb, slotIndex, ...(sirDb !== undefined && { sirDb }) }, random);
    },
    empty: () => emptySlot(grid, antennas, channel),
  };
}

export interface Chunk {
  readonly snrDb: number;
  /** First slot and how many. */
  readonly from: number;
  readonly count: number;
}

/** Sends a chunk through receivers. @returns one tally per receiver */
export async function runChunk(
  link: Link,
  receivers: readonly Receiver[],
  { snrDb, from, count }: Chunk,
): Promise<Tally[]> {
  const batch = Math.min(count, Math.max(...receivers.map((receiver) => receiver.batch)));
  const { bits } = constellationOf(link.setup.modulation);
  const slots = Array.from({ length: batch }, () => link.empty());
  const llrs = slots.map(() => new Float32Array(bits * link.grid.size));
  const tallies = receivers.map(() => NOTHING);
  for (let done = 0; done < count; done += batch) {
    const now = slots.slice(0, Math.min(batch, count - done));
    for (const [i, slot] of now.entries()) link.draw(slot, snrDb, from + done + i);
    for (const [r, receiver] of receivers.entries()) {
      await receiver.receive(now, llrs.slice(0, now.length));
      for (const [i, slot] of now.entries())
        tallies[r] = added(tallies[r]!, tallyOf(slot, countErrors(slot, llrs[i]!)));
    }
  }
  return tallies;
}
