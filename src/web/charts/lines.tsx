// Curves of a LinesChart (report/document.ts) at any width, with a cross-hair that names what every curve says there.

import { extent, shown, tick } from "../../report/charts/frame.ts";
import { colored, SERIES_COLORS } from "../../report/charts/palette.ts";
import type { LinesChart, TableSection } from "../../report/document.ts";
import { quantityCell, textCell } from "../../report/show.ts";
import { Axes, Legend, leftOf, MARGIN, placeLegend, withoutUnit } from "./axes.tsx";
import { type DrawingArea, Figure, type FigureProps } from "./figure.tsx";
import { linearScale, logScale, type Scale } from "./scale.ts";

/** A line across the chart at one x, with a word beside it. */
export interface Rule {
  readonly x: number;
  readonly label: string;
}

/** A band between two curves over x, in the colour of a series. */
export interface Band {
  readonly series: number;
  readonly points: readonly (readonly [x: number, low: number, high: number])[];
}

export interface LinesProps extends Pick<FigureProps, "level" | "before"> {
  readonly chart: LinesChart;
  readonly name: string;
  readonly rules?: readonly Rule[];
  readonly bands?: readonly Band[];
  /** Dashes of each series, as SVG has them; "" is solid. Default: all solid. */
  readonly dashes?: readonly string[];
  readonly height?: number;
}

/** A point that is not is a hole in its curve. */
const isFinitePoint = ([x, y]: readonly [number, number]): boolean => Number.isFinite(x) && Number.isFinite(y);

export function linesTable(chart: LinesChart): TableSection {
  return {
    kind: "table",
    columns: [
      { title: "series" },
      { title: withoutUnit(chart.x, chart.xUnit) },
      { title: withoutUnit(chart.y, chart.yUnit) },
    ],
    rows: chart.series.flatMap(({ name, points }) =>
      points
        .filter(isFinitePoint)
        .map(([x, y]) => [textCell(name), quantityCell(x, chart.xUnit ?? ""), quantityCell(y, chart.yUnit ?? "")]),
    ),
  };
}

export function Lines({ chart, name, level, before, ...drawing }: LinesProps) {
  return (
    <Figure
      title={chart.title}
      note={chart.note}
      name={name}
      table={() => linesTable(chart)}
      {...(level && { level })}
      before={before}
    >
      {(area) => <LinesPlot chart={chart} area={area} {...drawing} />}
    </Figure>
  );
}

type PlotProps = Omit<LinesProps, "name"> & { readonly area: DrawingArea };
type Point = readonly [number, number];

function scaleOf(values: readonly number[], isLog: boolean, range: readonly [number, number], ticks: number): Scale {
  if (isLog) return logScale(values, range, ticks + 2);
  const [low, high] = values.length === 0 ? [0, 1] : extent(values);
  return linearScale([Math.min(0, low), high === 0 ? 1 : high], range, ticks);
}

