// Metric 1: dynamic power of switching cores times the cycles the work takes. Only the cores; no memory, no leakage.
import type { ArithmeticType, Hardware, Sourced } from "../hardware/hardware.ts";
import { formatCount } from "../units/format.ts";
import { exact, over, type Range, rangeOf, scaled, times } from "../units/range.ts";
import { type ArithmeticTable, operationUnit, planArithmetic } from "./arithmetic.ts";
import { assemble, formatRange, missing } from "./assemble.ts";
import type { EnergyMetric } from "./metric.ts";

const ID = "clock";

const DEPENDENT = "not independent of flops-per-watt";

/** FLOPs per clock and core by type: from the instruction set, else peak/(n·f), which is marked. */
function perClock(hardware: Hardware, cores: Range, clockHz: Range) {
  const sourced = Object.entries(hardware.flopsPerClockPerCore) as [ArithmeticType, Sourced][];
  if (sourced.length > 0) return { table: toTable(sourced, rangeOf), derived: false };
  const peaks = Object.entries(hardware.peakFlopsPerS) as [ArithmeticType, Sourced][];
  const perCycle = exact(cores.value * clockHz.value);
  return { table: toTable(peaks, (peak) => over(rangeOf(peak), perCycle)), derived: true };
}

function toTable(
  entries: readonly [ArithmeticType, Sourced][],
  convert: (number: Sourced) => Range,
): ArithmeticTable<Range> {
  return Object.fromEntries(entries.map(([type, number]) => [type, convert(number)]));
}

/** P = n·κ·f³, t = FLOPs / (n·f·FLOPs per clock), E = P·t [Benini2000], table I metric (1) of [DeepRxEnergy]. */
export const clock: EnergyMetric = {
  id: ID,
  name: "switched capacitance and clock",
  equation: "E = P·t, P = n·κ·f³, t = FLOPs / (n·f·FLOPs per clock)",
  source: "[Benini2000]",
  caution:
    "Counts the switching of busy cores only; with κ from TDP and FLOPs per clock from peak it is flops-per-watt again.",
  estimate(work, hardware, options) {
    const { cores, clockHz, tdpW, switchedCapacitance } = hardware;
    const needs = [
      ...(cores === undefined ? ["cores"] : []),
      ...(clockHz === undefined ? ["clockHz"] : []),
      ...(switchedCapacitance === undefined && tdpW === undefined ? ["switchedCapacitance"] : []),
    ];
    const rates = { ...hardware.flopsPerClockPerCore, ...hardware.peakFlopsPerS };
    if (Object.keys(rates).length === 0) needs.push("flopsPerClockPerCore");
    if (cores === undefined || clockHz === undefined || needs.length > 0) return missing(ID, hardware, needs);

    const n = rangeOf(cores);
    const f = rangeOf(clockHz);
    const { table, derived } = perClock(hardware, n, f);
    const plan = planArithmetic(work, hardware, table, (flops) => flops.value)!;
    // Power and the cycle it pays for move together: E = κ·f²·FLOPs/φ, and with κ = TDP/(n·f³) that is TDP·FLOPs/(n·f·φ).
    const energyPerCycleJ =
      switchedCapacitance === undefined
        ? over(rangeOf(tdpW!), times(n, f))
        : times(rangeOf(switchedCapacitance), times(f, f));
    const utilisation = options.utilisationRatio ?? exact(1);
    let durationS = 0;
    const layers = work.layers.map((layer) => {
      const cycles = scaled(over(exact(1), times(plan.of(layer), utilisation)), layer.flops);
      durationS += cycles.value / (n.value * f.value);
      const energy = times(energyPerCycleJ, cycles);
      return { name: layer.name, energy, parts: { compute: energy.value } };
    });

    const kappa =
      switchedCapacitance === undefined
        ? over(rangeOf(tdpW!), exact(n.value * f.value ** 3))
        : rangeOf(switchedCapacitance);
    const power = scaled(kappa, n.value * f.value ** 3);
    const kappaText = `κ = ${kappa.value.toPrecision(3)} W/Hz³`;
    const assumptions = [
      `P = n·κ·f³ = ${formatRange(power, "W")} with n = ${formatCount(n.value)} cores, f = ${formatRange(f, "Hz")}, ${kappaText}`,
      ...plan.used.map(
        ([type, flops]) => `${formatRange(flops, "")} ${operationUnit(type)}s per clock and core in ${type}`,
      ),
      `arithmetic reaches ${formatRange(utilisation, "")} of peak rate; memory and leakage are not counted`,
      ...plan.assumptions,
    ];
    if (switchedCapacitance === undefined)
      assumptions.push(`κ is taken from TDP/(n·f³), no source of its own: ${DEPENDENT}`);
    if (derived) assumptions.push(`FLOPs per clock are taken from peak/(n·f), no source of their own: ${DEPENDENT}`);
    return assemble(ID, work, hardware, { layers, durationS, assumptions });
  },
};
