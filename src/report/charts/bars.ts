// Horizontal bars: one per layer, its number at the end of it, coloured by group.
import * as Plot from "@observablehq/plot";
import type { BarsChart } from "../document.ts";
import { harmless } from "../width.ts";
import { CHART_WIDTH, labelMargin, legendHeight, type Sketch, STYLE, shortLabels, shown, tick } from "./frame.ts";
import { colored, SERIES_COLORS } from "./palette.ts";

const BAR = 19;
const AXIS = 40;
/** Room for the number after the longest bar, px. */
const NUMBER = 64;

export function sketchBars(chart: BarsChart): Sketch {
  const labels = shortLabels(
    chart.bars.map((bar) => bar.label),
    34,
  );
  const groups = colored(chart.bars.map((bar) => harmless(bar.group ?? "")));
  const data = chart.bars.map((bar, index) => ({
    index,
    value: bar.value,
    group: groups.of(harmless(bar.group ?? "")),
    shown: shown(bar.value, chart.unit),
    title: `${harmless(bar.label)}${bar.group === undefined ? "" : ` (${harmless(bar.group)})`}: ${shown(bar.value, chart.unit)}`,
  }));
  const names = groups.domain.length > 1 ? groups.domain : [];
  const top = legendHeight(names);
  return {
    legend: names,
    options: {
      width: CHART_WIDTH,
      height: top + AXIS + Math.max(1, data.length) * BAR,
      marginTop: top,
      marginBottom: AXIS,
      marginLeft: labelMargin(labels),
      marginRight: NUMBER,
      style: STYLE,
      x: {
        label: chart.axis,
        labelArrow: "none",
        labelAnchor: "center",
        grid: true,
        ticks: 5,
        tickFormat: (v: number) => tick(v, chart.unit),
      },
      y: {
        domain: data.map((d) => d.index),
        label: null,
        tickSize: 0,
        tickFormat: (i: number) => labels[i] ?? "",
        padding: 0.22,
      },
      color: { domain: [...groups.domain], range: [...SERIES_COLORS] },
      marks: [
        Plot.barX(data, { x: "value", y: "index", fill: "group", title: "title", rx: 1 }),
        Plot.text(data, { x: "value", y: "index", text: "shown", textAnchor: "start", dx: 5, fill: "currentColor" }),
        Plot.ruleX([0], { stroke: "currentColor" }),
      ],
    },
  };
}
