// Slots to learn from: each with conditions of its own (channel, delay spread, Doppler, SNR, pilots), drawn from a seed and its number alone, as
// planes, bits and mask [Honkala2021]. What a network makes of them is elsewhere; nothing here learns.
import type { Random } from "../math/random.ts";
import { seededRandom } from "../math/random.ts";
import { InputError } from "../units/input-error.ts";
import type { Channel } from "./channels/channel.ts";
import { makeChannel } from "./channels/table.ts";
import { type Grid, type GridOptions, makeGrid } from "./grid.ts";
import { planeCount, writeBits, writePlanes } from "./planes.ts";
import { constellationOf, type Modulation } from "./qam.ts";
import { drawSlot, emptySlot, type Slot } from "./slot.ts";

/** Lowest and highest; drawn evenly between. */
export type Span = readonly [low: number, high: number];

/** What slots are drawn from; plain data, so that it crosses to threads. */
export interface ExampleSetup {
  readonly modulation: Modulation;
  /** Easier modulations before it, each up to an example's number: what keeps small networks off the plateau. Default: none. */
  readonly curriculum?: readonly { readonly modulation: Modulation; readonly until: number }[];
  readonly channels: readonly string[];
  /** Default 10 to 300 ns. */
  readonly delaySpreadS?: Span;
  /** Default 0 to 500 Hz. */
  readonly dopplerHz?: Span;
  /** Default −4 to 32 dB. */
  readonly snrDb?: Span;
  /** Signal over interference, dB. Default: no interference. */
  readonly sirDb?: Span;
  readonly grid: Omit<GridOptions, "pilots">;
  /** OFDM symbols with pilots; of several, each slot draws one. Default [1]. */
  readonly pilots?: readonly number[];
  /** Default 2. */
  readonly antennas?: number;
  /** Planes of the network's answer. Default: the modulation's bits. */
  readonly bits?: number;
  readonly seed: number;
}

/** The channels that [Honkala2021] learns from, and those that it is judged on: they have none in common. */
export const LEARNING_CHANNELS: readonly string[] = ["tdl-b", "tdl-c", "tdl-d"];
export const JUDGING_CHANNELS: readonly string[] = ["tdl-a", "tdl-e"];

const SPANS = { delaySpreadS: [10e-9, 300e-9], dopplerHz: [0, 500], snrDb: [-4, 32] } as const;

/** Tensors of one example, elements. */
export interface ExampleSizes {
  readonly planes: readonly [planes: number, symbols: number, subcarriers: number];
  readonly bits: readonly [bits: number, symbols: number, subcarriers: number];
}

/** Writes examples by number. */
export interface Examples {
  readonly sizes: ExampleSizes;
  /** Writes example `index` at place `at` of a batch. */
  write(index: number, at: number, into: ExampleArrays): void;
}

export interface ExampleArrays {
  readonly planes: Float32Array;
  readonly bits: Float32Array;
  readonly mask: Float32Array;
}

const between = (random: Random, [low, high]: Span): number => low + (high - low) * random.uniform();

function oneOf<T>(items: readonly T[], random: Random): T {
  return items[random.below(items.length)]!;
}

/** Of a channel whose parameters change from slot to slot only those that it has are drawn. */
function drawChannel(name: string, setup: ExampleSetup, grid: Grid, random: Random): Channel {
  if (!name.startsWith("tdl-")) return makeChannel({ name }, grid);
  const { delaySpreadS = SPANS.delaySpreadS, dopplerHz = SPANS.dopplerHz } = setup;
  return makeChannel(
    { name, delaySpreadS: between(random, delaySpreadS), dopplerHz: between(random, dopplerHz) },
    grid,
  );
}

/** @throws InputError for what cannot be: "bad-span", "bad-grid", "unknown-channel", "bad-bits" */
export function openExamples(setup: ExampleSetup): Examples {
  const { channels, pilots = [1], antennas = 2, snrDb = SPANS.snrDb, sirDb, seed } = setup;
  const modulationOf = (index: number): Modulation =>
    setup.curriculum?.find(({ until }) => index < until)?.modulation ?? setup.modulation;
  const modulations = [setup.modulation, ...(setup.curriculum ?? []).map(({ modulation }) => modulation)];
  const own = Math.max(...modulations.map((modulation) => constellationOf(modulation).bits));
  const bits = setup.bits ?? own;
  const widest = modulations.find((modulation) => constellationOf(modulation).bits === own)!;
  if (bits < own)
    throw new InputError(
      "bad-bits",
      `a network of ${bits} bits per element cannot learn ${widest}, which has ${own}`,
      `give bits=${own} or a lower modulation`,
    );
  for (const [name, span] of Object.entries({ ...SPANS, ...setup }))
    if (Array.isArray(span) && name in SPANS && !(span[0] <= span[1]))
      throw new InputError("bad-span", `${name} from ${span[0]} to ${span[1]} is no span`, "give the lesser first");
  const grids = pilots.map((count) => makeGrid({ ...setup.grid, pilots: count }));
  for (const name of channels) drawChannel(name, setup, grids[0]!, seededRandom(0));
  const slots = new Map<Grid, Slot>(
    grids.map((grid) => [grid, emptySlot(grid, antennas, makeChannel({ name: "awgn" }, grid))]),
  );
  const root = seededRandom(seed);
  const { symbols, subcarriers, size } = grids[0]!;
  return {
    sizes: { planes: [planeCount(antennas), symbols, subcarriers], bits: [bits, symbols, subcarriers] },
    write: (index, at, { planes, bits: values, mask }) => {
      const random = root.fork(index);
      const grid = oneOf(grids, random);
      const channel = drawChannel(oneOf(channels, random), setup, grid, random);
      const modulation = modulationOf(index);
      const conditions = { modulation, channel, snrDb: between(random, snrDb), slotIndex: index };
      const disturbed = sirDb === undefined ? conditions : { ...conditions, sirDb: between(random, sirDb) };
      const slot = drawSlot(slots.get(grid)!, disturbed, random);
      writePlanes(slot, planes, at * planeCount(antennas) * size);
      writeBits(slot, bits, values, mask, at * bits * size);
    },
  };
}
