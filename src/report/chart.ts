// A chart description → SVG text, drawn by Observable Plot into a document that the caller passes: linkedom in Node, the
// page's own in a browser. One file per kind in charts/. It imports Plot (0.1 s in Node), so commands load it only to draw.
import * as Plot from "@observablehq/plot";
import { sketchBars } from "./charts/bars.ts";
import { describe, legend, type Sketch, type SvgDocument, type SvgNode } from "./charts/frame.ts";
import { sketchLines } from "./charts/lines.ts";
import { sketchRanges } from "./charts/ranges.ts";
import type { Chart } from "./document.ts";

const KINDS: { readonly [K in Chart["kind"]]: (chart: Extract<Chart, { kind: K }>) => Sketch } = {
  bars: sketchBars,
  ranges: sketchRanges,
  lines: sketchLines,
};

/**
 * The chart as one `<svg>` element. Axes take the colour of the text around it, so it suits light and dark pages; every
 * mark names its value in a `<title>`.
 * @param document a DOM document: linkedom's or the browser's
 */
export function drawChart(chart: Chart, document: unknown): string {
  const dom = document as SvgDocument;
  const sketch = (KINDS[chart.kind] as (chart: Chart) => Sketch)(chart);
  const svg = Plot.plot({ ...sketch.options, document: document as never }) as unknown as SvgNode;
  if (sketch.legend.length > 1) svg.append(legend(dom, sketch.legend));
  describe(dom, svg, chart.title, chart.note ?? "");
  return svg.outerHTML;
}
