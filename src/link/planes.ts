// Slots as a network sees them, and its answers as log-likelihood ratios. Planes, [plane][symbol][subcarrier] as in the zoo's deeprx: real and
// imaginary part of the received signal per antenna, of the raw channel estimate per antenna, and of the pilots: 4·antennas + 2. The raw
// estimate is y·x*/|x|² at pilots, spread to the nearest pilot's value elsewhere (in time first), so that even a network that looks at few
// neighbours sees one. Pure data: running the network is node/radio.
import { InputError } from "../units/input-error.ts";
import { type ComplexSeries, complexSeries } from "./fading/rayleigh.ts";
import type { Grid } from "./grid.ts";
import { estimateAtPilots } from "./receivers/pilots.ts";
import type { Slot } from "./slot.ts";

/** Planes of a slot. */
export function planeCount(antennas: number): number {
  return 4 * antennas + 2;
}

/** Number of the pilot symbol nearest to each symbol; the earlier of two equally near. */
function nearestPilot({ symbols, pilotSymbols }: Grid): number[] {
  return Array.from({ length: symbols }, (_, t) =>
    pilotSymbols.reduce((best, symbol, i) => (Math.abs(symbol - t) < Math.abs(pilotSymbols[best]! - t) ? i : best), 0),
  );
}

function writeNearest(into: Float32Array, offset: number, grid: Grid, atPilots: Float64Array): void {
  const { subcarriers, pilotSubcarriers } = grid;
  for (const [t, pilot] of nearestPilot(grid).entries())
    for (let k = 0; k < subcarriers; k++)
      into[offset + t * subcarriers + k] = atPilots[pilot * pilotSubcarriers.length + (k >> 1)]!;
}

/** Writes one slot's planes at `offset`; `planeCount(antennas)·grid.size` numbers. */
export function writePlanes(slot: Slot, into: Float32Array, offset = 0): void {
  const { grid, antennas, received, pilots } = slot;
  const { size } = grid;
  const copy = (plane: number, from: Float64Array, start: number) => {
    for (let i = 0; i < size; i++) into[offset + plane * size + i] = from[start + i]!;
  };
  const atPilots: ComplexSeries = complexSeries(grid.pilotSubcarriers.length * grid.pilotSymbols.length);
  for (let antenna = 0; antenna < antennas; antenna++) {
    copy(2 * antenna, received.re, antenna * size);
    copy(2 * antenna + 1, received.im, antenna * size);
    estimateAtPilots(slot, antenna, atPilots);
    const plane = 2 * antennas + 2 * antenna;
    writeNearest(into, offset + plane * size, grid, atPilots.re);
    writeNearest(into, offset + (plane + 1) * size, grid, atPilots.im);
  }
  copy(4 * antennas, pilots.re, 0);
  copy(4 * antennas + 1, pilots.im, 0);
}

/**
 * Writes what a network should answer: the bits sent, [bit][symbol][subcarrier], and where they count (1 on data elements, in the planes of the
 * slot's own bits). Gray labels nest, so a network with more bits learns lower modulations in its first planes.
 * @param bits planes of the network, at least the slot's
 */
export function writeBits(slot: Slot, bits: number, values: Float32Array, mask: Float32Array, offset = 0): void {
  const { grid, labels, constellation } = slot;
  for (let bit = 0; bit < bits; bit++) {
    const isOwn = bit < constellation.bits;
    const shift = constellation.bits - 1 - bit;
    for (let i = 0, at = offset + bit * grid.size; i < grid.size; i++, at++) {
      values[at] = isOwn ? (labels[i]! >> shift) & 1 : 0;
      mask[at] = isOwn ? grid.isData[i]! : 0;
    }
  }
}

/** Shape of a network's input or output; lengths that it leaves open are no numbers. */
export type PlaneShape = readonly (number | string | undefined)[] | undefined;

const shown = (shape: PlaneShape) => shape?.map((length) => length ?? "?").join("×") ?? "unknown shape";

/**
 * Whether a network takes these slots and answers with enough bits.
 * @throws InputError "bad-planes" that says what it has and what the grid needs
 */
export function checkPlanes(
  name: string,
  input: PlaneShape,
  output: PlaneShape,
  { grid, antennas, bits }: { readonly grid: Grid; readonly antennas: number; readonly bits: number },
): void {
  const needed = [planeCount(antennas), grid.symbols, grid.subcarriers];
  const fits = (length: number | string | undefined, wanted: number) => typeof length !== "number" || length === wanted;
  const isInput = input?.length === 4 && needed.every((wanted, i) => fits(input[i + 1], wanted));
  if (!isInput)
    throw new InputError(
      "bad-planes",
      `"${name}" takes ${shown(input)}; ${antennas} antenna${antennas > 1 ? "s" : ""} on ${grid.subcarriers} subcarriers × ${grid.symbols} symbols make batch×${needed.join("×")}`,
      "give --antennas, --subcarriers and --symbols as the network was trained with",
    );
  const [, planes, ...rest] = output ?? [];
  const isOutput = output?.length === 4 && fits(rest[0], grid.symbols) && fits(rest[1], grid.subcarriers);
  if (!isOutput || (typeof planes === "number" && planes < bits))
    throw new InputError(
      "bad-planes",
      `"${name}" gives ${shown(output)}; ${bits} bits per element on this grid are batch×${bits} (or more)×${grid.symbols}×${grid.subcarriers}`,
      "choose a modulation with at most as many bits as the network has, or another network",
    );
}

/**
 * Takes one slot's ratios out of a network's answer [batch][plane][symbol][subcarrier]: the first planes are the slot's bits.
 * @throws InputError "nan-output" where the network gave no number
 */
export function readLlrs(
  name: string,
  output: Float32Array,
  planes: number,
  index: number,
  slot: Slot,
  llrs: Float32Array,
) {
  const { grid, constellation } = slot;
  const from = index * planes * grid.size;
  llrs.set(output.subarray(from, from + constellation.bits * grid.size));
  for (const value of llrs)
    if (Number.isNaN(value))
      throw new InputError("nan-output", `"${name}" answered with something that is no number (NaN)`, "train it again");
}
