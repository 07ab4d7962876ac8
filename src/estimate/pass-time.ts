// How long a pass takes: per layer the slower of arithmetic and memory traffic [Williams2009], or a measured time shared out.
// A bound, not a prediction: no launch costs, no cache reuse between layers, no overlap between layers.
import type { Hardware } from "../hardware/hardware.ts";
import { exact, larger, over, type Range, rangeOf, scaled, times, total } from "../units/range.ts";
import type { LayerWork, WorkReport } from "../work/work.ts";
import { operationUnit, planArithmetic } from "./arithmetic.ts";
import { formatRange, missing } from "./assemble.ts";
import type { EstimateOptions, MissingEstimate } from "./metric.ts";

export interface LayerTime {
  readonly name: string;
  /** Time of the layer, s. */
  readonly durationS: Range;
  /** Part of it in which arithmetic or memory runs at its peak, s; the rest is stalls. */
  readonly busyS: Range;
  /** What binds the layer. */
  readonly bound: "compute" | "memory";
}

export interface PassTime {
  readonly layers: readonly LayerTime[];
  readonly durationS: Range;
  /** The time was measured: it holds layers that could not be counted too. */
  readonly measured: boolean;
  readonly assumptions: readonly string[];
}

/** What is missing for a time, by field. */
export interface NoTime {
  readonly needs: readonly string[];
}

export const hasTime = (time: PassTime | NoTime): time is PassTime => "layers" in time;

/** Each layer takes max(FLOPs / (peak × utilisation), bytes / bandwidth). */
export function rooflineTime(work: WorkReport, hardware: Hardware, options: EstimateOptions): PassTime | NoTime {
  const plan = planArithmetic(work, hardware, hardware.peakFlopsPerS, (rate) => rate.value);
  if (plan === undefined || hardware.memoryBytesPerS === undefined)
    return {
      needs: [
        ...(plan === undefined ? ["peakFlopsPerS"] : []),
        ...(hardware.memoryBytesPerS === undefined ? ["memoryBytesPerS"] : []),
      ],
    };
  const bandwidth = rangeOf(hardware.memoryBytesPerS);
  const utilisation = options.utilisationRatio ?? exact(1);
  const layers = work.layers.map((layer): LayerTime => {
    const peak = rangeOf(plan.of(layer));
    const arithmeticS = over(exact(layer.flops), times(peak, utilisation));
    const memoryS = over(exact(layer.readBytes + layer.writtenBytes), bandwidth);
    return {
      name: layer.name,
      durationS: larger(arithmeticS, memoryS),
      busyS: larger(over(exact(layer.flops), peak), memoryS),
      bound: arithmeticS.value >= memoryS.value ? "compute" : "memory",
    };
  });
  const byMemory = layers.filter((layer) => layer.bound === "memory").length;
  const rates = plan.used.map(([type, rate]) => `${formatRange(rangeOf(rate), `${operationUnit(type)}/s`)} in ${type}`);
  return {
    layers,
    durationS: total(layers.map((layer) => layer.durationS)),
    measured: false,
    assumptions: [
      `each layer takes the longer of arithmetic (${rates.join(", ") || "none"}, ${formatRange(utilisation, "")} of it reached) and memory (${formatRange(bandwidth, "B/s")})`,
      `${byMemory} of ${layers.length} layers wait for memory; every layer reads its inputs and weights and writes its outputs once`,
      ...plan.assumptions,
    ],
  };
}

/** Shares of a measured time: like the roofline if there is one, else like FLOPs, else equal. */
function shares(
  work: WorkReport,
  bound: PassTime | NoTime,
): { readonly ratios: readonly number[]; readonly by: string } {
  const candidates: readonly (readonly [string, readonly number[]])[] = [
    ["their roofline times", hasTime(bound) ? bound.layers.map((layer) => layer.durationS.value) : []],
    ["their FLOPs", work.layers.map((layer: LayerWork) => layer.flops)],
    ["equal parts", work.layers.map(() => 1)],
  ];
  for (const [by, weights] of candidates) {
    const sum = weights.reduce((a, b) => a + b, 0);
    if (sum > 0) return { ratios: weights.map((weight) => weight / sum), by };
  }
  return { ratios: [], by: "equal parts" };
}

/** The measured time of `options.durationS` shared among the layers, else the roofline's. */
export function passTime(work: WorkReport, hardware: Hardware, options: EstimateOptions): PassTime | NoTime {
  const bound = rooflineTime(work, hardware, options);
  const measured = options.durationS;
  if (measured === undefined) return bound;
  const { ratios, by } = shares(work, bound);
  const layers = work.layers.map((layer, i): LayerTime => {
    const durationS = scaled(measured, ratios[i]!);
    const known = hasTime(bound) ? bound.layers[i]!.bound : "compute";
    return { name: layer.name, durationS, busyS: durationS, bound: known };
  });
  return {
    layers,
    durationS: measured,
    measured: true,
    assumptions: [`the pass takes ${formatRange(measured, "s")}, as given, shared among layers like ${by}`],
  };
}

/** What the metrics that are power × time stand on: a time and TDP, W; or what the device lacks for them. */
export function timeAndPower(
  metric: string,
  hardware: Hardware,
  time: PassTime | NoTime,
): { readonly time: PassTime; readonly tdpW: Range } | MissingEstimate {
  if (hasTime(time) && hardware.tdpW !== undefined) return { time, tdpW: rangeOf(hardware.tdpW) };
  const needs = hasTime(time) ? [] : time.needs;
  return missing(metric, hardware, hardware.tdpW === undefined ? [...needs, "tdpW"] : needs);
}
