// How many bits a radio channel can carry and what they cost: Shannon's rate [Shannon1948], what short blocks lose of it [Polyanskiy2010],
// Rayleigh fading's mean and outage [TseViswanath2005]. Bounds of an ideal code, not rates of a real modem; coding and circuits are not in it.
import { normalQuantile } from "../math/distribution.ts";
import { findRoot } from "../math/root.ts";
import { InputError } from "../units/input-error.ts";
import type { BitsPerSecond, Hertz, Joules, Watts } from "../units/quantity.ts";

/** Boltzmann's constant, J/K, exact by the definition of the kelvin [SI2019]. */
const BOLTZMANN = 1.380649e-23;
/** The temperature that noise figures refer to by convention, K. */
const REFERENCE_TEMPERATURE_K = 290;

/** A link with a flat channel. */
export interface LinkBudget {
  /** W, above 0. */
  readonly bandwidthHz: Hertz;
  /** Transmit power P, at least 0. */
  readonly powerW: Watts;
  /** |h|²: received over transmitted power, at least 0. */
  readonly gainRatio: number;
  /** N0, noise power per hertz, above 0. Default: thermal noise at 290 K. */
  readonly noiseWPerHz?: number;
}

function demand(isRight: boolean, name: string, value: number, expected: string): void {
  if (isRight) return;
  throw new InputError("out-of-range", `${name}: ${value} is out of range`, `give ${expected}`);
}

const demandPositive = (name: string, value: number) =>
  demand(value > 0 && value < Number.POSITIVE_INFINITY, name, value, "a number above 0");
const demandNonNegative = (name: string, value: number) =>
  demand(value >= 0 && value < Number.POSITIVE_INFINITY, name, value, "a number of at least 0");

/** Thermal noise per hertz, kT·F in W/Hz: 4.0e-21 (−174 dBm/Hz) at 290 K. @param noiseFigureDb of the receiver, dB. Default 0 */
export function thermalNoiseWPerHz(noiseFigureDb = 0, temperatureK = REFERENCE_TEMPERATURE_K): number {
  demandPositive("temperature", temperatureK);
  return BOLTZMANN * temperatureK * 10 ** (noiseFigureDb / 10);
}

/** P·|h|²/(N0·W), not in decibels. @throws InputError "out-of-range" */
export function snrOf({ bandwidthHz, powerW, gainRatio, noiseWPerHz = thermalNoiseWPerHz() }: LinkBudget): number {
  demandPositive("bandwidth", bandwidthHz);
  demandNonNegative("power", powerW);
  demandNonNegative("gain", gainRatio);
  demandPositive("noise per hertz", noiseWPerHz);
  return (powerW * gainRatio) / (noiseWPerHz * bandwidthHz);
}

/** log2(1 + snr): bits per complex channel use. `snr` is not in decibels. */
export function capacityBits(snr: number): number {
  demandNonNegative("SNR", snr);
  return Math.log1p(snr) / Math.LN2;
}

/** W·log2(1 + P|h|²/(N0 W)) [Shannon1948]. 0 without power or gain. */
export function shannonRateBps(budget: LinkBudget): BitsPerSecond {
  return budget.bandwidthHz * capacityBits(snrOf(budget));
}

/** The power at which Shannon's rate is `rateBps`. Infinity where the gain is 0. */
export function powerForRateW(rateBps: BitsPerSecond, budget: Omit<LinkBudget, "powerW">): Watts {
  demandNonNegative("rate", rateBps);
  const perWatt = snrOf({ ...budget, powerW: 1 });
  return Math.expm1((rateBps / budget.bandwidthHz) * Math.LN2) / perWatt;
}

/** Transmit joules per bit at a rate: P/R. Undefined at rate 0, where no bit arrives. */
export function energyPerBitJ(powerW: Watts, rateBps: BitsPerSecond): Joules | undefined {
  return rateBps > 0 ? powerW / rateBps : undefined;
}

/** The least joules per bit at any bandwidth, N0·ln 2/|h|²: what P/R goes to as the power goes to 0. */
export function leastEnergyPerBitJ(gainRatio: number, noiseWPerHz = thermalNoiseWPerHz()): Joules {
  demandPositive("gain", gainRatio);
  return (noiseWPerHz * Math.LN2) / gainRatio;
}

