// Least squares at the pilots, straight lines between them, LMMSE combining. In frequency the outermost estimates are held; in time one pilot
// symbol serves the whole slot, and of two the line through both is followed to the ends of the slot.
import type { DemapRule } from "../demap.ts";
import { type ComplexSeries, complexSeries } from "../fading/rayleigh.ts";
import type { Grid } from "../grid.ts";
import type { Slot } from "../slot.ts";
import { combine } from "./combine.ts";
import { estimateAtPilots } from "./pilots.ts";
import type { Receiver } from "./receiver.ts";

/** Pilots lie on every second subcarrier from the first on. */
function alongFrequency(pilots: Float64Array, from: number, count: number, row: Float64Array): void {
  for (let i = 0; i < count; i++) {
    const value = pilots[from + i]!;
    const next = i + 1 < count ? pilots[from + i + 1]! : value;
    row[2 * i] = value;
    row[2 * i + 1] = (value + next) / 2;
  }
}

function alongTime(rows: readonly Float64Array[], grid: Grid, into: Float64Array, offset: number): void {
  const { symbols, subcarriers, pilotSymbols } = grid;
  const [first, second] = rows;
  for (let t = 0; t < symbols; t++) {
    const at = offset + t * subcarriers;
    if (first === undefined || second === undefined) {
      into.set(first!, at);
      continue;
    }
    const share = (t - pilotSymbols[0]!) / (pilotSymbols[1]! - pilotSymbols[0]!);
    for (let k = 0; k < subcarriers; k++) into[at + k] = first[k]! + share * (second[k]! - first[k]!);
  }
}

/** The estimate of one slot, [antenna][symbol][subcarrier]. `into` is overwritten. */
function interpolate(slot: Slot, into: ComplexSeries): void {
  const { grid, antennas } = slot;
  const count = grid.pilotSubcarriers.length;
  const atPilots = complexSeries(count * grid.pilotSymbols.length);
  const rows = grid.pilotSymbols.map(() => new Float64Array(grid.subcarriers));
  for (let antenna = 0; antenna < antennas; antenna++) {
    estimateAtPilots(slot, antenna, atPilots);
    for (const part of ["re", "im"] as const) {
      for (const [i, row] of rows.entries()) alongFrequency(atPilots[part], i * count, count, row);
      alongTime(rows, grid, into[part], antenna * grid.size);
    }
  }
}

export function ls(rule: DemapRule): Receiver {
  let estimate = complexSeries(0);
  return {
    name: "ls",
    batch: 1,
    receive: (slots, llrs) => {
      for (const [i, slot] of slots.entries()) {
        if (estimate.re.length !== slot.response.re.length) estimate = complexSeries(slot.response.re.length);
        interpolate(slot, estimate);
        combine(slot, estimate, llrs[i]!, rule);
      }
    },
  };
}
