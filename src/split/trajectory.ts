// A device that moves: one inference at each place, the cut chosen anew for the channel there, beside the choices that never change.
// Baselines are those of [Krouka2021]: PS (this choice on the compressed network), PSNC (on the network as it was), the first pooling
// layer, everything on the device (softmax); and the raw input, which the paper leaves out for privacy.
import { seededRandom } from "../math/random.ts";
import type { Airtime } from "./airtime.ts";
import type { CostTable } from "./costs.ts";
import { decide, type Limits, latencyS, NO_CUT, type SendingCosts, sendingJ } from "./decide.ts";
import type { Uplink } from "./radio.ts";

/** One place of a path. */
export interface Place {
  readonly label: string;
  /** Seconds from the start; undefined: order only. */
  readonly timeS?: number;
  readonly xM?: number;
  readonly yM?: number;
  /** |h|², path included unless the radio has one. */
  readonly gainRatio: number;
  /** Mean |h|² of the fading there, where the path tells it: what a device may know. */
  readonly meanGainRatio?: number;
}

/** The cuts of a path, as flat arrays: 100,000 places are nothing unusual. */
export interface Path {
  /** Index of the cut at each place; NO_CUT where none meets the limits. */
  readonly cut: Int32Array;
  readonly deviceJ: Float64Array;
  /** Infinity: never gets through. */
  readonly radioJ: Float64Array;
}

/** The channel at each place: gains that stay while sending, or a trace that goes on meanwhile. */
export type PathChannel =
  | { readonly kind: "block"; readonly gainRatio: Float64Array; readonly rateBps: Uplink["rateBps"] }
  | { readonly kind: "varying"; readonly startS: Float64Array; readonly airtime: Airtime };

const emptyPath = (places: number): Path => ({
  cut: new Int32Array(places),
  deviceJ: new Float64Array(places),
  radioJ: new Float64Array(places),
});

const lengthOf = (channel: PathChannel): number =>
  channel.kind === "block" ? channel.gainRatio.length : channel.startS.length;

/** The mean rate that a cut sees at a place: bits over τ; for nothing to send, that of the moment. */
function seenRate(channel: PathChannel, place: number, bits: number): number {
  if (channel.kind === "block") return channel.rateBps(channel.gainRatio[place]!);
  const startS = channel.startS[place]!;
  return bits === 0 ? channel.airtime.rateAt(startS) : bits / channel.airtime.timeToSendS(bits, startS);
}

/** Chooses at every place: perfect knowledge of the channel while sending, as remark 1 of the paper assumes. */
export function adaptivePath(table: CostTable, channel: PathChannel, sending: SendingCosts, limits: Limits = {}): Path {
  const places = lengthOf(channel);
  const path = emptyPath(places);
  for (let place = 0; place < places; place++) {
    const cut =
      channel.kind === "block"
        ? decide(table, channel.rateBps(channel.gainRatio[place]!), sending, limits)
        : decideVarying(table, channel, place, sending, limits);
    put(path, place, table, cut, channel, sending);
  }
  return path;
}

/** As decide.ts, where every cut sees a mean rate of its own. */
function decideVarying(
  table: CostTable,
  channel: PathChannel,
  place: number,
  sending: SendingCosts,
  { maxLatencyS }: Limits,
): number {
  let best = NO_CUT;
  let least = Number.POSITIVE_INFINITY;
  for (let cut = 0; cut < table.bits.length; cut++) {
    const bits = table.bits[cut]!;
    const rate = seenRate(channel, place, bits);
    const energyJ = table.deviceJ[cut]! + sendingJ(bits, rate, sending);
    if (energyJ >= least) continue;
    if (maxLatencyS !== undefined && !(latencyS(table, cut, rate, sending) <= maxLatencyS)) continue;
    least = energyJ;
    best = cut;
  }
  if (best !== NO_CUT) return best;
  const isMet = maxLatencyS === undefined || table.deviceS[table.local]! <= maxLatencyS;
  return isMet ? table.local : NO_CUT;
}

