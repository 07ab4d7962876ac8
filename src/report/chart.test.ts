import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { chartSvg } from "../node/draw.ts";
import { decadeDomain, decades, tick } from "./charts/frame.ts";
import { colored, PAGE_COLORS, SERIES_COLORS } from "./charts/palette.ts";
import type { Chart } from "./document.ts";

interface Node {
  readonly textContent: string;
}

/** The hover texts of a chart's marks, its own title left out. */
async function hovers(chart: Chart): Promise<string[]> {
  const { document } = parseHTML(await chartSvg(chart)) as unknown as {
    document: { querySelectorAll(q: string): Iterable<Node> };
  };
  return [...document.querySelectorAll("g title")].map((node) => node.textContent);
}

describe("drawChart", () => {
  it("draws a bar per layer, with its number, unit and group", async () => {
    const bars = [
      { label: "conv1", value: 0.0032, group: "Conv" },
      { label: "conv1", value: 0.0001, group: "Conv" },
      { label: "<fc>", value: 2, group: "Gemm" },
    ];
    const chart = { kind: "bars" as const, title: "Energy <b>", note: "a note", axis: "energy (J)", unit: "J", bars };
    expect(await hovers(chart)).toEqual(["conv1 (Conv): 3.20 mJ", "conv1 (Conv): 100 µJ", "<fc> (Gemm): 2.00 J"]);
    const svg = await chartSvg(chart);
    expect(svg).toContain("<title>Energy &lt;b&gt;</title><desc>a note</desc>");
    for (const text of [">3.20 mJ<", ">energy (J)<", ">Gemm<", SERIES_COLORS[1]]) expect(svg).toContain(text);
    expect(svg.match(/<rect[^>]*><title>/g)).toHaveLength(3);
  });

  it("draws a dot and a range per device and metric, on a logarithmic axis when they are far apart", async () => {
    const row = (label: string, series: string, value: number) => ({
      label,
      series,
      value,
      low: value / 2,
      high: value * 2,
    });
    const rows = [row("gpu", "tdp", 0.2), row("gpu", "clock", 0.3), row("tpu", "tdp", 0.0002)];
    const chart = { kind: "ranges" as const, title: "t", axis: "energy (J)", unit: "J", rows };
    const texts = await hovers(chart);
    expect(texts).toHaveLength(6);
    expect(texts).toContain("tpu, tdp: 200 µJ (100 µJ to 400 µJ)");
    const svg = await chartSvg(chart);
    for (const text of [">gpu<", ">tpu<", ">100 µJ<", ">10 mJ<", ">1 J<"]) expect(svg).toContain(text);
  });

  it("draws ranges that touch zero on a linear axis", async () => {
    const rows = [{ label: "gpu", series: "tdp", value: 0, low: 0, high: 1 }];
    const svg = await chartSvg({ kind: "ranges", title: "t", axis: "a", unit: "J", rows });
    expect(svg).not.toContain("NaN");
    expect(svg).toContain(">0 J<");
  });

  it("draws curves, and leaves out points that a logarithm cannot show", async () => {
    const series = [
      {
        name: "a",
        points: [
          [0, 1],
          [10, 5],
          [1000, 50],
        ] as const,
        labels: ["zero", "ten", "thousand"],
      },
      { name: "b", points: [[10, 2]] as const },
    ];
    const chart = {
      kind: "lines" as const,
      title: "t",
      x: "inferences",
      y: "energy (J)",
      yUnit: "J",
      logX: true,
      logY: true,
      series,
    };
    expect(await hovers(chart)).toEqual([
      "a, ten: 5.00 J at 10.0",
      "a, thousand: 50.0 J at 1.00 k",
      "b: 2.00 J at 10.0",
    ]);
    expect(await chartSvg(chart)).not.toContain("NaN");
  });

  it("draws without data", async () => {
    for (const chart of [
      { kind: "bars", title: "t", axis: "a", unit: "J", bars: [] },
      { kind: "ranges", title: "t", axis: "a", unit: "J", rows: [] },
      { kind: "lines", title: "t", x: "x", y: "y", series: [] },
    ] satisfies Chart[])
      expect(await chartSvg(chart)).toMatch(/^<svg[\s\S]*<\/svg>$/);
  });

  it("is the same twice", async () => {
    const chart: Chart = { kind: "bars", title: "t", axis: "a", unit: "J", bars: [{ label: "x", value: 1 }] };
    expect(await chartSvg(chart)).toBe(await chartSvg(chart));
  });
});

describe("frame", () => {
  it("writes ticks without idle zeros", () => {
    expect([0.001, 0.25, 1500, 0].map((value) => tick(value, "J"))).toEqual(["1 mJ", "250 mJ", "1.5 kJ", "0 J"]);
    expect(tick(0.2, "ratio")).toBe("20 %");
    expect(tick(100, "")).toBe("100");
  });

  it("spans whole decades", () => {
    expect(decadeDomain([0.0013, 42])).toEqual([0.001, 100]);
    expect(decadeDomain([10])).toEqual([10, 100]);
    expect(decades(0.001, 1)).toEqual([0.001, 0.01, 0.1, 1]);
    expect(decades(1, 1e20).length).toBeLessThanOrEqual(8);
  });
});

/** Relative luminance of "#rrggbb" [WCAG21]. */
function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

describe("palette", () => {
  it.each(Object.entries(PAGE_COLORS))("has a contrast of 3:1 or more on the %s page", (_name, page) => {
    for (const color of SERIES_COLORS) {
      const [dark, light] = [luminance(color), luminance(page)].toSorted((a, b) => a - b);
      expect((light! + 0.05) / (dark! + 0.05)).toBeGreaterThanOrEqual(3);
    }
  });

  it("shares the last colour among names beyond it", () => {
    const many = colored(["a", "b", "c", "d", "e", "f", "g", "h"]);
    expect(many.domain).toEqual(["a", "b", "c", "d", "e", "f", "other"]);
    expect([many.of("f"), many.of("h")]).toEqual(["f", "other"]);
  });
});
