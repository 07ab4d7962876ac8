// Which power cap saves most for a given slow-down: from the settings of a run that were measured, and from whole sweeps of other runs
// where not all were. A prediction, no setting: nothing here touches a device. Curves are relative to the highest cap, so that
// sweeps of other networks and cards can be compared; a sweep counts the more, the more it is like the known points of this one
// (a Nadaraya–Watson mean [Nadaraya1964]). Why a cap saves at all: power falls faster than speed near the limit [You2023].
import { InputError } from "../units/input-error.ts";

/** One setting of a sweep. */
export interface CapPoint {
  /** Power limit, W. */
  readonly capW: number;
  /** Time of the same piece of work (an epoch), s. */
  readonly durationS: number;
  /** Mean power meanwhile, W. */
  readonly powerW: number;
}

/** The settings of one piece of work that were measured; the one with the highest cap is what others are compared with. */
export interface CapSweep {
  readonly name: string;
  readonly points: readonly CapPoint[];
}

/** A setting relative to the highest cap. */
export interface CapChoice {
  readonly capW: number;
  /** Time over time at the highest cap; 1 or more. */
  readonly slowDownRatio: number;
  /** Joules over joules at the highest cap. */
  readonly energyRatio: number;
  /** One standard deviation of energyRatio among the sweeps that are like this one; 0 where measured. */
  readonly spreadRatio: number;
  readonly basis: "measured" | "estimated";
}

export interface CapAdvice {
  /** Least joules among the settings within the slow-down. */
  readonly best: CapChoice;
  /** Every setting, highest cap first. */
  readonly choices: readonly CapChoice[];
}

/** How unlike two sweeps may be and still count, one standard deviation: of power and of time, both relative to the highest cap. */
const LIKENESS = { powerRatio: 0.05, slowDownRatio: 0.05 } as const;
/** Weight that every sweep keeps, so that an odd one still gets a mean. */
const LEAST_WEIGHT = 1e-9;

interface Curve {
  /** Cap over the highest cap, descending from 1. */
  readonly at: readonly number[];
  readonly slowDown: readonly number[];
  readonly energy: readonly number[];
  /** Mean power at the highest cap over that cap. */
  readonly usedRatio: number;
}

function curveOf({ name, points }: CapSweep): Curve {
  const sorted = points.toSorted((a, b) => b.capW - a.capW);
  const [top] = sorted;
  const odd = sorted.find(({ capW, durationS, powerW }) => !(capW > 0 && durationS > 0 && powerW > 0));
  if (top === undefined || odd !== undefined)
    throw new InputError(
      "bad-sweep",
      `sweep "${name}" ${top === undefined ? "has no settings" : `has cap ${odd?.capW} W, time ${odd?.durationS} s, power ${odd?.powerW} W`}`,
      "every setting needs a cap, a time and a mean power above 0",
    );
  return {
    at: sorted.map(({ capW }) => capW / top.capW),
    slowDown: sorted.map(({ durationS }) => durationS / top.durationS),
    energy: sorted.map(({ durationS, powerW }) => (durationS * powerW) / (top.durationS * top.powerW)),
    usedRatio: top.powerW / top.capW,
  };
}

/** Value between the two nearest settings; undefined beyond the lowest. */
function between(at: readonly number[], values: readonly number[], where: number): number | undefined {
  const next = at.findIndex((ratio) => ratio <= where + 1e-9);
  if (next < 0) return undefined;
  if (next === 0 || at[next] === at[next - 1]) return values[next];
  const share = (at[next - 1]! - where) / (at[next - 1]! - at[next]!);
  return values[next - 1]! + share * (values[next]! - values[next - 1]!);
}

/** How like another sweep is: by its power use at the highest cap, and its slow-down at every setting known of this one. */
function likeness(own: Curve, other: Curve): number {
  const known = own.at.slice(1).flatMap((ratio, i) => {
    const theirs = between(other.at, other.slowDown, ratio);
    return theirs === undefined ? [] : [(theirs - own.slowDown[i + 1]!) / LIKENESS.slowDownRatio];
  });
  const distances = [(other.usedRatio - own.usedRatio) / LIKENESS.powerRatio, ...known];
  return Math.exp(-distances.reduce((sum, each) => sum + each * each, 0) / 2) + LEAST_WEIGHT;
}

interface Weighted {
  readonly weight: number;
  readonly slowDown: number;
  readonly energy: number;
}

