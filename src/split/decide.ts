// The choice itself: the cut that takes the fewest joules of the device for the rate there is now. Made for a hot path: a loop over
// typed arrays, nothing allocated. Knows no channel model: it is told the rate.
import type { CostTable } from "./costs.ts";

/** What sending costs besides the rate. */
export interface SendingCosts {
  /** Power drawn while the device sends, W: P/η + radio circuit. */
  readonly powerW: number;
  /** Time of one round trip without any payload, s. Default 0. */
  readonly roundTripS?: number;
}

export interface Limits {
  /** Longest time from input to answer, s. Default: none. Cuts whose time is not known do not meet it. */
  readonly maxLatencyS?: number;
}

/** Energy of sending, J; 0 for nothing to send, Infinity when the rate is 0. */
export function sendingJ(bits: number, rateBps: number, { powerW }: SendingCosts): number {
  return bits === 0 ? 0 : (powerW / rateBps) * bits;
}

/** Airtime, s; 0 for nothing to send, Infinity when the rate is 0. */
export function airtimeS(bits: number, rateBps: number): number {
  return bits === 0 ? 0 : bits / rateBps;
}

/** Time from input to answer of one cut, s; NaN while the machines' times are not known. Nothing at the server: no round trip. */
export function latencyS(table: CostTable, cut: number, rateBps: number, { roundTripS = 0 }: SendingCosts): number {
  const bits = table.bits[cut]!;
  const isLocal = cut === table.local;
  const serverS = isLocal ? 0 : table.serverS[cut]!;
  return table.deviceS[cut]! + airtimeS(bits, rateBps) + serverS + (bits === 0 ? 0 : roundTripS);
}

/** Nothing meets the limits. */
export const NO_CUT = -1;

/**
 * Index of the cut with the least processing + transmission energy of the device among those that meet the limits.
 * With a rate of 0 nothing can be sent: the answer is the local cut, whose result then stays on the device.
 * @returns NO_CUT when no cut meets the latency
 */
export function decide(table: CostTable, rateBps: number, sending: SendingCosts, limits: Limits = {}): number {
  const { bits, deviceJ, local } = table;
  const { maxLatencyS } = limits;
  if (!(rateBps > 0)) return meets(table, local, maxLatencyS) ? local : NO_CUT;
  const perBitJ = sending.powerW / rateBps;
  let best = NO_CUT;
  let least = Number.POSITIVE_INFINITY;
  for (let cut = 0; cut < bits.length; cut++) {
    const energyJ = deviceJ[cut]! + bits[cut]! * perBitJ;
    if (energyJ >= least) continue;
    if (maxLatencyS !== undefined && !(latencyS(table, cut, rateBps, sending) <= maxLatencyS)) continue;
    least = energyJ;
    best = cut;
  }
  return best;
}

const meets = (table: CostTable, local: number, maxLatencyS: number | undefined): boolean =>
  maxLatencyS === undefined || table.deviceS[local]! <= maxLatencyS;

/** Index of the cut with the shortest time; NO_CUT when no time is known. */
export function fastest(table: CostTable, rateBps: number, sending: SendingCosts): number {
  let best = NO_CUT;
  let least = Number.POSITIVE_INFINITY;
  for (let cut = 0; cut < table.bits.length; cut++) {
    const timeS = latencyS(table, cut, rateBps, sending);
    if (timeS < least) {
      least = timeS;
      best = cut;
    }
  }
  return best;
}

/** One cut at one rate, all its numbers. */
export interface CutAnswer {
  readonly cut: number;
  readonly deviceJ: number;
  /** Infinity: never gets through. */
  readonly radioJ: number;
  readonly totalJ: number;
  readonly airtimeS: number;
  /** undefined: not known. */
  readonly serverJ: number | undefined;
  readonly latencyS: number | undefined;
}

const known = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);

/** All numbers of one cut. The result of the local cut stays on the device where nothing can be sent. */
export function answerOf(table: CostTable, cut: number, rateBps: number, sending: SendingCosts): CutAnswer {
  const bits = rateBps > 0 || cut !== table.local ? table.bits[cut]! : 0;
  const deviceJ = table.deviceJ[cut]!;
  const radioJ = sendingJ(bits, rateBps, sending);
  const timeS = bits === 0 && cut === table.local ? table.deviceS[cut]! : latencyS(table, cut, rateBps, sending);
  return {
    cut,
    deviceJ,
    radioJ,
    totalJ: deviceJ + radioJ,
    airtimeS: airtimeS(bits, rateBps),
    serverJ: known(table.serverJ[cut]!),
    latencyS: known(timeS),
  };
}

/** Cuts that no other cut beats in both joules and seconds, by rising joules; by joules and bits where times are not known. */
export function paretoFront(answers: readonly CutAnswer[], bits: Float64Array): readonly number[] {
  const second = (answer: CutAnswer): number => answer.latencyS ?? bits[answer.cut]!;
  const sorted = answers
    .filter(({ totalJ }) => Number.isFinite(totalJ))
    .sort((a, b) => a.totalJ - b.totalJ || second(a) - second(b));
  let least = Number.POSITIVE_INFINITY;
  return sorted.flatMap((answer) => {
    if (second(answer) >= least) return [];
    least = second(answer);
    return [answer.cut];
  });
}

/** A network with a known loss at some energy: one side of the trade-off. */
export interface Candidate {
  readonly name: string;
  /** Loss on data, of the task. */
  readonly loss: number;
  readonly energyJ: number;
}

/**
 * The candidate with the least λ·loss + (1 − λ)·E, equation 7 of [Krouka2021]; E in joules as printed there.
 * @param lambda in [0, 1]: 1 looks at the loss alone
 */
export function tradeOff<T extends Candidate>(candidates: readonly T[], lambda: number): T | undefined {
  const score = ({ loss, energyJ }: Candidate): number => lambda * loss + (1 - lambda) * energyJ;
  return candidates.reduce<T | undefined>(
    (best, one) => (best === undefined || score(one) < score(best) ? one : best),
    undefined,
  );
}
