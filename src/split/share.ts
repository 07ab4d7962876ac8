// Several devices, one server, one band: cuts and shares of the band chosen together, against equal shares. For given cuts the joules are
// convex in the shares, and the best ones give every device the same saving per hertz (bisection on that price); for given shares every
// device has its best cut. The two take turns from several beginnings; each turn lowers the sum, so it ends, and never above equal shares
// that hold the same load. Not proven to be the global optimum: the cuts are discrete. The server's load is held by a price per second of
// its time.
import { InputError } from "../units/input-error.ts";
import type { CostTable } from "./costs.ts";
import { type Radio, type Uplink, uplink } from "./radio.ts";

export interface SharingDevice {
  readonly table: CostTable;
  /** |h|² to the server. */
  readonly gainRatio: number;
  /** Inferences per second, for the server's load. Default 1. */
  readonly ratePerS?: number;
}

export interface SharingPlan {
  /** Radio of each device; its bandwidth is the whole band. */
  readonly radio: Radio;
  /** Share of its time that the server may work, in (0, 1]. Default: no limit. */
  readonly serverLoadRatio?: number;
}

export interface Shared {
  /** Share of the band of each device; sums to 1 where anything is sent. */
  readonly shares: readonly number[];
  /** Index of each device's cut. */
  readonly cuts: readonly number[];
  /** Of each device, J per inference; Infinity where its message never gets through. */
  readonly energyJ: readonly number[];
  readonly totalJ: number;
  /** Share of the server's time that is used; NaN: its times are not known. */
  readonly serverLoadRatio: number;
}

/** Joules of one bit in a share of the band, above 0: the same power meets less noise. */
function perBitJ({ radio, sending, snrPerGain, bitsPerUse }: Uplink, share: number, gainRatio: number): number {
  return sending.powerW / (radio.bandwidthHz * share * bitsPerUse((snrPerGain * gainRatio) / share));
}

/** Radio joules of `bits` in a share of the band. */
function radioJ(bits: number, share: number, gainRatio: number, link: Uplink): number {
  if (bits === 0) return 0;
  return share > 0 ? bits * perBitJ(link, share, gainRatio) : Number.POSITIVE_INFINITY;
}

/** Least share that is given to a device that sends. */
const LEAST_SHARE = 1e-9;
const STEPS = 50;

