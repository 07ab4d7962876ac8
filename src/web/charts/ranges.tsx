// Dots with ranges of a RangesChart (report/document.ts): a heading per device, a row per metric, the number at its end.
import { extent, shown, tick } from "../../report/charts/frame.ts";
import { colored, SERIES_COLORS } from "../../report/charts/palette.ts";
import type { RangesChart, TableSection } from "../../report/document.ts";
import { quantityCell, textCell } from "../../report/show.ts";
import { shorten } from "../../report/width.ts";
import { type DrawingArea, Figure } from "./figure.tsx";
import { linearScale, logScale } from "./scale.ts";

const ROW = 24;
const HEADING = 30;
const AXIS = 46;

function table(chart: RangesChart): TableSection {
  return {
    kind: "table",
    columns: ["device", "metric", "value", "low", "high"].map((title) => ({ title })),
    rows: chart.rows.map((row) => [
      textCell(row.label),
      textCell(row.series),
      ...[row.value, row.low, row.high].map((value) => quantityCell(value, chart.unit)),
    ]),
  };
}

export function Ranges({ chart, name }: { readonly chart: RangesChart; readonly name: string }) {
  return (
    <Figure title={chart.title} note={chart.note} name={name} table={() => table(chart)}>
      {(area) => <Plot chart={chart} area={area} />}
    </Figure>
  );
}

function Plot({ chart, area }: { readonly chart: RangesChart; readonly area: DrawingArea }) {
  const { width, titleId, show } = area;
  const isNarrow = width < 480;
  const left = isNarrow ? 104 : 150;
  const right = width - (isNarrow ? 66 : 84);
  const values = chart.rows.flatMap((row) => [row.value, row.low, row.high]);
  const positive = values.filter((value) => value > 0);
  const [least, most] = extent(positive);
  const isLog = chart.rows.every((row) => row.value > 0) && positive.length > 0 && most / least > 20;
  const x = isLog
    ? logScale(positive, [left, right], isNarrow ? 3 : 8)
    : linearScale([0, Math.max(0, ...values)], [left, right], isNarrow ? 3 : 6);
  const series = colored(chart.rows.map((row) => row.series));
  const devices = [...new Set(chart.rows.map((row) => row.label))];
  let y = 0;
  const placed = devices.map((device) => {
    const headingY = y;
    y += HEADING;
    const rows = chart.rows
      .filter((row) => row.label === device)
      .map((row) => {
        y += ROW;
        return { ...row, y: y - ROW / 2 };
      });
    return { device, headingY, rows };
  });
  const bottom = y + 4;
  const within = (value: number) => Math.max(left, Math.min(right, x.at(Math.max(value, x.domain[0]))));
  return (
    <svg width={width} height={bottom + AXIS} role="group" aria-labelledby={titleId}>
      {x.ticks.map((value) => (
        <g key={value}>
          <line class="grid" x1={x.at(value)} x2={x.at(value)} y1={HEADING - 6} y2={bottom} />
          <text class="tick" x={x.at(value)} y={bottom + 17} text-anchor="middle">
            {tick(value, chart.unit)}
          </text>
        </g>
      ))}
      <text class="axis-title" x={(left + right) / 2} y={bottom + 38} text-anchor="middle">
        {chart.axis}
      </text>
      {placed.map(({ device, headingY, rows }) => (
        <g key={device}>
          <text class="strong" x={0} y={headingY + 20}>
            {shorten(device, isNarrow ? 34 : 60)}
          </text>
          {rows.map((row) => {
            const color = SERIES_COLORS[series.domain.indexOf(series.of(row.series))] ?? "currentColor";
            const range = `${shown(row.low, chart.unit)} to ${shown(row.high, chart.unit)}`;
            const lines = [`${row.series}: ${shown(row.value, chart.unit)}`, range, row.label];
            const tell = () => show({ x: within(row.value), y: row.y - ROW, lines });
            return (
              <g
                key={row.series}
                class="mark"
                role="img"
                tabindex={0}
                aria-label={`${row.label}, ${lines.slice(0, 2).join(", ")}`}
                onPointerEnter={tell}
                onFocus={tell}
                onBlur={() => show(undefined)}
              >
                <rect x={0} y={row.y - ROW / 2} width={width} height={ROW} class="hit" />
                <text x={0} y={row.y + 4} class="label">
                  {shorten(row.series, isNarrow ? 16 : 24)}
                </text>
                <line
                  x1={within(row.low)}
                  x2={within(row.high)}
                  y1={row.y}
                  y2={row.y}
                  stroke={color}
                  stroke-width={6}
                  stroke-opacity={0.35}
                  stroke-linecap="round"
                />
                <circle cx={within(row.value)} cy={row.y} r={4.5} fill={color} />
                <text class="number" x={width} y={row.y + 4} text-anchor="end">
                  {shown(row.value, chart.unit)}
                </text>
              </g>
            );
          })}
        </g>
      ))}
    </svg>
  );
}
