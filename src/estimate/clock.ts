// Metric 1: dynamic power of switching cores times the cycles the work takes. Only the cores; no memory, no leakage.
import type { ArithmeticType, Hardware, Sourced } from "../hardware/hardware.ts";
import { formatCount, formatQuantity } from "../units/format.ts";
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

interface Switching {
  /** Of one core in one cycle: P/(n·f) = κ·f², J. */
  readonly energyPerCycleJ: Range;
  /** Of all cores, W. */
  readonly powerW: Range;
  /** W/Hz³. */
  readonly kappa: Range;
  readonly assumptions: readonly string[];
}

/** κ from TDP/(n·f³): P is TDP whatever the clock, and a cycle costs TDP/(n·f). */
function switchingOfTdp(tdpW: Range, n: Range, f: Range): Switching {
  return {
    energyPerCycleJ: over(tdpW, times(n, f)),
    powerW: tdpW,
    kappa: over(tdpW, times(n, times(f, times(f, f)))),
    assumptions: [`κ is taken from TDP/(n·f³), no source of its own: ${DEPENDENT}`],
  };
}

/**
 * A sourced κ spans an order of magnitude and f goes up to the turbo of a single core: both highs at once, in all cores, would be
 * many times TDP, which no cooler carries away. So each pair (κ, f) is used as far as n·κ·f³ ≤ the high of TDP. The dearest cycle
 * κ·f² is then where the high κ reaches that power (a slower clock makes it cheaper, a faster one is out of reach), and at the
 * lowest clock with the κ that TDP allows when the high κ is too much even there.
 */
function switchingOfKappa(given: Range, n: Range, f: Range, tdpW: Range | undefined): Switching {
  const mostW = tdpW?.high ?? Number.POSITIVE_INFINITY;
  const perCoreW = mostW / n.value;
  const within = (kappa: number, clockHz: number) => Math.min(kappa, perCoreW / clockHz ** 3);
  const value = within(given.value, f.value);
  const kappa = { value, low: Math.min(value, within(given.low, f.low)), high: within(given.high, f.low) };
  const dearestHz = Math.min(f.high, Math.cbrt(perCoreW / kappa.high));
  const uncappedW = n.high * given.high * f.high ** 3;
  return {
    energyPerCycleJ: {
      low: kappa.low * f.low ** 2,
      value: kappa.value * f.value ** 2,
      high: Math.max(kappa.high * dearestHz ** 2, kappa.value * f.value ** 2),
    },
    powerW: {
      low: n.low * kappa.low * f.low ** 3,
      value: n.value * kappa.value * f.value ** 3,
      high: Math.min(uncappedW, mostW),
    },
    kappa,
    assumptions:
      uncappedW > mostW
        ? [
            `P goes up to the high of TDP only: ${formatQuantity(uncappedW, "W")}, with κ and f at their highs at once, is not sustained`,
          ]
        : [],
  };
}

const kappaText = ({ value, low, high }: Range): string =>
  low === high
    ? `κ = ${value.toPrecision(3)} W/Hz³`
    : `κ = ${value.toPrecision(3)} (${low.toPrecision(3)} – ${high.toPrecision(3)}) W/Hz³`;

/**
 * P = n·κ·f³, t = FLOPs / (n·f·FLOPs per clock), E = P·t [Benini2000], table I metric (1) of [DeepRxEnergy].
 * P and t depend on the same f, so E is κ·f² per cycle, never the high of P times the high of t. P is at most TDP.
 */
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
    const switching =
      switchedCapacitance === undefined
        ? switchingOfTdp(rangeOf(tdpW!), n, f)
        : switchingOfKappa(rangeOf(switchedCapacitance), n, f, tdpW && rangeOf(tdpW));
    const utilisation = options.utilisationRatio ?? exact(1);
    let durationS = 0;
    const layers = work.layers.map((layer) => {
      const cycles = scaled(over(exact(1), times(plan.of(layer), utilisation)), layer.flops);
      durationS += cycles.value / (n.value * f.value);
      const energy = times(switching.energyPerCycleJ, cycles);
      return { name: layer.name, energy, parts: { compute: energy.value } };
    });

    const assumptions = [
      `P = n·κ·f³ = ${formatRange(switching.powerW, "W")} with n = ${formatCount(n.value)} cores, f = ${formatRange(f, "Hz")}, ${kappaText(switching.kappa)}`,
      ...switching.assumptions,
      ...plan.used.map(
        ([type, flops]) => `${formatRange(flops, "")} ${operationUnit(type)}s per clock and core in ${type}`,
      ),
      `arithmetic reaches ${formatRange(utilisation, "")} of peak rate; memory and leakage are not counted`,
      ...plan.assumptions,
    ];
    if (derived) assumptions.push(`FLOPs per clock are taken from peak/(n·f), no source of their own: ${DEPENDENT}`);
    return assemble(ID, work, hardware, { layers, durationS, assumptions });
  },
};
