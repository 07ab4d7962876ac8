// Least squares: what pilots alone say of the channel, y·x*/|x|².
import type { ComplexSeries } from "../fading/rayleigh.ts";
import type { Slot } from "../slot.ts";

/** Estimates at the pilots of one antenna: [pilot symbol][pilot subcarrier]. `into` is overwritten. Their noise is N/|x|². */
export function estimateAtPilots(slot: Slot, antenna: number, into: ComplexSeries): void {
  const { grid, pilots, received } = slot;
  const { pilotSymbols, pilotSubcarriers, subcarriers, size, pilotAmplitude } = grid;
  const perPower = 1 / pilotAmplitude ** 2;
  let at = 0;
  for (const symbol of pilotSymbols)
    for (let i = 0; i < pilotSubcarriers.length; i++, at++) {
      const element = symbol * subcarriers + pilotSubcarriers[i]!;
      const yr = received.re[antenna * size + element]!;
      const yi = received.im[antenna * size + element]!;
      const xr = pilots.re[element]!;
      const xi = pilots.im[element]!;
      into.re[at] = (yr * xr + yi * xi) * perPower;
      into.im[at] = (yi * xr - yr * xi) * perPower;
    }
}
