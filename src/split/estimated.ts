// Choosing from an estimated channel: the device sees h through noisy pilots, and old by the time it sends. What that costs against an
// oracle that knows the channel is the regret. The choice trusts its estimate; better policies could hedge.
import type { Random } from "../math/random.ts";
import type { CostTable } from "./costs.ts";
import { decide, type Limits } from "./decide.ts";
import type { Uplink } from "./radio.ts";
import { adaptivePath, chosenPath, type Path } from "./trajectory.ts";

export interface EstimateErrors {
  /** Pilot symbols that the estimate averages over, sent at full power; 1 or more. Default 1. */
  readonly pilots?: number;
  /** Correlation of the gain that was estimated with the one while sending, in [0, 1]: J0(2π f_D·delay). Default 1. */
  readonly ageing?: number;
}

/**
 * |ĥ|² as the device estimates it: h aged to ρ·h + √(1 − ρ²)·w, w as strong as the mean channel, plus pilot noise of variance 1/(n·SNR).
 * Phases do not matter: h is taken real.
 * @param meanGainRatio of the channel that the innovation is drawn from. Default 1
 */
export function estimatedGain(
  gainRatio: number,
  { pilots = 1, ageing = 1 }: EstimateErrors,
  link: Pick<Uplink, "snrPerGain">,
  random: Random,
  meanGainRatio = 1,
): number {
  const innovation = Math.sqrt(((1 - ageing ** 2) * meanGainRatio) / 2);
  const noise = Math.sqrt(1 / (2 * pilots * link.snrPerGain));
  const re = ageing * Math.sqrt(gainRatio) + innovation * random.normal() + noise * random.normal();
  const im = innovation * random.normal() + noise * random.normal();
  return re * re + im * im;
}

export interface Regret {
  /** What the choice from estimates took, J; pilots in it. */
  readonly energyJ: number;
  /** What the choice from the true channel took, J, without pilots. */
  readonly oracleJ: number;
  /** Of it for pilots, J. */
  readonly pilotJ: number;
  /** energyJ − oracleJ, from 0. */
  readonly regretJ: number;
  /** Share of the places where another cut was chosen than the oracle's. */
  readonly differentRatio: number;
  readonly path: Path;
}

/** Walks a path of gains with estimates, and with the truth. Places where nothing gets through are left out of the sums. */
export function regretOf(
  table: CostTable,
  gainRatio: Float64Array,
  link: Uplink,
  errors: EstimateErrors,
  random: Random,
  limits: Limits = {},
): Regret {
  const channel = { kind: "block", gainRatio, rateBps: link.rateBps } as const;
  const meanGain = gainRatio.reduce((sum, gain) => sum + gain, 0) / Math.max(1, gainRatio.length);
  const guesses = Int32Array.from(gainRatio, (gain) => {
    const guess = estimatedGain(gain, errors, link, random, meanGain);
    return decide(table, link.rateBps(guess), link.sending, limits);
  });
  const oracle = adaptivePath(table, channel, link.sending, limits);
  const path = chosenPath(table, guesses, channel, link.sending);
  // One symbol lasts 1/W.
  const pilotJ = ((errors.pilots ?? 1) / link.radio.bandwidthHz) * link.sending.powerW;
  let [energyJ, oracleJ, places, different] = [0, 0, 0, 0];
  for (let i = 0; i < gainRatio.length; i++) {
    const own = path.deviceJ[i]! + path.radioJ[i]!;
    const best = oracle.deviceJ[i]! + oracle.radioJ[i]!;
    if (!Number.isFinite(own) || !Number.isFinite(best)) continue;
    energyJ += own + pilotJ;
    oracleJ += best;
    places++;
    if (path.cut[i] !== oracle.cut[i]) different++;
  }
  return {
    energyJ,
    oracleJ,
    pilotJ: places * pilotJ,
    regretJ: energyJ - oracleJ,
    differentRatio: places === 0 ? 0 : different / places,
    path,
  };
}