/** One cut at every place. */
export function fixedPath(table: CostTable, cut: number, channel: PathChannel, sending: SendingCosts): Path {
  const path = emptyPath(lengthOf(channel));
  for (let place = 0; place < path.cut.length; place++) put(path, place, table, cut, channel, sending);
  return path;
}

/** Chosen cuts, each place's costs by the channel that there is. */
export function chosenPath(table: CostTable, cuts: Int32Array, channel: PathChannel, sending: SendingCosts): Path {
  const path = emptyPath(cuts.length);
  for (let place = 0; place < cuts.length; place++) put(path, place, table, cuts[place]!, channel, sending);
  return path;
}

function put(
  path: Path,
  place: number,
  table: CostTable,
  cut: number,
  channel: PathChannel,
  sending: SendingCosts,
): void {
  path.cut[place] = cut;
  if (cut === NO_CUT) {
    path.deviceJ[place] = Number.NaN;
    path.radioJ[place] = Number.NaN;
    return;
  }
  const bits = table.bits[cut]!;
  const rate = seenRate(channel, place, bits);
  path.deviceJ[place] = table.deviceJ[cut]!;
  // Where nothing gets through, all on the device is a result that stays there.
  path.radioJ[place] = rate > 0 || cut !== table.local ? sendingJ(bits, rate, sending) : 0;
}

/** Sums of a path. Places where nothing gets through are counted, and are in no sum. */
export interface PathTotals {
  readonly energyJ: number;
  readonly processingJ: number;
  readonly radioJ: number;
  /** energyJ of one place in the sums: what choices compare by that leave out different places. NaN where nothing got through. */
  readonly meanJ: number;
  /** Places in the sums. */
  readonly delivered: number;
  /** Places where the choice never gets through, or no cut meets the limits. */
  readonly never: number;
}

export function totalsOf({ deviceJ, radioJ }: Path): PathTotals {
  let [processing, radio, never] = [0, 0, 0];
  for (let place = 0; place < deviceJ.length; place++) {
    if (Number.isFinite(radioJ[place])) {
      processing += deviceJ[place]!;
      radio += radioJ[place]!;
    } else never++;
  }
  return {
    energyJ: processing + radio,
    processingJ: processing,
    radioJ: radio,
    meanJ: (processing + radio) / (deviceJ.length - never),
    delivered: deviceJ.length - never,
    never,
  };
}

/** Name of the built-in path. */
export const WALK = "walk";

/** Legs of the built-in walk: around a server at (0, 0), far, near, behind and away again. Metres. */
const CORNERS: readonly (readonly [number, number])[] = [
  [-30, 12],
  [-12, 10],
  [-3, 2],
  [4, -3],
  [14, -12],
  [22, 6],
  [8, 18],
  [-2, 5],
  [-18, -16],
];
const PLACES_PER_LEG = 4;
/** Distance at which the mean gain is 1, m, and the exponent of its fall: free space. */
const UNIT_GAIN_M = 10;
const EXPONENT = 2;

/**
 * The built-in path: a walk past the server with Rayleigh fading on a mean gain that is 1 at 10 m and falls with d². It is ours: the
 * paper shows a path in its figure 4(a) and prints no coordinates and no path loss.
 * @param seed of the fading. Default 1
 */
export function walk(seed = 1): readonly Place[] {
  const random = seededRandom(seed);
  const legs = CORNERS.slice(1).flatMap(([x, y], leg) => {
    const [fromX, fromY] = CORNERS[leg]!;
    return Array.from({ length: PLACES_PER_LEG }, (_, i) => {
      const share = i / PLACES_PER_LEG;
      return [fromX + share * (x - fromX), fromY + share * (y - fromY)] as const;
    });
  });
  return [...legs, CORNERS.at(-1)!].map(([xM, yM], i) => {
    const distanceM = Math.hypot(xM, yM);
    const fading = -Math.log(1 - random.uniform());
    const meanGainRatio = (UNIT_GAIN_M / distanceM) ** EXPONENT;
    return { label: `P${i + 1}`, xM, yM, timeS: i, gainRatio: meanGainRatio * fading, meanGainRatio };
  });
}
