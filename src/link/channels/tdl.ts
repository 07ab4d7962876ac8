// Tapped delay lines: each path has a delay and a gain that fades in time; the response at frequency f is Σ a_l(t)·exp(−j2π f τ_l), taken per
// resource element (the cyclic prefix is long enough and the gain stands still during one OFDM symbol). The line of sight moves at 0.7 of the
// greatest Doppler shift, its phase is drawn [TR38.901, 7.7.2].
import type { Random } from "../../math/random.ts";
import { addJakesGain } from "../fading/jakes.ts";
import { type ComplexSeries, complexSeries } from "../fading/rayleigh.ts";
import type { Extent } from "../grid.ts";
import type { ChannelMaker, Path } from "./channel.ts";
import { type DelayProfile, PROFILES, type ProfileName } from "./profiles.ts";
import { addRows, steering } from "./steering.ts";

const SIGHT_DOPPLER_RATIO = 0.7;

/** The paths of a profile at a delay spread, powers summing to 1. */
export function profilePaths(
  { sight, delays, powersDb }: DelayProfile,
  delaySpreadS: number,
  dopplerHz: number,
): Path[] {
  const powers = powersDb.map((db) => 10 ** (db / 10));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power, i) => {
    const isSight = sight && i === 0;
    return {
      delayS: delays[i]! * delaySpreadS,
      power: power / total,
      kind: isSight ? "sight" : "rayleigh",
      dopplerHz: isSight ? SIGHT_DOPPLER_RATIO * dopplerHz : dopplerHz,
    };
  });
}

/** Draws a_l(t) of every path: [path][symbol]. `into` is overwritten. */
export function drawGains(
  into: ComplexSeries,
  paths: readonly Path[],
  { symbols, symbolS }: Extent,
  random: Random,
): void {
  into.re.fill(0);
  into.im.fill(0);
  for (const [l, { kind, power, dopplerHz }] of paths.entries()) {
    if (kind === "rayleigh") {
      addJakesGain(into, l * symbols, power, dopplerHz, { count: symbols, stepS: symbolS }, random);
      continue;
    }
    const phase = 2 * Math.PI * random.uniform();
    for (let t = 0; t < symbols; t++) {
      const angle = phase + 2 * Math.PI * dopplerHz * symbolS * t;
      into.re[l * symbols + t] = Math.sqrt(power) * Math.cos(angle);
      into.im[l * symbols + t] = Math.sqrt(power) * Math.sin(angle);
    }
  }
}

export const tdl: ChannelMaker = ({ name, delaySpreadS = 100e-9, dopplerHz = 0 }, grid) => {
  const paths = profilePaths(PROFILES[name as ProfileName], delaySpreadS, dopplerHz);
  const table = steering(paths, grid);
  const gains = complexSeries(paths.length * grid.symbols);
  const { subcarriers, symbols } = grid;
  return {
    name,
    mean: 0,
    paths,
    respond: (into, offset, random) => {
      drawGains(gains, paths, grid, random);
      into.re.fill(0, offset, offset + grid.size);
      into.im.fill(0, offset, offset + grid.size);
      const moving = dopplerHz === 0 ? 1 : symbols;
      for (let t = 0; t < moving; t++)
        addRows(into, offset + t * subcarriers, table, subcarriers, paths.length, gains, t, symbols);
      for (let t = moving; t < symbols; t++) {
        into.re.copyWithin(offset + t * subcarriers, offset, offset + subcarriers);
        into.im.copyWithin(offset + t * subcarriers, offset, offset + subcarriers);
      }
    },
  };
};
