// The drawings of an estimate: devices × metrics with ranges, joules per layer, cumulative share, and energy per inference
// with training shared out.

import type { EnergyEstimate } from "../estimate/metric.ts";
import { formatCount } from "../units/format.ts";
import type { WorkReport } from "../work/work.ts";
import type { BarsChart, ChartSection, LinesChart, RangesChart } from "./document.ts";
import { leadEstimate, rankedCosts } from "./ranking.ts";

/** An estimate with its joules per inference, J. */
export type ChartedEstimate = EnergyEstimate & {
  readonly perInferenceJ: number;
  readonly perInferenceLowJ: number;
  readonly perInferenceHighJ: number;
};

/** Layers with a bar of their own; the rest is one bar. */
const MOST_BARS = 48;
/** Decades on either side of the break-even that the training curve shows, and points per decade. */
const TRAINING_CURVE = { decades: 3, points: 8 };

const section = (chart: ChartSection["chart"]): ChartSection => ({ kind: "chart", chart });

function deviceRanges(estimates: readonly ChartedEstimate[], each: string): RangesChart {
  return {
    kind: "ranges",
    title: `Energy per ${each} by device and metric`,
    note: "Dots are the estimates, lines their range from low to high. Metrics that disagree are a reason to measure.",
    axis: `energy per ${each} (J)`,
    unit: "J",
    rows: estimates.map((row) => ({
      label: row.device,
      series: row.metric,
      value: row.perInferenceJ,
      low: row.perInferenceLowJ,
      high: row.perInferenceHighJ,
    })),
  };
}

function layerBars(work: WorkReport, lead: EnergyEstimate): BarsChart {
  const ranked = rankedCosts(work, lead).layers;
  const shown = new Set(ranked.slice(0, MOST_BARS).map(({ name }) => name));
  const rest = ranked.slice(MOST_BARS);
  const ops = new Map(work.layers.map((layer) => [layer.name, layer.op]));
  const bars = lead.layers
    .filter(({ name }) => shown.has(name))
    .map(({ name, energyJ }) => ({ label: name, value: energyJ, group: ops.get(name) ?? "unknown" }));
  const restJ = rest.reduce((sum, { energyJ }) => sum + energyJ, 0);
  const restBar = { label: `${formatCount(rest.length)} other layers`, value: restJ, group: "other" };
  return {
    kind: "bars",
    title: "Energy of each layer",
    note: `By ${lead.metric} on ${lead.device}, from input to output${rest.length > 0 ? `; the ${MOST_BARS} that cost most, the others as one bar` : ""}.`,
    axis: "energy (J)",
    unit: "J",
    bars: rest.length > 0 ? [...bars, restBar] : bars,
  };
}

type Series = LinesChart["series"][number];

/** Curves that coincide become one with all their names: metrics in proportion to FLOPs rank layers alike. */
function merged(series: readonly Series[]): Series[] {
  const kept = new Map<string, Series>();
  for (const one of series) {
    const shape = one.points.map(([x, y]) => `${x} ${y.toFixed(6)}`).join();
    const same = kept.get(shape);
    kept.set(shape, same === undefined ? one : { ...same, name: `${same.name}, ${one.name}` });
  }
  return [...kept.values()];
}

function cumulativeCurve(
  work: WorkReport,
  estimates: readonly EnergyEstimate[],
  device: string,
): ChartSection["chart"] {
  return {
    kind: "lines",
    title: "Cumulative share of energy",
    note: `Layers on ${device}, those that cost most first: the steeper a curve, the fewer layers matter.`,
    x: "layers",
    y: "cumulative share of energy",
    yUnit: "ratio",
    series: merged(
      estimates
        .filter((row) => row.device === device && row.energyJ > 0)
        .map((row) => {
          const costs = rankedCosts(work, row).layers;
          return {
            name: row.metric,
            points: [[0, 0] as const, ...costs.map((cost, i) => [i + 1, cost.cumulative] as const)],
            labels: ["", ...costs.map(({ name }) => name)],
          };
        }),
    ),
  };
}

function trainingCurve(estimates: readonly ChartedEstimate[], trainingJ: number): ChartSection["chart"] {
  const devices = [...new Set(estimates.map((row) => row.device))];
  const leads = devices.flatMap((device) => leadEstimate(estimates.filter((row) => row.device === device)) ?? []);
  const usable = leads.filter((row) => row.perInferenceJ > 0);
  const exponents = usable.map((row) => Math.log10(trainingJ / row.perInferenceJ));
  const first = Math.floor(Math.min(...exponents)) - TRAINING_CURVE.decades;
  const last = Math.ceil(Math.max(...exponents)) + TRAINING_CURVE.decades;
  const count = (last - first) * TRAINING_CURVE.points;
  const inferences = Array.from({ length: count + 1 }, (_, i) => 10 ** (first + i / TRAINING_CURVE.points));
  return {
    kind: "lines",
    title: "Energy per inference, training included",
    note: "Training is shared out over the inferences; the curve bends where inference has cost as much as training (break-even).",
    x: "inferences",
    y: "energy per inference (J)",
    yUnit: "J",
    logX: true,
    logY: true,
    series: usable.map((row) => ({
      name: `${row.device} (${row.metric})`,
      points: inferences.filter((n) => n >= 1).map((n) => [n, trainingJ / n + row.perInferenceJ] as const),
    })),
  };
}

/** Charts by the place in the report where they belong. Empty lists where there is nothing to draw. */
export function estimateCharts(
  work: WorkReport,
  estimates: readonly ChartedEstimate[],
  trainingJ: number | undefined,
): { devices: ChartSection[]; layers: ChartSection[]; training: ChartSection[] } {
  const lead = leadEstimate(estimates);
  if (lead === undefined || !(lead.energyJ > 0)) return { devices: [], layers: [], training: [] };
  const each = work.phase === "training" ? "sample" : "inference";
  return {
    devices: [section(deviceRanges(estimates, each))],
    layers: [section(layerBars(work, lead)), section(cumulativeCurve(work, estimates, lead.device))],
    training: trainingJ !== undefined && trainingJ > 0 ? [section(trainingCurve(estimates, trainingJ))] : [],
  };
}
