// One slot on the air: random bits become symbols on the grid, go through the channel to each antenna, and are disturbed by another cell and by
// noise. In the frequency domain, per resource element: y = h·x + g·v + n. Arrays over antennas are [antenna][symbol][subcarrier].
import type { Random } from "../math/random.ts";
import type { Channel } from "./channels/channel.ts";
import { type ComplexSeries, complexSeries } from "./fading/rayleigh.ts";
import { type Grid, pilotGrid } from "./grid.ts";
import { type Constellation, constellationOf, type Modulation } from "./qam.ts";

/** What a slot is sent under. */
export interface SlotConditions {
  readonly modulation: Modulation;
  readonly channel: Channel;
  /** Es/N0 per resource element and receive antenna, dB: data symbols and the channel have mean power 1, so N0 = 10^(−snrDb/10). */
  readonly snrDb: number;
  /** Signal over interference, dB: another cell on all elements, over its own draw of the same channel. Default: none. */
  readonly sirDb?: number;
  /** Which slot, from 0 on: pilots change with its number in the frame. Default 0. */
  readonly slotIndex?: number;
}

/** A slot and room for the next: `drawSlot` overwrites it. */
export interface Slot {
  readonly grid: Grid;
  /** Receive antennas. */
  readonly antennas: number;
  channel: Channel;
  constellation: Constellation;
  snrDb: number;
  /** N0: mean noise power per element and antenna. */
  noisePower: number;
  /** Mean power of interference per data element and antenna; 0 without. */
  interferencePower: number;
  /** Label of the symbol sent, [symbol][subcarrier]; 0 where there is no data. */
  readonly labels: Uint8Array;
  /** Pilots sent, [symbol][subcarrier]; 0 elsewhere. */
  pilots: ComplexSeries;
  /** y, [antenna][symbol][subcarrier]. */
  readonly received: ComplexSeries;
  /** h, the same. Only a receiver that may know the channel looks here. */
  readonly response: ComplexSeries;
}

/** SINR of given SNR and SIR, dB: 1/SINR = 1/SNR + 1/SIR. */
export function sinrDbOf(snrDb: number, sirDb = Number.POSITIVE_INFINITY): number {
  return -10 * Math.log10(10 ** (-snrDb / 10) + 10 ** (-sirDb / 10));
}

/** SNR at which SINR and SIR are as given, dB; undefined where the SINR cannot be had. */
export function snrDbOf(sinrDb: number, sirDb = Number.POSITIVE_INFINITY): number | undefined {
  const noise = 10 ** (-sinrDb / 10) - 10 ** (-sirDb / 10);
  return noise > 0 ? -10 * Math.log10(noise) : undefined;
}

/** Scrambling identities of our cell and of the one that disturbs. */
const [OWN_CELL, OTHER_CELL] = [0, 1];

const pilotsOf = new WeakMap<Grid, Map<string, ComplexSeries>>();

/** The pilots of a slot, made once per grid, slot of the frame and cell. */
function pilotsFor(grid: Grid, slotIndex: number, cell: number): ComplexSeries {
  const made = pilotsOf.get(grid) ?? new Map<string, ComplexSeries>();
  pilotsOf.set(grid, made);
  const slotNumber = slotIndex % grid.slotsPerFrame;
  const key = `${cell}/${slotNumber}`;
  const pilots = made.get(key) ?? pilotGrid(grid, slotNumber, cell);
  made.set(key, pilots);
  return pilots;
}

/** Room for one slot. @param channel any channel on that grid; each draw names its own */
export function emptySlot(grid: Grid, antennas: number, channel: Channel): Slot {
  return {
    grid,
    antennas,
    channel,
    constellation: constellationOf("qpsk"),
    snrDb: 0,
    noisePower: 1,
    interferencePower: 0,
    labels: new Uint8Array(grid.size),
    pilots: pilotsFor(grid, 0, OWN_CELL),
    received: complexSeries(antennas * grid.size),
    response: complexSeries(antennas * grid.size),
  };
}

/** Symbols of one transmitter: pilots, and random data whose labels go to `labels`. */
function drawSymbols(grid: Grid, { re, im }: Constellation, pilots: ComplexSeries, labels: Uint8Array, random: Random) {
  const sent: ComplexSeries = { re: pilots.re.slice(), im: pilots.im.slice() };
  const { data } = grid;
  for (let i = 0; i < data.length; i++) {
    const element = data[i]!;
    const label = random.below(re.length);
    labels[element] = label;
    sent.re[element] = re[label]!;
    sent.im[element] = im[label]!;
  }
  return sent;
}

/** received += turn·response·sent on one antenna; the turn is a complex number. */
function addSignal(
  slot: Slot,
  antenna: number,
  response: ComplexSeries,
  sent: ComplexSeries,
  [turnRe, turnIm]: readonly [number, number],
): void {
  const { size } = slot.grid;
  const { re, im } = slot.received;
  for (let i = 0, at = antenna * size; i < size; i++, at++) {
    const x = response.re[at]! * turnRe - response.im[at]! * turnIm;
    const y = response.re[at]! * turnIm + response.im[at]! * turnRe;
    re[at]! += x * sent.re[i]! - y * sent.im[i]!;
    im[at]! += x * sent.im[i]! + y * sent.re[i]!;
  }
}

/** The other cell: its own symbols and pilots, its own draw of the channel, turned by a random phase. */
function addInterference(slot: Slot, slotIndex: number, random: Random): void {
  const { grid, antennas, channel, constellation, interferencePower } = slot;
  const sent = drawSymbols(
    grid,
    constellation,
    pilotsFor(grid, slotIndex, OTHER_CELL),
    new Uint8Array(grid.size),
    random,
  );
  const response = complexSeries(antennas * grid.size);
  const amplitude = Math.sqrt(interferencePower);
  for (let antenna = 0; antenna < antennas; antenna++) {
    channel.respond(response, antenna * grid.size, random);
    const phase = 2 * Math.PI * random.uniform();
    addSignal(slot, antenna, response, sent, [amplitude * Math.cos(phase), amplitude * Math.sin(phase)]);
  }
}

/** Draws one slot. All that is random comes from `random`: the same stream gives the same slot. */
export function drawSlot(slot: Slot, conditions: SlotConditions, random: Random): Slot {
  const { modulation, channel, snrDb, sirDb, slotIndex = 0 } = conditions;
  const { grid, antennas, labels, received, response } = slot;
  slot.channel = channel;
  slot.constellation = constellationOf(modulation);
  slot.snrDb = snrDb;
  slot.noisePower = 10 ** (-snrDb / 10);
  slot.interferencePower = sirDb === undefined ? 0 : 10 ** (-sirDb / 10);
  slot.pilots = pilotsFor(grid, slotIndex, OWN_CELL);
  const sent = drawSymbols(grid, slot.constellation, slot.pilots, labels, random);
  const { re, im } = received;
  const deviation = Math.sqrt(slot.noisePower / 2);
  for (let i = 0; i < re.length; i++) {
    re[i] = deviation * random.normal();
    im[i] = deviation * random.normal();
  }
  for (let antenna = 0; antenna < antennas; antenna++) {
    channel.respond(response, antenna * grid.size, random);
    addSignal(slot, antenna, response, sent, [1, 0]);
  }
  if (slot.interferencePower > 0) addInterference(slot, slotIndex, random);
  return slot;
}