function estimated(capW: number, others: readonly Weighted[]): CapChoice | undefined {
  const total = others.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return undefined;
  const meanOf = (value: (one: Weighted) => number) =>
    others.reduce((sum, one) => sum + one.weight * value(one), 0) / total;
  const energyRatio = meanOf(({ energy }) => energy);
  return {
    capW,
    slowDownRatio: meanOf(({ slowDown }) => slowDown),
    energyRatio,
    spreadRatio: Math.sqrt(meanOf(({ energy }) => (energy - energyRatio) ** 2)),
    basis: "estimated",
  };
}

/**
 * The cap to choose.
 * @param known settings of this work that were measured, the highest cap among them
 * @param others whole sweeps of other work; may be empty when `caps` are all known
 * @param caps settings that the device has, W; those above the highest known are left out: nothing is known to compare them with,
 * and everything is relative to the highest known. Default: the known ones
 * @param longestRatio longest time over the time at the highest cap; 1 or more. Default: any
 * @throws InputError "bad-sweep"
 */
export function adviseCap(
  known: CapSweep,
  others: readonly CapSweep[],
  { caps = known.points.map(({ capW }) => capW), longestRatio = Number.POSITIVE_INFINITY } = {} as {
    readonly caps?: readonly number[];
    readonly longestRatio?: number;
  },
): CapAdvice {
  const own = curveOf(known);
  const topW = Math.max(...known.points.map(({ capW }) => capW));
  const curves = others.map((sweep) => ({ curve: curveOf(sweep), weight: 0 }));
  for (const one of curves) one.weight = likeness(own, one.curve);
  const choices = [...new Set([...caps.filter((capW) => capW <= topW), topW])]
    .toSorted((a, b) => b - a)
    .flatMap((capW): CapChoice[] => {
      const ratio = capW / topW;
      const i = own.at.findIndex((at) => Math.abs(at - ratio) < 1e-9);
      if (i >= 0)
        return [
          { capW, slowDownRatio: own.slowDown[i]!, energyRatio: own.energy[i]!, spreadRatio: 0, basis: "measured" },
        ];
      const like = curves.flatMap(({ curve, weight }): Weighted[] => {
        const slowDown = between(curve.at, curve.slowDown, ratio);
        const energy = between(curve.at, curve.energy, ratio);
        return slowDown === undefined || energy === undefined ? [] : [{ weight, slowDown, energy }];
      });
      const choice = estimated(capW, like);
      return choice === undefined ? [] : [choice];
    });
  const within = choices.filter(({ slowDownRatio }) => slowDownRatio <= longestRatio);
  const best = within.reduce((least, one) => (one.energyRatio < least.energyRatio ? one : least), choices[0]!);
  return { best, choices };
}

/** How well the advice does on sweeps that it has not seen. */
export interface CapTrial {
  readonly name: string;
  readonly chosenW: number;
  readonly bestW: number;
  /** Joules at the chosen cap over joules at the best one within the slow-down, minus 1; undefined where it is too slow: a failure. */
  readonly regretRatio: number | undefined;
  /** Saved against the highest cap: what was foretold, what came. */
  readonly foretoldRatio: number;
  readonly savedRatio: number;
  /** The slow-down that came is beyond what was allowed. */
  readonly isTooSlow: boolean;
}

/**
 * Leaves each sweep out in turn, with all of its group, and advises it from the others.
 * @param groupOf sweeps of one group are never advised from each other: the same network
 * @param probes caps, over the highest, that are measured of the one left out besides the highest itself
 */
export function leaveSweepsOut(
  sweeps: readonly CapSweep[],
  groupOf: (sweep: CapSweep) => string,
  probes: readonly number[],
  longestRatio = Number.POSITIVE_INFINITY,
): readonly CapTrial[] {
  return sweeps.map((sweep) => {
    const topW = Math.max(...sweep.points.map(({ capW }) => capW));
    const caps = sweep.points.map(({ capW }) => capW);
    const isKnown = ({ capW }: CapPoint) =>
      capW === topW || probes.some((probe) => Math.abs(probe - capW / topW) < 1e-9);
    const others = sweeps.filter((other) => groupOf(other) !== groupOf(sweep));
    const limits = { caps, longestRatio };
    const { best: chosen } = adviseCap({ ...sweep, points: sweep.points.filter(isKnown) }, others, limits);
    const truth = adviseCap(sweep, [], { longestRatio });
    const came = truth.choices.find(({ capW }) => capW === chosen.capW)!;
    const isTooSlow = came.slowDownRatio > longestRatio;
    return {
      name: sweep.name,
      chosenW: chosen.capW,
      bestW: truth.best.capW,
      regretRatio: isTooSlow ? undefined : came.energyRatio / truth.best.energyRatio - 1,
      foretoldRatio: 1 - chosen.energyRatio,
      savedRatio: 1 - came.energyRatio,
      isTooSlow,
    };
  });
}