export function LinesPlot({ chart, area, rules = [], bands = [], dashes = [], height = 300 }: PlotProps) {
  const { width, titleId, show } = area;
  const [xUnit, yUnit] = [chart.xUnit ?? "", chart.yUnit ?? ""];
  const drawable = (point: Point) =>
    isFinitePoint(point) && (!chart.logX || point[0] > 0) && (!chart.logY || point[1] > 0);
  const series = chart.series.map((one) => ({ ...one, points: one.points.filter(drawable) }));
  const colors = colored(series.map((one) => one.name));
  const colorOf = (label: string) => SERIES_COLORS[colors.domain.indexOf(colors.of(label))] ?? "currentColor";
  const xs = series.flatMap(({ points }) => points.map(([x]) => x));
  const ys = [
    ...series.flatMap(({ points }) => points.map(([, y]) => y)),
    ...bands.flatMap(({ points }) => points.flatMap(([, low, high]) => [low, high])),
  ].filter((y) => !chart.logY || y > 0);
  const legend = placeLegend(colors.domain, width);
  const top = MARGIN.top + 18 + legend.height;
  const left = leftOf(width);
  const x = scaleOf(xs, chart.logX ?? false, [left, width - MARGIN.right], width < 480 ? 4 : 6);
  const y = scaleOf(ys, chart.logY ?? false, [top + height - MARGIN.bottom, top], 5);
  const bottom = top + height - MARGIN.bottom;

  const sorted = [...new Set(xs)].sort((a, b) => a - b);
  const point = (at: number) => {
    const value = sorted[at]!;
    const lines = series.flatMap((one) => {
      const i = nearestIndex(one.points, value);
      if (i < 0 || one.points[i]![0] !== value) return [];
      const label = one.labels?.[i];
      const named = label === undefined || label === "" ? one.name : `${one.name}, ${label}`;
      return [`${named}: ${shown(one.points[i]![1], yUnit)}`];
    });
    show({ x: x.at(value), y: top, lines: [`${chart.x.replace(/ \(.*\)$/u, "")} ${tick(value, xUnit)}`, ...lines] });
    return value;
  };
  const toNearest = (element: SVGElement, clientX: number) => {
    const pixel = clientX - element.getBoundingClientRect().left;
    const i = nearestNumber(sorted, x.invert(pixel));
    if (i >= 0) moveTo(element, i);
  };
  const moveTo = (element: SVGElement, i: number) => {
    element.dataset.at = String(i);
    const line = element.querySelector<SVGLineElement>("[data-screen-only]")!;
    const at = String(x.at(point(i)));
    for (const end of ["x1", "x2"]) line.setAttribute(end, at);
    line.style.visibility = "visible";
  };
  const hide = (element: SVGElement) => {
    element.querySelector<SVGLineElement>("[data-screen-only]")!.style.visibility = "hidden";
    show(undefined);
  };
  return (
    <svg
      width={width}
      height={top + height}
      role="img"
      aria-labelledby={titleId}
      aria-describedby={undefined}
      tabindex={0}
      onPointerMove={(event) => toNearest(event.currentTarget, event.clientX)}
      onPointerLeave={(event) => hide(event.currentTarget)}
      onBlur={(event) => hide(event.currentTarget)}
      onKeyDown={(event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (step === undefined || sorted.length === 0) return;
        event.preventDefault();
        const at = Number(event.currentTarget.dataset.at ?? (step > 0 ? -1 : sorted.length)) + step;
        moveTo(event.currentTarget, Math.min(sorted.length - 1, Math.max(0, at)));
      }}
    >
      <Legend legend={legend} colorOf={colorOf} />
      <Axes chart={chart} width={width} top={top} bottom={bottom} left={left} x={x} y={y} />
      {bands.map(({ series: of, points }) => (
        <path
          key={of}
          d={`${pathOf(points.map(([at, , high]) => [x.at(at), y.at(high)]))}L${points
            .toReversed()
            .map(([at, low]) => `${x.at(at).toFixed(1)},${y.at(low).toFixed(1)}`)
            .join("L")}Z`}
          fill={colorOf(series[of]!.name)}
          fill-opacity={0.18}
        />
      ))}
      {placeRules(rules, x, width).map(({ label, pixel, isBefore, isNamed }) => (
        <g key={`${pixel} ${label}`}>
          <line class="rule" x1={pixel} x2={pixel} y1={top} y2={bottom} />
          {isNamed && (
            <text class="tick" x={pixel + (isBefore ? -6 : 6)} y={top + 12} text-anchor={isBefore ? "end" : "start"}>
              {label}
            </text>
          )}
        </g>
      ))}
      {(chart.mark === "points" ? [] : chart.series).map((one, i) => (
        <path
          key={one.name}
          d={piecesOf(one.points, drawable)
            .map((piece) => pathOf(piece.map(([a, b]) => [x.at(a), y.at(b)])))
            .join("")}
          stroke-dasharray={dashes[i] || undefined}
          fill="none"
          stroke={colorOf(one.name)}
          stroke-width={2}
        />
      ))}
      {(chart.mark === "dots" || chart.mark === "points" ? series : []).map((one) =>
        one.points.map(([a, b], i) => <circle key={i} cx={x.at(a)} cy={y.at(b)} r={3} fill={colorOf(one.name)} />),
      )}
      <line class="hair" data-screen-only="" y1={top} y2={bottom} style={{ visibility: "hidden" }} />
    </svg>
  );
}

/** Width of a character beside a rule, px. */
const CHARACTER = 7;

/** One name stands on the side that has more room; of many, those that find none left out. */
function placeRules(rules: readonly Rule[], x: Scale, width: number) {
  let freeFrom = Number.NEGATIVE_INFINITY;
  return rules.map(({ x: value, label }) => {
    const pixel = x.at(value);
    const isBefore = rules.length === 1 && pixel > width / 2;
    const end = pixel + 6 + label.length * CHARACTER;
    const isNamed = rules.length === 1 || (pixel >= freeFrom && end <= width);
    if (isNamed) freeFrom = end;
    return { label, pixel, isBefore, isNamed };
  });
}

/** A curve between its holes. */
function piecesOf(points: readonly Point[], isDrawable: (point: Point) => boolean): readonly (readonly Point[])[] {
  const pieces: Point[][] = [[]];
  for (const point of points) {
    if (isDrawable(point)) pieces.at(-1)!.push(point);
    else if (pieces.at(-1)!.length > 0) pieces.push([]);
  }
  return pieces;
}

const pathOf = (points: readonly Point[]): string =>
  points.map(([a, b], i) => `${i === 0 ? "M" : "L"}${a.toFixed(1)},${b.toFixed(1)}`).join("");

const nearestIndex = (points: readonly Point[], value: number): number =>
  nearestNumber(
    points.map(([x]) => x),
    value,
  );

/** Index of the number that lies nearest; the numbers rise. −1 when there is none. */
function nearestNumber(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  const before = sorted[low - 1];
  return before !== undefined && value - before < sorted[low]! - value ? low - 1 : Math.min(low, sorted.length - 1);
}
