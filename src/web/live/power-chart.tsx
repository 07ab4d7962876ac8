// Power over time by source, drawn by uPlot while it comes. How a source came about shows in its line: solid measured, dashed
// integrated, dotted modelled; where nothing was read the line is broken and the ground is marked. Idle power is a band.
import { render } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { PowerCourse } from "../../measure/ledger.ts";
import type { Kind, SourceInfo } from "../../measure/power-source.ts";
import type { Mark } from "../../measure/trace.ts";
import { tick } from "../../report/charts/frame.ts";
import { SERIES_COLORS } from "../../report/charts/palette.ts";
import type { LinesChart } from "../../report/document.ts";
import { formatQuantity } from "../../units/format.ts";
import { type DrawingArea, Figure } from "../charts/figure.tsx";
import { type Band, LinesPlot, linesTable, type Rule } from "../charts/lines.tsx";
import { align, holesOf, withHoles } from "./growing.ts";

/** Dashes of a line by how its joules came about. */
const DASHES: Readonly<Record<Kind, number[]>> = { measured: [], integrated: [8, 4], modelled: [2, 4] };

export interface PowerChartProps {
  readonly title: string;
  readonly sources: readonly SourceInfo[];
  readonly power: readonly PowerCourse[];
  readonly idleW: ReadonlyMap<string, { readonly idleW: number; readonly sigmaW?: number }>;
  readonly marks: readonly Mark[];
  readonly name: string;
}

/** Marks that a person set; windows and plans are not drawn. */
const isDrawn = ({ name }: Mark): boolean => !/^(?:window-|planned-)/u.test(name);
const HEIGHT = 320;
const FONT = "12px system-ui, sans-serif";
/** Between two names of marks; those that find no room are lines only. */
const NAME_GAP_PX = 8;
/** Up to this span of time all ticks are seconds: "0.5 s" beside "1 s". */
const SECONDS_S = 120;

const colorOf = (i: number): string => SERIES_COLORS[i % SERIES_COLORS.length]!;

function asChart({ title, sources, power }: PowerChartProps): LinesChart {
  const names = new Map(sources.map(({ id, name, kind }) => [id, `${name} (${kind})`]));
  return {
    kind: "lines",
    title,
    x: "time (s)",
    y: "power (W)",
    xUnit: "s",
    yUnit: "W",
    series: power.map(({ id, points }) => ({ name: names.get(id) ?? id, points: withHoles(points) })),
  };
}

const wordsOf = ({ name, value }: Mark): string => (value === undefined ? name : `${name} ${value}`);

const rulesOf = (marks: readonly Mark[]): readonly Rule[] =>
  marks.filter(isDrawn).map((mark) => ({ x: mark.timeS, label: wordsOf(mark) }));

/** Where the spread of idle power is known. */
const idleBands = ({ power, idleW }: PowerChartProps): readonly Band[] =>
  power.flatMap(({ id, points }, series) => {
    const { idleW: middle = 0, sigmaW = 0 } = idleW.get(id) ?? {};
    const [first, last] = [points[0], points.at(-1)];
    if (sigmaW === 0 || first === undefined || last === undefined) return [];
    const [low, high] = [Math.max(0, middle - 2 * sigmaW), middle + 2 * sigmaW];
    return [{ series, points: [first, last].map(([timeS]) => [timeS, low, high] as const) }];
  });

export function PowerChart(props: PowerChartProps) {
  const chart = asChart(props);
  const kinds = new Map(props.sources.map(({ id, kind }) => [id, kind]));
  const dashes = props.power.map(({ id }) => DASHES[kinds.get(id) ?? "measured"].join(" "));
  const holder = useRef<HTMLDivElement>(null);
  /** For SVG and PNG: the same curves, drawn once as shapes. */
  const drawn = (area: DrawingArea): SVGSVGElement => {
    const place = holder.current!;
    const drawing = { rules: rulesOf(props.marks), bands: idleBands(props), dashes };
    render(<LinesPlot chart={chart} area={area} height={HEIGHT} {...drawing} />, place);
    // It is read at once, and gone before anyone meets it.
    setTimeout(() => render(null, place));
    return place.querySelector("svg")!;
  };
  return (
    <Figure
      title={props.title}
      name={props.name}
      table={() => linesTable(chart)}
      note="Solid: measured by counters. Dashed: integrated from power readings. Dotted: modelled, not measured. Striped ground: not read, missing. Bands: idle power with twice its standard deviation."
      drawn={drawn}
    >
      {(area) => (
        <>
          <Canvas {...props} area={area} />
          <div class="unseen" aria-hidden="true" ref={holder} />
        </>
      )}
    </Figure>
  );
}

