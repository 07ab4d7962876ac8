// Meters that look at a known power curve: counters that move in steps and wrap, gauges that average or look only a quarter of the
// time, reads that fail, late polls, clocks that jump. Pure: it makes traces; fake /sys trees are built on it elsewhere.
import type { Random } from "../../src/math/random.ts";
import type { SourceInfo } from "../../src/measure/power-source.ts";
import type { Trace } from "../../src/measure/trace.ts";
import type { PowerCurve } from "./power-curve.ts";

/** How a simulated meter is made and read. */
export interface MeterSettings {
  readonly info: SourceInfo;
  /** Real time between two updates, s; may differ from what info states. 0: always new. */
  readonly updatePeriodS: number;
  /** Relative scatter of update times. Default 0. */
  readonly updateJitterRatio?: number;
  /** Its number over the truth. Default 1. */
  readonly gain?: number;
  /** Where the counter stands at the start, J. Default 0. */
  readonly offsetJ?: number;
}

/** How the sampler reads. */
export interface PollSettings {
  readonly fromS: number;
  readonly toS: number;
  readonly periodS: number;
  /** Each poll is late by up to this share of the period. Default 0. */
  readonly jitterRatio?: number;
  /** Share of reads that fail. Default 0. */
  readonly failRatio?: number;
  /** Times in which every read fails. */
  readonly dropouts?: readonly { readonly fromS: number; readonly toS: number }[];
}

/** A meter that can be read at rising times: the same numbers that a fake /sys file would show. */
export interface SimulatedMeter {
  readonly info: SourceInfo;
  /** J of the counter or W, at a time. Times must not fall. */
  readAt(timeS: number): number;
}

/** Rounds down to a step, as counters of units do. */
const floorTo = (value: number, step: number | undefined): number => (step ? Math.floor(value / step) * step : value);

export function simulatedMeter(curve: PowerCurve, settings: MeterSettings, random: Random): SimulatedMeter {
  const { info, updatePeriodS, updateJitterRatio = 0, gain = 1, offsetJ = 0 } = settings;
  const phase = random.uniform() * updatePeriodS;
  const updateTime = new Map<number, number>();
  const timeOfUpdate = (i: number): number => {
    const known = updateTime.get(i);
    if (known !== undefined) return known;
    const time = phase + (i + (random.uniform() - 0.5) * updateJitterRatio) * updatePeriodS;
    updateTime.set(i, time);
    return time;
  };
  const lastUpdate = (time: number): number => {
    if (updatePeriodS === 0) return time;
    let i = Math.floor((time - phase) / updatePeriodS) + 1;
    while (timeOfUpdate(i) > time) i--;
    return timeOfUpdate(i);
  };
  const looksS = (info.dutyRatio ?? 0) * updatePeriodS;
  return {
    info,
    readAt: (time) => {
      const at = lastUpdate(time);
      if (info.reads === "energy") {
        const total = floorTo(offsetJ + gain * (curve.energyJ(at) - curve.energyJ(curve.fromS)), info.resolution);
        return info.wrapJ === undefined ? total : total % info.wrapJ;
      }
      const power = looksS > 0 ? (curve.energyJ(at) - curve.energyJ(at - looksS)) / looksS : curve.powerW(at);
      const step = info.resolution;
      return step ? Math.round((gain * power) / step) * step : gain * power;
    },
  };
}

/** Poll times with jitter; the same for all sources of a sampler. */
export function pollTimes({ fromS, toS, periodS, jitterRatio = 0 }: PollSettings, random: Random): Float64Array {
  const count = Math.floor((toS - fromS) / periodS + 1e-9) + 1;
  return Float64Array.from({ length: count }, (_, i) => fromS + (i + random.uniform() * jitterRatio) * periodS);
}

/** What a sampler records of a meter. */
export function record(meter: SimulatedMeter, timeS: Float64Array, poll: PollSettings, random: Random): Trace {
  const { failRatio = 0, dropouts = [] } = poll;
  const values = timeS.map((time) => {
    const value = meter.readAt(time);
    const fails = random.uniform() < failRatio || dropouts.some(({ fromS, toS }) => time >= fromS && time < toS);
    return fails ? Number.NaN : value;
  });
  return { info: meter.info, timeS, values };
}

/** A wall clock that was set while the machine ran: unix seconds for monotonic ones. Nothing that measures may depend on it. */
export function jumpingClock(
  startS: number,
  jumps: readonly { readonly atS: number; readonly byS: number }[],
): (timeS: number) => number {
  return (timeS) => startS + timeS + jumps.filter(({ atS }) => atS <= timeS).reduce((total, { byS }) => total + byS, 0);
}