/** A code that is not infinitely long. */
export interface ShortBlock {
  /** n: complex channel uses per block, at least 1. */
  readonly uses: number;
  /** ε: share of blocks that may be lost, in (0, 1). */
  readonly errorRatio: number;
}

/** V = snr(snr + 2)/(snr + 1)²·log2²e, bits² per complex channel use: the dispersion of the complex Gaussian channel, twice that of the real one [Polyanskiy2010]. */
export function dispersionBits2(snr: number): number {
  demandNonNegative("SNR", snr);
  return (1 - 1 / (1 + snr) ** 2) / Math.LN2 ** 2;
}

/**
 * C − √(V/n)·Q⁻¹(ε), bits per complex channel use: the normal approximation without its O(log n/n) [Polyanskiy2010]. Good from some
 * hundred channel uses on; not below 0.
 */
export function shortBlockBits(snr: number, { uses, errorRatio }: ShortBlock): number {
  demand(uses >= 1 && uses < Number.POSITIVE_INFINITY, "channel uses", uses, "a number of at least 1");
  demand(errorRatio > 0 && errorRatio < 1, "block error ratio", errorRatio, "a number between 0 and 1");
  const rate = capacityBits(snr) - Math.sqrt(dispersionBits2(snr) / uses) * -normalQuantile(errorRatio);
  return Math.max(0, rate);
}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}

function demandBranches(branches: number): void {
  demand(Number.isSafeInteger(branches) && branches >= 1 && branches <= 64, "antennas", branches, "1 to 64");
}

/**
 * E[log2(1 + snr·g)], bits per complex channel use, where g is the gain of Rayleigh fading: the sum of `branches` independent unit-mean
 * exponentials (maximum-ratio combining). The integral is taken over t = ln g, where the trapezoid rule converges faster than any power.
 * @param meanSnr per branch, not in decibels
 */
export function ergodicRayleighBits(meanSnr: number, branches = 1): number {
  demandNonNegative("SNR", meanSnr);
  demandBranches(branches);
  const step = 1 / 32;
  let sum = 0;
  // below e^-40 and above e^6 the density of g times g is less than 1e-17
  for (let t = -40; t <= 6; t += step) {
    const gain = Math.exp(t);
    sum += capacityBits(meanSnr * gain) * Math.exp(branches * t - gain);
  }
  return (sum * step) / factorial(branches - 1);
}

/** P(g < x) of the sum of `branches` unit-mean exponentials: 1 − e^−x Σ_{k<L} x^k/k!, as the series of its tail where x is small. */
function gainCdf(x: number, branches: number): number {
  let term = (Math.exp(-x) * x ** branches) / factorial(branches);
  if (x < branches) {
    let total = 0;
    for (let k = branches + 1; term > 1e-18 * total; k++) {
      total += term;
      term *= x / k;
    }
    return total;
  }
  term = Math.exp(-x);
  let below = 0;
  for (let k = 1; k <= branches; k++) {
    below += term;
    term *= x / k;
  }
  return 1 - below;
}

/** P(log2(1 + snr·g) < rate): share of Rayleigh-faded blocks that cannot carry `bitsPerUse`. */
export function outageRatio(meanSnr: number, bitsPerUse: number, branches = 1): number {
  demandNonNegative("SNR", meanSnr);
  demandNonNegative("rate", bitsPerUse);
  demandBranches(branches);
  if (bitsPerUse === 0) return 0;
  return meanSnr === 0 ? 1 : gainCdf(Math.expm1(bitsPerUse * Math.LN2) / meanSnr, branches);
}

/** The rate, bits per complex channel use, that all but `outage` of the Rayleigh-faded blocks carry. @param outage in (0, 1) */
export function outageCapacityBits(meanSnr: number, outage: number, branches = 1): number {
  demandNonNegative("SNR", meanSnr);
  demand(outage > 0 && outage < 1, "outage", outage, "a number between 0 and 1");
  demandBranches(branches);
  if (branches === 1) return capacityBits(-meanSnr * Math.log1p(-outage));
  let high = branches;
  while (gainCdf(high, branches) < outage) high *= 2;
  return capacityBits(meanSnr * findRoot((x) => gainCdf(x, branches) - outage, 0, high, high * 1e-13));
}
