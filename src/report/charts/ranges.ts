// Dots with ranges: a heading per device, a row per metric, a line from low to high and a dot at the value. The axis is
// logarithmic when the numbers span more than a factor of twenty, as energies of different devices do.
import * as Plot from "@observablehq/plot";
import type { RangesChart } from "../document.ts";
import { harmless } from "../width.ts";
import {
  CHART_WIDTH,
  decadeDomain,
  decades,
  extent,
  labelMargin,
  type Sketch,
  STYLE,
  shortLabels,
  shown,
  tick,
} from "./frame.ts";
import { colored, SERIES_COLORS } from "./palette.ts";

const ROW = 21;
const AXIS = 44;

interface Row {
  readonly key: string;
  readonly text: string;
}

export function sketchRanges(chart: RangesChart): Sketch {
  const headings = [...new Set(chart.rows.map((row) => row.label))];
  const series = colored(chart.rows.map((row) => harmless(row.series)));
  const values = chart.rows.flatMap((row) => [row.value, row.low, row.high]).filter((value) => Number.isFinite(value));
  const positive = values.filter((value) => value > 0);
  const [least, most] = extent(positive);
  const isLog = chart.rows.every((row) => row.value > 0) && positive.length > 0 && most / least > 20;
  const domain: [number, number] = isLog ? decadeDomain(positive) : [0, Math.max(0, ...values)];
  const data = chart.rows.map((row, i) => ({
    key: `row ${i}`,
    heading: row.label,
    series: series.of(harmless(row.series)),
    value: row.value,
    low: Math.max(row.low, domain[0]),
    high: row.high,
    title: `${harmless(row.label)}, ${harmless(row.series)}: ${shown(row.value, chart.unit)} (${shown(row.low, chart.unit)} to ${shown(row.high, chart.unit)})`,
  }));
  const rowLabels = shortLabels(
    chart.rows.map((row) => row.series),
    30,
  );
  const rows: Row[] = headings.flatMap((heading, h) => [
    { key: `heading ${h}`, text: "" },
    ...data.flatMap((row, i) => (row.heading === heading ? [{ key: row.key, text: rowLabels[i]! }] : [])),
  ]);
  const text = new Map(rows.map((row) => [row.key, row.text]));
  const headingRows = shortLabels(headings, 60).map((name, h) => ({ key: `heading ${h}`, name }));
  const marginLeft = Math.max(labelMargin(rowLabels), 90);
  return {
    legend: [],
    options: {
      width: CHART_WIDTH,
      height: AXIS + rows.length * ROW + 4,
      marginTop: 4,
      marginBottom: AXIS,
      marginLeft,
      marginRight: 24,
      style: STYLE,
      x: {
        type: isLog ? "log" : "linear",
        domain,
        label: chart.axis,
        labelArrow: "none",
        labelAnchor: "center",
        grid: true,
        ticks: isLog ? decades(...domain) : 6,
        tickFormat: (value: number) => tick(value, chart.unit),
      },
      y: {
        type: "point",
        domain: rows.map((row) => row.key),
        label: null,
        tickSize: 0,
        padding: 0.5,
        tickFormat: (key: string) => text.get(key) ?? "",
      },
      color: { domain: [...series.domain], range: [...SERIES_COLORS] },
      marks: [
        Plot.text(headingRows, {
          y: "key",
          text: "name",
          frameAnchor: "left",
          textAnchor: "start",
          dx: -marginLeft + 2,
          fontWeight: "bold",
        }),
        Plot.ruleY(data, {
          x1: "low",
          x2: "high",
          y: "key",
          stroke: "series",
          strokeWidth: 5,
          strokeOpacity: 0.4,
          strokeLinecap: "round",
          title: "title",
        }),
        Plot.dot(data, { x: "value", y: "key", fill: "series", r: 4.5, title: "title" }),
      ],
    },
  };
}
