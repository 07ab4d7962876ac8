// Points of a LinesChart (report/document.ts) that are no curve: named where there is room, the nearest one told under the pointer,
// arrow keys go from left to right. Some may be joined: a front.
import { extent, shown } from "../../report/charts/frame.ts";
import { colored, SERIES_COLORS } from "../../report/charts/palette.ts";
import type { LinesChart, TableSection } from "../../report/document.ts";
import { quantityCell, textCell } from "../../report/show.ts";
import { shorten } from "../../report/width.ts";
import { Axes, Legend, leftOf, MARGIN, placeLegend, withoutUnit } from "./axes.tsx";
import { type DrawingArea, Figure, type FigureProps } from "./figure.tsx";
import { closeLogScale, linearScale, type Scale } from "./scale.ts";

export interface ScatterProps extends Pick<FigureProps, "level" | "before"> {
  /** Logarithmic where `logX` or `logY` says so; else the scale begins near the least value, for points have no length. */
  readonly chart: LinesChart;
  readonly name: string;
  /** Points that a line goes through, from left to right. */
  readonly joined?: readonly (readonly (readonly [number, number])[])[];
  readonly height?: number;
}

const CHARACTER = 6.4;
const LABEL_HEIGHT = 14;
const LONGEST_LABEL = 22;
const RADIUS = 4.5;

interface Spot {
  readonly series: string;
  readonly label: string;
  readonly value: readonly [number, number];
  readonly x: number;
  readonly y: number;
}

function table(chart: LinesChart): TableSection {
  return {
    kind: "table",
    columns: ["point", "series", withoutUnit(chart.x, chart.xUnit), withoutUnit(chart.y, chart.yUnit)].map((title) => ({
      title,
    })),
    rows: chart.series.flatMap(({ name, points, labels }) =>
      points.map(([x, y], i) => [
        textCell(labels?.[i]),
        textCell(name),
        quantityCell(x, chart.xUnit ?? ""),
        quantityCell(y, chart.yUnit ?? ""),
      ]),
    ),
  };
}

export function Scatter({ chart, name, level, before, ...drawing }: ScatterProps) {
  return (
    <Figure
      title={chart.title}
      note={chart.note}
      name={name}
      table={() => table(chart)}
      {...(level && { level })}
      before={before}
    >
      {(area) => <Plot chart={chart} area={area} {...drawing} />}
    </Figure>
  );
}

