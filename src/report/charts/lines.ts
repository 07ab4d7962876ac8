// Curves, or dots alone: one colour per series, optional logarithmic axes (points that a logarithm cannot show are left out).
import * as Plot from "@observablehq/plot";
import type { LinesChart } from "../document.ts";
import { harmless } from "../width.ts";
import { CHART_WIDTH, decades, extent, legendHeight, type Sketch, STYLE, shown, textWidth, tick } from "./frame.ts";
import { colored, SERIES_COLORS } from "./palette.ts";

const HEIGHT = 320;

function axis(label: string, unit: string, isLog: boolean, values: readonly number[]) {
  const [low, high] = extent(values);
  const powers = isLog && values.length > 0 ? decades(low, high) : [];
  return {
    type: isLog ? ("log" as const) : ("linear" as const),
    ...(isLog || values.length === 0 ? {} : { domain: [Math.min(0, low), high === 0 ? 1 : high] }),
    label,
    labelArrow: "none" as const,
    grid: true,
    ticks: powers.length >= 3 ? powers : 5,
    tickFormat: (value: number) => tick(value, unit),
  };
}

export function sketchLines(chart: LinesChart): Sketch {
  const series = colored(chart.series.map((one) => harmless(one.name)));
  const [xUnit, yUnit] = [chart.xUnit ?? "", chart.yUnit ?? ""];
  const drawable = (value: number, isLog: boolean) => Number.isFinite(value) && (!isLog || value > 0);
  const data = chart.series.flatMap((one, line) =>
    one.points.flatMap(([x, y], i) => {
      if (!drawable(x, chart.logX ?? false) || !drawable(y, chart.logY ?? false)) return [];
      const name = [harmless(one.name), one.labels?.[i]].filter((part) => part !== undefined && part !== "").join(", ");
      return [
        {
          x,
          y,
          line,
          series: series.of(harmless(one.name)),
          title: `${name}: ${shown(y, yUnit)} at ${shown(x, xUnit)}`,
        },
      ];
    }),
  );
  const names = series.domain.length > 1 ? series.domain : [];
  const top = legendHeight(names) + 26;
  const marginLeft = Math.ceil(textWidth("1,000 mm")) + Math.min(40, yUnit.length * 6);
  const y = axis(
    chart.y,
    yUnit,
    chart.logY ?? false,
    data.map((d) => d.y),
  );
  return {
    legend: names,
    options: {
      width: CHART_WIDTH,
      height: HEIGHT + top,
      marginTop: top,
      marginBottom: 44,
      marginLeft,
      marginRight: 24,
      style: STYLE,
      x: {
        ...axis(
          chart.x,
          xUnit,
          chart.logX ?? false,
          data.map((d) => d.x),
        ),
        labelAnchor: "center",
      },
      y: { ...y, label: null },
      color: { domain: [...series.domain], range: [...SERIES_COLORS] },
      marks: [
        Plot.text([harmless(chart.y)], {
          text: (label: string) => label,
          frameAnchor: "top-left",
          textAnchor: "start",
          dx: 2 - marginLeft,
          dy: -18,
        }),
        ...(chart.mark === "points"
          ? []
          : [Plot.line(data, { x: "x", y: "y", z: "line", stroke: "series", strokeWidth: 2 })]),
        Plot.dot(data, {
          x: "x",
          y: "y",
          fill: "series",
          r: chart.mark === undefined || chart.mark === "line" ? 6 : chart.mark === "dots" ? 3 : 4,
          fillOpacity: chart.mark === undefined || chart.mark === "line" ? 0 : 1,
          title: "title",
        }),
      ],
    },
  };
}
