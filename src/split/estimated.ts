// Choosing from an estimated channel: the device sees h through noisy pilots, and old by the time it sends. What that costs against an
// oracle that knows the channel is the regret. The choice is the cut with the fewest expected joules given the pilots and the channel's
// known mean: by 1/E[1/R | pilots] in place of the rate, since joules go with 1/R. With useless pilots that is one cut for all draws.
import type { Random } from "../math/random.ts";
import type { CostTable } from "./costs.ts";
import { answerOf, decide, type Limits } from "./decide.ts";
import { leastOpenGain, type Uplink } from "./radio.ts";
import { DEFAULT_OUTAGE, truncationAbove, truncationGain } from "./rayleigh.ts";
import { adaptivePath, chosenPath, type Path } from "./trajectory.ts";

export interface EstimateErrors {
  /** Pilot symbols that the estimate averages over, sent at full power; 1 or more. Default 1. */
  readonly pilots?: number;
  /** Correlation of the gain that was estimated with the one while sending, in [0, 1]: J0(2π f_D·delay). Default 1. */
  readonly ageing?: number;
  /** Share of the fading, its lowest gains, that expectations leave out: E[1/R] has no end without. Default 0.01. */
  readonly outageRatio?: number;
}

/** What pilots tell of h: complex normal around some value. */
export interface Belief {
  /** |E[h | pilots]|². */
  readonly centreRatio: number;
  /** E[|h − E[h]|² | pilots]; with the centre it sums to E[|h|² | pilots], the estimate with the least mean square error. */
  readonly spreadRatio: number;
}

/**
 * What the device knows of h. Pilots show y: h aged to ρ·h + √(1 − ρ²)·w, w as strong as the mean channel m, plus noise of variance
 * σ² = 1/(n·SNR). For Rayleigh fading of the known mean m: E[h | y] = ρ·m/(m + σ²)·y, spread m − ρ²·m²/(m + σ²) [Kay1993]. Phases do
 * not matter: h is taken real.
 * @param meanGainRatio m, above 0. Default 1
 */
export function beliefOf(
  gainRatio: number,
  { pilots = 1, ageing = 1 }: EstimateErrors,
  link: Pick<Uplink, "snrPerGain">,
  random: Random,
  meanGainRatio = 1,
): Belief {
  const variance = 1 / (pilots * link.snrPerGain);
  const innovation = Math.sqrt(((1 - ageing ** 2) * meanGainRatio) / 2);
  const noise = Math.sqrt(variance / 2);
  const re = ageing * Math.sqrt(gainRatio) + innovation * random.normal() + noise * random.normal();
  const im = innovation * random.normal() + noise * random.normal();
  const shrink = (ageing * meanGainRatio) / (meanGainRatio + variance);
  return {
    centreRatio: shrink ** 2 * (re * re + im * im),
    spreadRatio: Math.max(0, meanGainRatio * (1 - ageing * shrink)),
  };
}

/** Points of the complex normal distribution of variance 1, evenly spread by the R2 sequence [Roberts2018]. */
const POINTS = Array.from({ length: 256 }, (_, i) => {
  const [u, v] = [0.7548776662466927, 0.5698402909980532].map((step) => (0.5 + step * i) % 1) as [number, number];
  return { radius: Math.sqrt(-Math.log1p(-u)), cosine: Math.cos(2 * Math.PI * v) };
});

/**
 * 1/E[1/R(|h|²)] over a belief, bit/s, gains below `leastGain` left out: the rate that expected joules are worked out with.
 * @param leastGain where the rate is above 0
 */
export function expectedRate({ centreRatio, spreadRatio }: Belief, link: Uplink, leastGain: number): number {
  const [centre, spread] = [Math.sqrt(centreRatio), Math.sqrt(spreadRatio)];
  let [sum, count] = [0, 0];
  for (const { radius, cosine } of POINTS) {
    const off = spread * radius;
    const gain = centreRatio + 2 * centre * off * cosine + off * off;
    if (gain < leastGain) continue;
    sum += 1 / link.rateBps(gain);
    count++;
  }
  return count === 0 ? link.rateBps(leastGain) : count / sum;
}

const flat = (gains: Float64Array): Float64Array =>
  new Float64Array(gains.length).fill(gains.reduce((sum, gain) => sum + gain, 0) / gains.length);

export interface Regret {
  /** What the choice from estimates took, J; pilots in it. */
  readonly energyJ: number;
  /** What the choice from the true channel took, J, without pilots. */
  readonly oracleJ: number;
  /** Of it for pilots, J. */
  readonly pilotJ: number;
  /** energyJ − oracleJ, from 0. */
  readonly regretJ: number;
  /** What the best single cut took, J, which needs no pilots; and its index. */
  readonly fixedJ: number;
  readonly fixedCut: number;
  /** Inferences in the sums. */
  readonly inferences: number;
  /** Share of the places where another cut was chosen than the oracle's. */
  readonly differentRatio: number;
  readonly path: Path;
}

/**
 * Walks a path of gains with estimates, and with the truth. Places where nothing gets through are left out of the sums.
 * @param meanGainRatio of the fading at each place, as the device knows it. Default: the mean of all gains, everywhere
 */
export function regretOf(
  table: CostTable,
  gainRatio: Float64Array,
  link: Uplink,
  errors: EstimateErrors,
  random: Random,
  limits: Limits = {},
  meanGainRatio: Float64Array = flat(gainRatio),
): Regret {
  const channel = { kind: "block", gainRatio, rateBps: link.rateBps } as const;
  const { outageRatio = DEFAULT_OUTAGE } = errors;
  const openGain = leastOpenGain(link);
  const guesses = Int32Array.from(gainRatio, (gain, i) => {
    const meanGain = meanGainRatio[i]!;
    const leastGain = truncationGain(truncationAbove(openGain, { meanGainRatio: meanGain, outageRatio }));
    const isOpen = meanGain > 0 && Number.isFinite(leastGain);
    const rate = isOpen ? expectedRate(beliefOf(gain, errors, link, random, meanGain), link, leastGain) : 0;
    return decide(table, rate, link.sending, limits);
  });
  const oracle = adaptivePath(table, channel, link.sending, limits);
  const path = chosenPath(table, guesses, channel, link.sending);
  // One symbol lasts 1/W.
  const pilotJ = ((errors.pilots ?? 1) / link.radio.bandwidthHz) * link.sending.powerW;
  let [energyJ, oracleJ, places, different] = [0, 0, 0, 0];
  const rates: number[] = [];
  for (let i = 0; i < gainRatio.length; i++) {
    const own = path.deviceJ[i]! + path.radioJ[i]!;
    const best = oracle.deviceJ[i]! + oracle.radioJ[i]!;
    if (!Number.isFinite(own) || !Number.isFinite(best)) continue;
    energyJ += own + pilotJ;
    oracleJ += best;
    places++;
    if (path.cut[i] !== oracle.cut[i]) different++;
    rates.push(link.rateBps(gainRatio[i]!));
  }
  const costAll = (cut: number): number =>
    rates.reduce((sum, rate) => sum + answerOf(table, cut, rate, link.sending).totalJ, 0);
  const fixed = table.cuts.reduce((best, _, cut) => (costAll(cut) < costAll(best) ? cut : best), table.local);
  return {
    energyJ,
    oracleJ,
    pilotJ: places * pilotJ,
    regretJ: energyJ - oracleJ,
    fixedJ: costAll(fixed),
    fixedCut: fixed,
    inferences: places,
    differentRatio: places === 0 ? 0 : different / places,
    path,
  };
}
