// What all charts share: width, margins from label lengths, ticks with SI prefixes, the legend, and the title and
// description that a screen reader speaks. Pixel sizes are of the SVG's own coordinates.
import type { PlotOptions } from "@observablehq/plot";
import { formatNumber, formatQuantity, formatRatio } from "../../units/format.ts";
import { displayWidth, harmless, shorten } from "../width.ts";
import { SERIES_COLORS } from "./palette.ts";

export const CHART_WIDTH = 760;
const FONT_SIZE = 12;
/** Width of a character at FONT_SIZE in a wide typeface, px: better too much room than a cut label. */
const CHARACTER = 7.1;
const LEGEND_LINE = 20;

/** The part of the DOM that the legend and the titles need. */
export interface SvgNode {
  readonly outerHTML: string;
  textContent: string | null;
  setAttribute(name: string, value: string): void;
  append(...children: readonly unknown[]): void;
  prepend(...children: readonly unknown[]): void;
}
export interface SvgDocument {
  createElementNS(namespace: string, name: string): SvgNode;
}

/** A chart before it is drawn: Plot's options, and the colours to explain. */
export interface Sketch {
  readonly options: PlotOptions;
  readonly legend: readonly string[];
}

export const textWidth = (text: string): number => displayWidth(text) * CHARACTER;

/** Labels made harmless and at most `most` characters long, still distinct from each other. */
export function shortLabels(labels: readonly string[], most: number): string[] {
  return labels.map((label) => shorten(harmless(label), most));
}

/** Room for the longest label, px. */
export const labelMargin = (labels: readonly string[]): number =>
  Math.ceil(labels.reduce((most, label) => Math.max(most, textWidth(label)), 0)) + 14;

/** A number with its unit for people: "3.21 mJ", "12.3 %", "1.20 k". */
export function shown(value: number, unit: string): string {
  if (unit === "ratio") return value === 0 ? "0 %" : formatRatio(value);
  if (unit === "" && Math.abs(value) < 1000) return formatNumber(value);
  return formatQuantity(value, unit);
}

/** As `shown`, without zeros that carry nothing: "1 mJ". */
export function tick(value: number, unit: string): string {
  return shown(value, unit).replace(/\.0+(?=\D|$)|(\.\d*?[1-9])0+(?=\D|$)/, "$1");
}

/** Powers of ten in [low, high], thinned so that at most eight are labelled. */
export function decades(low: number, high: number): number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const step = Math.max(1, Math.ceil((last - first + 1) / 8));
  const exponents = Array.from(
    { length: Math.max(0, Math.floor((last - first) / step) + 1) },
    (_, i) => first + i * step,
  );
  return exponents.map((exponent) => Number(`1e${exponent}`));
}

/** The range widened to whole powers of ten. */
export function decadeDomain(values: readonly number[]): [number, number] {
  const [low, high] = extent(values);
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  return [Number(`1e${first}`), Number(`1e${last === first ? last + 1 : last}`)];
}

/** Least and greatest of at least one number. */
export function extent(values: readonly number[]): [number, number] {
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}

/** An object, because linkedom cannot set a style from text. */
export const STYLE = {
  fontFamily: "inherit",
  fontSize: `${FONT_SIZE}px`,
  background: "none",
  color: "currentColor",
  overflow: "visible",
};

interface Placed {
  readonly name: string;
  readonly index: number;
  readonly x: number;
  readonly y: number;
}

function place(names: readonly string[]): Placed[] {
  let [x, y] = [0, 0];
  return names.map((name, index) => {
    const width = textWidth(name) + 34;
    if (x > 0 && x + width > CHART_WIDTH) [x, y] = [0, y + LEGEND_LINE];
    const placed = { name, index, x, y };
    x += width;
    return placed;
  });
}

/** Height of the legend of these names, px. */
export function legendHeight(names: readonly string[]): number {
  return names.length < 2 ? 0 : (place(shortLabels(names, 90)).at(-1)?.y ?? 0) + LEGEND_LINE + 6;
}

function element(
  document: SvgDocument,
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  text = "",
) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  if (text !== "") node.textContent = text;
  return node;
}

/** The legend: a square and a name per series. */
export function legend(document: SvgDocument, names: readonly string[]): SvgNode {
  const group = element(document, "g", { "text-anchor": "start", "aria-label": "legend" });
  for (const { name, index, x, y } of place(shortLabels(names, 90))) {
    group.append(
      element(document, "rect", {
        x,
        y: y + 2,
        width: 12,
        height: 12,
        rx: 2,
        fill: SERIES_COLORS[index] ?? "currentColor",
      }),
      element(document, "text", { x: x + 18, y: y + 12 }, name),
    );
  }
  return group;
}

/** Title and description as the first children, which is where screen readers look. */
export function describe(document: SvgDocument, svg: SvgNode, title: string, description: string): void {
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", harmless(title));
  const texts = [element(document, "title", {}, harmless(title))];
  if (description !== "") texts.push(element(document, "desc", {}, harmless(description)));
  svg.prepend(...texts);
}
