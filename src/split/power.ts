// Power control: the radiated power that sends a representation with the fewest joules, and still in time. (P/η + P_circuit)/R(P) has one
// minimum: below it circuits idle along, above it the logarithm of the rate wastes power. Without circuits the minimum is at power 0 and
// no end of time, N0·ln 2/|h|² per bit, so a deadline decides [TseViswanath2005].
import { InputError } from "../units/input-error.ts";
import type { CostTable } from "./costs.ts";
import { latencyS } from "./decide.ts";
import { type Radio, uplink } from "./radio.ts";

/** Powers below this share of the greatest are not tried. */
const LEAST_SHARE = 1e-9;
/** Width of the answer, in ln of the power. */
const TOLERANCE = 1e-10;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

export interface PowerChoice {
  /** Radiated, W. */
  readonly powerW: number;
  readonly rateBps: number;
  readonly airtimeS: number;
  readonly radioJ: number;
}

/** Least point of a function with one minimum between two ends, finite all over. */
function lowest(f: (x: number) => number, low: number, high: number): number {
  let [a, b] = [low, high];
  let [x1, x2] = [b - GOLDEN * (b - a), a + GOLDEN * (b - a)];
  let [f1, f2] = [f(x1), f(x2)];
  while (b - a > TOLERANCE) {
    if (f1 <= f2) {
      b = x2;
      [x2, f2] = [x1, f1];
      x1 = b - GOLDEN * (b - a);
      f1 = f(x1);
    } else {
      a = x1;
      [x1, f1] = [x2, f2];
      x2 = a + GOLDEN * (b - a);
      f2 = f(x2);
    }
  }
  return [low, high, (a + b) / 2].reduce((best, x) => (f(x) < f(best) ? x : best));
}

/**
 * The power for one message, at most `radio.powerW`.
 * @param bits above 0
 * @param airtimeLimitS longest time on the air, s; Infinity for none
 * @returns undefined when even full power is too slow
 */
export function powerFor(
  bits: number,
  gainRatio: number,
  airtimeLimitS: number,
  radio: Radio,
): PowerChoice | undefined {
  const at = (lnPower: number): PowerChoice => {
    const powerW = Math.exp(lnPower);
    const link = uplink({ ...radio, powerW });
    const rateBps = link.rateBps(gainRatio);
    return { powerW, rateBps, airtimeS: bits / rateBps, radioJ: (link.sending.powerW * bits) / rateBps };
  };
  const high = Math.log(radio.powerW);
  const full = { ...at(high), powerW: radio.powerW };
  const gets = ({ airtimeS }: PowerChoice) => Number.isFinite(airtimeS) && airtimeS <= airtimeLimitS;
  if (!gets(full)) return undefined;
  let low = high + Math.log(LEAST_SHARE);
  // Too little power is too slow; short blocks carry nothing at all. Above the least power that will do the joules have one minimum:
  // R is convex there and then concave, so P + P_circuit <= t·R holds on one interval for every t.
  if (!gets(at(low))) {
    let over = high;
    while (over - low > TOLERANCE) {
      const middle = (low + over) / 2;
      if (gets(at(middle))) over = middle;
      else low = middle;
    }
    low = over;
  }
  const best = at(lowest((x) => at(x).radioJ, low, high));
  return best.radioJ <= full.radioJ && best.airtimeS <= airtimeLimitS * (1 + 1e-9) ? best : full;
}

export interface PoweredCut extends PowerChoice {
  readonly cut: number;
  readonly totalJ: number;
  readonly latencyS: number;
}

/**
 * Cut and power together: the least energy of the device that meets the deadline.
 * Over a closed link the answer of the local cut stays on the device, as in decide.ts.
 * @param maxLatencyS from input to answer, s; undefined: none, and then circuits must draw something
 * @throws InputError "no-deadline" when neither deadline nor circuits end the slowing down
 * @returns undefined when no cut meets the deadline at full power
 */
export function bestPoweredCut(
  table: CostTable,
  gainRatio: number,
  radio: Radio,
  maxLatencyS: number | undefined,
): PoweredCut | undefined {
  const { sending, rateBps } = uplink(radio);
  const isOpen = rateBps(gainRatio) > 0;
  if (isOpen && maxLatencyS === undefined && radio.circuitW === 0)
    throw new InputError(
      "no-deadline",
      "with neither a deadline nor circuits, ever less power takes ever fewer joules and never ends",
      "give --max-latency or --radio-circuit",
    );
  let best: PoweredCut | undefined;
  for (let cut = 0; cut < table.cuts.length; cut++) {
    const keeps = !isOpen && cut === table.local;
    const bits = keeps ? 0 : table.bits[cut]!;
    // All time but the airtime: what latencyS says at an infinite rate.
    const restS = keeps ? table.deviceS[cut]! : latencyS(table, cut, Number.POSITIVE_INFINITY, sending);
    const leftS = maxLatencyS === undefined ? Number.POSITIVE_INFINITY : maxLatencyS - restS;
    if (!(leftS >= 0)) continue;
    const choice =
      bits === 0 ? { powerW: 0, rateBps: 0, airtimeS: 0, radioJ: 0 } : powerFor(bits, gainRatio, leftS, radio);
    if (choice === undefined) continue;
    const totalJ = table.deviceJ[cut]! + choice.radioJ;
    if (best === undefined || totalJ < best.totalJ)
      best = { ...choice, cut, totalJ, latencyS: restS + choice.airtimeS };
  }
  return best;
}