function Canvas(props: PowerChartProps & { readonly area: DrawingArea }) {
  const { sources, power, area } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const latest = useRef(props);
  latest.current = props;
  const ids = power.map(({ id }) => id).join();
  const data = useMemo((): uPlot.AlignedData => {
    const { timeS, powerW } = align(power);
    return [[...timeS], ...powerW.map((column) => [...column])] as uPlot.AlignedData;
  }, [power]);
  useEffect(() => {
    const info = new Map(sources.map((source) => [source.id, source]));
    const style = () => getComputedStyle(place.current!);
    const axis = {
      stroke: () => style().getPropertyValue("--soft"),
      font: FONT,
      labelFont: FONT,
      grid: { stroke: () => style().getPropertyValue("--line"), width: 1 },
      ticks: { show: false },
    };
    const options: uPlot.Options = {
      width: area.width,
      height: HEIGHT,
      padding: [18, 12, 0, 0],
      cursor: { y: false },
      legend: { live: true },
      scales: { x: { time: false }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.08)] } },
      axes: [
        {
          ...axis,
          label: "time (s)",
          size: 30,
          labelSize: 20,
          values: (_, ticks) =>
            ticks.map((value) =>
              (ticks.at(-1) ?? 0) <= SECONDS_S ? `${Number(value.toFixed(3))} s` : tick(value, "s"),
            ),
        },
        {
          ...axis,
          label: "power (W)",
          size: 64,
          labelSize: 22,
          values: (_, ticks) => ticks.map((value) => tick(value, "W")),
        },
      ],
      series: [
        { label: "time", value: (_, value) => (value === null ? "" : formatQuantity(value, "s")) },
        ...latest.current.power.map(({ id }, i) => ({
          label: info.get(id)?.name ?? id,
          stroke: colorOf(i),
          width: 2,
          dash: DASHES[info.get(id)?.kind ?? "measured"],
          points: { show: false },
          value: (_: uPlot, value: number | null) => (value === null ? "–" : formatQuantity(value, "W")),
        })),
      ],
      hooks: { drawClear: [(u) => ground(u, latest.current)], draw: [(u) => names(u, latest.current.marks)] },
    };
    plot.current = new uPlot(options, latest.current.power.length > 0 ? data : [[]], place.current!);
    return () => plot.current?.destroy();
  }, [ids, area.width]);
  useEffect(() => {
    plot.current?.setData(data);
  }, [data]);
  // A canvas does not follow the colours of the page by itself.
  useEffect(() => {
    const redraw = () => plot.current?.redraw(false);
    const system = matchMedia("(prefers-color-scheme: dark)");
    const chosen = new MutationObserver(redraw);
    system.addEventListener("change", redraw);
    chosen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      system.removeEventListener("change", redraw);
      chosen.disconnect();
    };
  }, []);
  return <div ref={place} class="live-plot" role="img" aria-labelledby={area.titleId} />;
}

/** Idle bands, and the times in which a source was not read, below the curves. */
function ground(u: uPlot, { power, idleW }: PowerChartProps): void {
  const { ctx, bbox } = u;
  ctx.save();
  for (const [i, { id, points }] of power.entries()) {
    const idle = idleW.get(id);
    if (idle !== undefined) {
      const spreadW = 2 * (idle.sigmaW ?? 0);
      const top = u.valToPos(idle.idleW + spreadW, "y", true);
      const bottom = u.valToPos(Math.max(0, idle.idleW - spreadW), "y", true);
      ctx.globalAlpha = 0.16;
      ctx.fillStyle = colorOf(i);
      ctx.fillRect(bbox.left, top - 1, bbox.width, Math.max(3, bottom - top));
    }
    for (const [fromS, toS] of holesOf(points)) stripes(u, fromS, toS, colorOf(i));
  }
  ctx.restore();
}

const STRIPE_PX = 8;

function stripes(u: uPlot, fromS: number, toS: number, color: string): void {
  const { ctx, bbox } = u;
  const [left, right] = [u.valToPos(fromS, "x", true), u.valToPos(toS, "x", true)];
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, bbox.top, right - left, bbox.height);
  ctx.clip();
  ctx.globalAlpha = 0.35;
  ctx.strokeStyle = color;
  ctx.beginPath();
  for (let x = left - bbox.height; x < right; x += STRIPE_PX) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}

/** A line at each mark, with its name where there is room. */
function names(u: uPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = u;
  const style = getComputedStyle(u.root);
  const [least = 0, most = 0] = [u.scales.x?.min, u.scales.x?.max];
  const shown = marks.filter((mark) => isDrawn(mark) && mark.timeS >= least && mark.timeS <= most);
  ctx.save();
  ctx.strokeStyle = style.getPropertyValue("--soft");
  ctx.fillStyle = ctx.strokeStyle;
  ctx.globalAlpha = 0.8;
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "bottom";
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  let freeFrom = Number.NEGATIVE_INFINITY;
  for (const mark of shown) {
    const x = u.valToPos(mark.timeS, "x", true);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const text = wordsOf(mark);
    const left = x + 4 * devicePixelRatio;
    const right = left + ctx.measureText(text).width;
    if (left < freeFrom || right > ctx.canvas.width) continue;
    ctx.fillText(text, left, bbox.top - 4 * devicePixelRatio);
    freeFrom = right + NAME_GAP_PX * devicePixelRatio;
  }
  ctx.restore();
}