/** The share at which one more hertz saves `price` joules per whole band. */
function shareAtPrice(bits: number, gainRatio: number, link: Uplink, price: number): number {
  if (bits === 0) return 0;
  // The saving falls with the share, so the share is found by halving the interval of its logarithm.
  let [low, high] = [Math.log(LEAST_SHARE), 0];
  const savingAt = (share: number): number => {
    const step = share * 1e-4;
    return (radioJ(bits, share - step, gainRatio, link) - radioJ(bits, share + step, gainRatio, link)) / (2 * step);
  };
  for (let i = 0; i < STEPS; i++) {
    const middle = (low + high) / 2;
    if (savingAt(Math.exp(middle)) > price) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

/** The shares with the fewest joules for given messages. */
export function bestShares(bits: readonly number[], gains: readonly number[], radio: Radio): readonly number[] {
  const senders = bits.filter((count) => count > 0).length;
  if (senders === 0) return bits.map(() => 0);
  if (senders === 1) return bits.map((count) => (count > 0 ? 1 : 0));
  const link = uplink(radio);
  const at = (lnPrice: number) => bits.map((count, i) => shareAtPrice(count, gains[i]!, link, Math.exp(lnPrice)));
  const sum = (shares: readonly number[]) => shares.reduce((total, share) => total + share, 0);
  let [low, high] = [Math.log(1e-30), Math.log(1e30)];
  for (let i = 0; i < STEPS; i++) {
    const middle = (low + high) / 2;
    if (sum(at(middle)) > 1) low = middle;
    else high = middle;
  }
  const shares = at(high);
  const total = sum(shares);
  return shares.map((share) => share / total);
}

/** Each device's best cut for its share, when a second of the server has a price. */
function bestCuts(devices: readonly SharingDevice[], shares: readonly number[], radio: Radio, price: number): number[] {
  const link = uplink(radio);
  return devices.map(({ table, gainRatio, ratePerS = 1 }, i) => {
    const bitJ = perBitJ(link, Math.max(shares[i]!, LEAST_SHARE), gainRatio);
    const costOf = (cut: number): number => {
      const bits = table.bits[cut]!;
      const serverS = price === 0 || cut === table.local ? 0 : table.serverS[cut]!;
      return table.deviceJ[cut]! + (bits === 0 ? 0 : bits * bitJ) + price * ratePerS * serverS;
    };
    return table.cuts.reduce((best, _, cut) => (costOf(cut) < costOf(best) ? cut : best), table.local);
  });
}

function outcome(
  devices: readonly SharingDevice[],
  cuts: readonly number[],
  shares: readonly number[],
  radio: Radio,
): Shared {
  const link = uplink(radio);
  const energyJ = devices.map(
    ({ table, gainRatio }, i) => table.deviceJ[cuts[i]!]! + radioJ(table.bits[cuts[i]!]!, shares[i]!, gainRatio, link),
  );
  const serverLoadRatio = devices.reduce(
    (load, { table, ratePerS = 1 }, i) => load + (cuts[i] === table.local ? 0 : ratePerS * table.serverS[cuts[i]!]!),
    0,
  );
  return { shares, cuts, energyJ, totalJ: energyJ.reduce((sum, one) => sum + one, 0), serverLoadRatio };
}

/** Halvings of the price of the server's time. */
const PRICE_STEPS = 25;
/** Turns until nothing gets better; far fewer are needed. */
const MOST_TURNS = 50;

/** Cuts and shares in turns from one beginning. */
function improved(devices: readonly SharingDevice[], start: readonly number[], radio: Radio, price: number): Shared {
  const gains = devices.map(({ gainRatio }) => gainRatio);
  const scoreOf = (shared: Shared) => shared.totalJ + (price === 0 ? 0 : price * shared.serverLoadRatio);
  let best = outcome(devices, bestCuts(devices, start, radio, price), start, radio);
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const shares = bestShares(
      devices.map(({ table }, i) => table.bits[best.cuts[i]!]!),
      gains,
      radio,
    );
    const next = outcome(devices, bestCuts(devices, shares, radio, price), shares, radio);
    const kept = outcome(devices, best.cuts, shares, radio);
    const better = scoreOf(next) < scoreOf(kept) ? next : kept;
    if (!(scoreOf(better) < scoreOf(best) * (1 - 1e-12))) break;
    best = better;
  }
  return best;
}

/** With so many devices at most, each is also tried as the favoured one. */
const MOST_FAVOURED = 8;

/** Beginnings: equal shares, all to the device with most to gain, and shares against the gains. */
function beginnings(devices: readonly SharingDevice[]): readonly (readonly number[])[] {
  const equal = devices.map(() => 1 / devices.length);
  const inverse = devices.map(({ gainRatio }) => 1 / Math.max(gainRatio, 1e-12));
  const total = inverse.reduce((sum, one) => sum + one, 0);
  const most = devices.map((_, chosen) =>
    devices.map((_, i) => (i === chosen ? 1 - 0.01 * (devices.length - 1) : 0.01)),
  );
  return [equal, inverse.map((one) => one / total), ...(devices.length <= MOST_FAVOURED ? most : [])];
}

/**
 * The outcome of the least price of the server's time that keeps its load: of this kind it has the fewest joules.
 * @param solve the outcome at a price
 */
function withinLoad(solve: (price: number) => Shared, devices: readonly SharingDevice[], plan: SharingPlan): Shared {
  const { serverLoadRatio } = plan;
  const free = solve(0);
  if (serverLoadRatio === undefined) return free;
  if (devices.some(({ table }) => table.cuts.some((_, cut) => cut !== table.local && Number.isNaN(table.serverS[cut]))))
    throw new InputError(
      "server-time",
      "a limit of the server's load needs its times",
      "give --server with a machine that has peak rates",
    );
  if (free.serverLoadRatio <= serverLoadRatio) return free;
  // At a high enough price every device stays local.
  let [low, high] = [-30, 30];
  let kept = solve(Math.exp(high));
  for (let i = 0; i < PRICE_STEPS; i++) {
    const middle = (low + high) / 2;
    const found = solve(Math.exp(middle));
    if (found.serverLoadRatio <= serverLoadRatio) {
      high = middle;
      if (found.totalJ < kept.totalJ || kept.serverLoadRatio > serverLoadRatio) kept = found;
    } else low = middle;
  }
  return kept;
}

/**
 * Every device has the same share and chooses its own cut; where the server's load is limited, at one price of its time for all.
 * @throws InputError "server-time" as shareBand
 */
export function equalShares(devices: readonly SharingDevice[], plan: SharingPlan): Shared {
  const { radio } = plan;
  const shares = devices.map(() => 1 / devices.length);
  const solve = (price: number) => outcome(devices, bestCuts(devices, shares, radio, price), shares, radio);
  return withinLoad(solve, devices, plan);
}

/**
 * Cuts and shares together: never more joules than equal shares at the same limit of the load.
 * @throws InputError "server-time" when a load limit is given and the server's times are not known
 */
export function shareBand(devices: readonly SharingDevice[], plan: SharingPlan): Shared {
  const { radio } = plan;
  const solve = (price: number): Shared =>
    beginnings(devices)
      .map((start) => improved(devices, start, radio, price))
      .reduce((a, b) => (b.totalJ + price * b.serverLoadRatio < a.totalJ + price * a.serverLoadRatio ? b : a));
  const joint = withinLoad(solve, devices, plan);
  // A price weighs load against joules, so that at one price equal shares may have more load and fewer joules: their cuts, then,
  // with the best shares for them.
  const equal = equalShares(devices, plan);
  const gains = devices.map(({ gainRatio }) => gainRatio);
  const bits = devices.map(({ table }, i) => table.bits[equal.cuts[i]!]!);
  const shared = outcome(devices, equal.cuts, bestShares(bits, gains, radio), radio);
  return [shared, equal].reduce((best, one) => (one.totalJ < best.totalJ ? one : best), joint);
}
