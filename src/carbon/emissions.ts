// Joules to kilograms of CO2e and to money, and the share of making the device. Ranges in, ranges out; pure arithmetic.
import { JOULES_PER_KWH } from "../units/quantity.ts";
import { type Range, scaled, times } from "../units/range.ts";
import type { Price } from "./price.ts";

/**
 * Emissions of generating the electricity, kg CO2e = kWh × kg/kWh × PUE.
 * @param energy J at the device
 * @param kgPerKwh intensity of the grid
 * @param pueRatio what the building draws per what the device draws, ≥ 1. Default 1
 */
export function co2eKg(energy: Range, kgPerKwh: Range, pueRatio = 1): Range {
  return times(scaled(energy, pueRatio / JOULES_PER_KWH), kgPerKwh);
}

export interface Cost {
  readonly amount: Range;
  readonly currency: string;
}

/** Cost of the electricity: kWh × price × PUE. @param pueRatio as in co2eKg. Default 1 */
export function cost(energy: Range, price: Price, pueRatio = 1): Cost {
  return { amount: scaled(energy, (pueRatio / JOULES_PER_KWH) * price.perKwh), currency: price.currency };
}

/**
 * Share of the emissions of making the device that falls on a job: manufacturing × time / (lifetime × utilisation)
 * [Gupta2022]: a device that idles half its life spreads its making over half the hours.
 * @param manufacturingKg kg CO2e of making one
 * @param timeS time the job keeps the device, s
 * @param lifetimeS time until the device is replaced, s, > 0
 * @param utilisationRatio share of the lifetime the device works, in (0, 1]. Default 1
 */
export function embodiedKg(manufacturingKg: Range, timeS: Range, lifetimeS: number, utilisationRatio = 1): Range {
  return scaled(times(manufacturingKg, timeS), 1 / (lifetimeS * utilisationRatio));
}