/** A twelfth of the span stays free on both sides. */
function scaleOf(values: readonly number[], isLog: boolean, range: readonly [number, number], ticks: number): Scale {
  if (isLog && values.length > 0) return closeLogScale(values, range, ticks + 2);
  const [low, high] = values.length === 0 ? [0, 1] : extent(values);
  const room = (high - low || Math.abs(high) || 1) / 12;
  return linearScale([low >= 0 ? Math.max(0, low - room) : low - room, high + room], range, ticks);
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** Names right or left of their points, those that find no free place left out: the pointer tells them. */
function placeLabels(spots: readonly Spot[], width: number) {
  const taken: Box[] = spots.map(({ x, y }) => ({ left: x - 5, right: x + 5, top: y - 5, bottom: y + 5 }));
  return spots.flatMap((spot) => {
    const text = shorten(spot.label, LONGEST_LABEL);
    const wide = text.length * CHARACTER;
    const places = [spot.x + 8, spot.x - 8 - wide].map((left, i) => ({
      isBefore: i === 1,
      left,
      right: left + wide,
      top: spot.y - LABEL_HEIGHT / 2,
      bottom: spot.y + LABEL_HEIGHT / 2,
    }));
    const free = places.find(
      (place) => place.left >= 0 && place.right <= width && !taken.some((box) => overlap(place, box)),
    );
    if (text === "" || free === undefined) return [];
    taken.push(free);
    // Its width is a guess: at the point it stands right either way.
    return [{ text, isBefore: free.isBefore, x: free.isBefore ? free.right : free.left, y: spot.y + 4 }];
  });
}

type PlotProps = Omit<ScatterProps, "name"> & { readonly area: DrawingArea };

function Plot({ chart, area, joined = [], height = 340 }: PlotProps) {
  const { width, titleId, show } = area;
  const isDrawable = ([x, y]: readonly [number, number]) =>
    Number.isFinite(x) && Number.isFinite(y) && (!chart.logX || x > 0) && (!chart.logY || y > 0);
  const names = chart.series.map((one) => one.name);
  const colors = colored(names);
  const colorOf = (name: string) => SERIES_COLORS[colors.domain.indexOf(colors.of(name))] ?? "currentColor";
  const points = chart.series.flatMap(({ name, points: own, labels }) =>
    own.map((value, i) => ({ series: name, label: labels?.[i] ?? "", value })),
  );
  const drawn = points.filter(({ value }) => isDrawable(value));
  const legend = placeLegend(colors.domain, width);
  const top = MARGIN.top + 18 + legend.height;
  const left = leftOf(width);
  const bottom = top + height - MARGIN.bottom;
  const of = (axis: 0 | 1) => drawn.map(({ value }) => value[axis]);
  const x = scaleOf(of(0), chart.logX ?? false, [left, width - MARGIN.right], width < 480 ? 3 : 6);
  const y = scaleOf(of(1), chart.logY ?? false, [bottom, top], 5);
  const spots: readonly Spot[] = drawn
    .map((point) => ({ ...point, x: x.at(point.value[0]), y: y.at(point.value[1]) }))
    .sort((a, b) => a.x - b.x || a.y - b.y);
  const tell = (svg: SVGElement, i: number) => {
    const spot = spots[i];
    const ring = svg.querySelector<SVGCircleElement>("[data-screen-only]")!;
    ring.style.visibility = spot === undefined ? "hidden" : "visible";
    svg.dataset.at = String(i);
    if (spot === undefined) return show(undefined);
    for (const [name, value] of Object.entries({ cx: spot.x, cy: spot.y })) ring.setAttribute(name, String(value));
    const [a, b] = [shown(spot.value[0], chart.xUnit ?? ""), shown(spot.value[1], chart.yUnit ?? "")];
    const plain = (title: string) => title.replace(/ \(.*\)$/u, "");
    const lines = [spot.label, `${plain(chart.x)} ${a}`, `${plain(chart.y)} ${b}`, names.length > 1 ? spot.series : ""];
    show({ x: spot.x, y: spot.y + 10, lines: lines.filter((line) => line !== "") });
  };
  const nearest = ({
    currentTarget,
    clientX,
    clientY,
  }: {
    currentTarget: SVGElement;
    clientX: number;
    clientY: number;
  }) => {
    const box = currentTarget.getBoundingClientRect();
    const distances = spots.map((spot) => Math.hypot(spot.x - clientX + box.left, spot.y - clientY + box.top));
    tell(currentTarget, distances.indexOf(Math.min(...distances)));
  };
  return (
    <svg
      width={width}
      height={top + height}
      role="img"
      aria-labelledby={titleId}
      tabindex={0}
      onPointerMove={nearest}
      onPointerLeave={(event) => tell(event.currentTarget, -1)}
      onBlur={(event) => tell(event.currentTarget, -1)}
      onKeyDown={(event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (step === undefined || spots.length === 0) return;
        event.preventDefault();
        const at = Number(event.currentTarget.dataset.at ?? -1) + step;
        tell(event.currentTarget, Math.min(spots.length - 1, Math.max(0, at)));
      }}
    >
      <Legend legend={legend} colorOf={colorOf} />
      <Axes chart={chart} width={width} top={top} bottom={bottom} left={left} x={x} y={y} />
      {joined.map((line) => {
        const path = line.filter(isDrawable).toSorted((a, b) => a[0] - b[0]);
        const d = path.map(([a, b], i) => `${i === 0 ? "M" : "L"}${x.at(a).toFixed(1)},${y.at(b).toFixed(1)}`).join("");
        return <path key={d} d={d} class="joined" />;
      })}
      {spots.map(({ series, label, x: cx, y: cy }, i) => (
        <circle key={`${i} ${label}`} cx={cx} cy={cy} r={RADIUS} fill={colorOf(series)} />
      ))}
      {placeLabels(spots, width - MARGIN.right).map((label) => (
        <text
          key={`${label.text} ${label.y}`}
          class="tick named"
          x={label.x}
          y={label.y}
          text-anchor={label.isBefore ? "end" : "start"}
        >
          {label.text}
        </text>
      ))}
      <circle class="ring" data-screen-only="" r={RADIUS + 4} style={{ visibility: "hidden" }} />
    </svg>
  );
}
