// Time from the roofline, energy from two powers: idle power all the time, the rest of TDP while something runs at its peak.
import { plus, type Range, rangeOf, times } from "../units/range.ts";
import { assemble, formatRange, isMissing } from "./assemble.ts";
import type { EnergyMetric } from "./metric.ts";
import { type LayerTime, rooflineTime, timeAndPower } from "./pass-time.ts";

const ID = "roofline";

const minus = (a: Range, b: Range): Range => ({
  value: a.value - b.value,
  low: a.low - b.low,
  high: a.high - b.high,
});
const smaller = (a: Range, b: Range): Range => ({
  value: Math.min(a.value, b.value),
  low: Math.min(a.low, b.low),
  high: Math.min(a.high, b.high),
});

/** idle·t + (TDP − idle)·busy. It grows with each of its numbers, so low and high come from all lows and all highs. */
function layerAnswer(layer: LayerTime, tdpW: Range, idleW: Range | undefined) {
  if (idleW === undefined) {
    const energy = times(tdpW, layer.durationS);
    return { name: layer.name, energy, parts: { [layer.bound]: energy.value } };
  }
  const idle = times(idleW, layer.durationS);
  const dynamic = times(minus(tdpW, idleW), layer.busyS);
  return {
    name: layer.name,
    energy: plus(idle, dynamic),
    parts: { [layer.bound]: dynamic.value, idle: idle.value },
  };
}

/** E = idle power × time + (TDP − idle power) × busy time, time = max(FLOPs/peak, bytes/bandwidth) per layer [Williams2009]. */
export const roofline: EnergyMetric = {
  id: ID,
  name: "roofline",
  equation: "E = Σ idle·t + (TDP − idle)·busy, t = max(FLOPs/(peak·utilisation), bytes/bandwidth)",
  source: "[Williams2009]",
  caution: "Times are bounds, and TDP is charged whether arithmetic or memory is the one that works.",
  estimate(work, hardware, options) {
    const known = timeAndPower(ID, hardware, rooflineTime(work, hardware, options));
    if (isMissing(known)) return known;
    const { time, tdpW } = known;
    const idleW = hardware.idleW === undefined ? undefined : smaller(rangeOf(hardware.idleW), tdpW);
    return assemble(ID, work, hardware, {
      layers: time.layers.map((layer) => layerAnswer(layer, tdpW, idleW)),
      durationS: time.durationS.value,
      assumptions: [
        idleW === undefined
          ? `idle power not known: all of TDP, ${formatRange(tdpW, "W")}, while running`
          : `idle power ${formatRange(idleW, "W")} all the time, the rest of TDP, ${formatRange(tdpW, "W")}, while arithmetic or memory runs at its peak`,
        ...time.assumptions,
      ],
    });
  },
};
