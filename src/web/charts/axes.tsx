// What charts with two axes of numbers share: margins, grid, ticks, titles with units, the legend.
import { tick } from "../../report/charts/frame.ts";
import type { LinesChart } from "../../report/document.ts";
import type { Scale } from "./scale.ts";

/** "energy (J)" → "energy", for tables whose cells carry the unit themselves. */
export const withoutUnit = (title: string, unit: string | undefined): string =>
  unit ? title.replace(/ \([^)]*\)$/u, "") : title;

export const MARGIN = { top: 12, right: 12, bottom: 44 };
const LEGEND_LINE = 20;
/** Width of a character of the legend, px: of the widest of the usual fonts. */
const CHARACTER = 7.3;

/** Room for the ticks of y, px. */
export const leftOf = (width: number): number => (width < 480 ? 56 : 70);

export interface PlacedLegend {
  readonly placed: readonly { readonly text: string; readonly x: number; readonly y: number }[];
  /** 0 where one name needs no legend. */
  readonly height: number;
}

/** Names in rows as wide as the chart. */
export function placeLegend(names: readonly string[], width: number): PlacedLegend {
  let [x, y] = [0, 0];
  const placed = names.map((text) => {
    const wide = text.length * CHARACTER + 30;
    if (x > 0 && x + wide > width) [x, y] = [0, y + LEGEND_LINE];
    const at = { text, x, y };
    x += wide;
    return at;
  });
  return { placed, height: names.length < 2 ? 0 : y + LEGEND_LINE + 6 };
}

interface LegendProps {
  readonly legend: PlacedLegend;
  colorOf(name: string): string;
}

export function Legend({ legend, colorOf }: LegendProps) {
  if (legend.height === 0) return null;
  return (
    <g>
      {legend.placed.map((item) => (
        <g key={item.text} transform={`translate(${item.x},${item.y})`}>
          <rect y={3} width={12} height={12} rx={2} fill={colorOf(item.text)} />
          <text x={18} y={13}>
            {item.text}
          </text>
        </g>
      ))}
    </g>
  );
}

interface AxesProps {
  readonly chart: Pick<LinesChart, "x" | "y" | "xUnit" | "yUnit">;
  readonly width: number;
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly x: Scale;
  readonly y: Scale;
}

export function Axes({ chart, width, top, bottom, left, x, y }: AxesProps) {
  const right = width - MARGIN.right;
  return (
    <g>
      <text x={0} y={top - 14} class="axis-title">
        {chart.y}
      </text>
      {y.ticks.map((value) => (
        <g key={value}>
          <line class="grid" x1={left} x2={right} y1={y.at(value)} y2={y.at(value)} />
          <text class="tick" x={left - 8} y={y.at(value) + 4} text-anchor="end">
            {tick(value, chart.yUnit ?? "")}
          </text>
        </g>
      ))}
      {x.ticks.map((value) => (
        <g key={value}>
          <line class="grid" x1={x.at(value)} x2={x.at(value)} y1={top} y2={bottom} />
          {/* Inside the drawing: the last one ends where it ends. */}
          <text
            class="tick"
            x={x.at(value) > right - 1 ? width : x.at(value)}
            y={bottom + 18}
            text-anchor={x.at(value) > right - 1 ? "end" : "middle"}
          >
            {tick(value, chart.xUnit ?? "")}
          </text>
        </g>
      ))}
      <text x={(left + right) / 2} y={bottom + 38} text-anchor="middle" class="axis-title">
        {chart.x}
      </text>
    </g>
  );
}
