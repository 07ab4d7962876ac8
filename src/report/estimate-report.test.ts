import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleEstimates, sampleInput, sampleWork } from "../../test/fixtures/sample-report.ts";
import { assumptionNotes } from "./assumption-notes.ts";
import { renderCsv } from "./csv.ts";
import { deviceDocument, devicesDocument } from "./device-report.ts";
import type { Document, Section, TableSection } from "./document.ts";
import { estimateDocument } from "./estimate-report.ts";
import { renderHtml } from "./html.ts";
import { inspectDocument } from "./inspect-report.ts";
import { renderMarkdown } from "./markdown.ts";
import { formatProgress } from "./progress.ts";
import { leadEstimate, rankedCosts } from "./ranking.ts";
import { massCell, moneyCell, quantityCell, rangeText, shapeCell } from "./show.ts";
import { renderText } from "./text.ts";
import { displayWidth } from "./width.ts";
import { zooDocument } from "./zoo-report.ts";

const tableNamed = (document: Document, name: string): TableSection | undefined =>
  document.sections.find(
    (section): section is Section & TableSection => section.kind === "table" && section.name === name,
  );

const notesIn = (document: Document): readonly string[] =>
  document.sections.flatMap((section) => (section.kind === "notes" ? section.notes : []));

describe("estimateDocument", () => {
  it("has a row per estimate and names what is missing and what was not counted", () => {
    const input = sampleInput();
    const document = estimateDocument(input);
    expect(tableNamed(document, "estimates")?.rows).toHaveLength(input.estimates.length);
    expect(tableNamed(document, "missing")?.rows.map((row) => row[0]?.text)).toEqual([
      "xeon-gold-5220",
      "coral-edge-tpu",
    ]);
    expect(notesIn(document)).toContain("com.example.Fancy: no rule, 1 layer (/detect/custom_0)");
  });

  it("leaves out columns that no estimate fills", () => {
    const input = sampleInput();
    const estimates = input.estimates.map(({ co2eKg: _co2e, cost: _cost, breakEven: _breakEven, ...row }) => row);
    const titles = tableNamed(estimateDocument({ ...input, estimates }), "estimates")?.columns.map(
      ({ title }) => title,
    );
    expect(titles).toEqual([
      "device",
      "metric",
      "J per inference",
      "low–high",
      "low",
      "high",
      "time",
      "energy",
      "complete",
    ]);
  });

  it("tells a training step and a batch apart from an inference", () => {
    const input = sampleInput();
    const work = { ...input.work, phase: "training" as const, batch: 32 };
    const titles = tableNamed(estimateDocument({ ...input, work }), "estimates")?.columns.map(({ title }) => title);
    expect(titles).toContain("J per sample");
    expect(titles).toContain("J per step");
    expect(titles).not.toContain("break-even");
    const charts = estimateDocument({ ...input, work }).sections.flatMap((section) =>
      section.kind === "chart" ? section.chart.title : [],
    );
    expect(charts).toContain("Energy per sample by device and metric");
    expect(charts.filter((title) => /inference/.test(title))).toEqual([]);
  });

  it("warns right after the totals, in the caption, in the totals and in CSV that layers were not counted", () => {
    const input = sampleInput();
    const document = estimateDocument(input);
    expect(document.sections[1]).toEqual({
      kind: "notes",
      tone: "warning",
      notes: [
        "At least: 2 layers could not be counted (NonMaxSuppression, com.example.Fancy): totals and energies are lower bounds",
      ],
    });
    expect(tableNamed(document, "estimates")?.caption).toMatch(/^At least: 2 layers could not be counted\. Modelled/);
    expect(renderText(document)).toMatch(/^MACs +≥ [\d,]+\n/m);
    expect(renderMarkdown(document)).toMatch(/\| MACs \| ≥ [\d,]+ \|[^#]*> \[!WARNING\]\n> - At least: 2 layers/);
    expect(renderHtml(document, { generatedBy: "test" })).toMatch(
      /<aside role="note"><ul class="notes"><li>At least: 2 /,
    );
    const csv = renderCsv(document).trim().split("\r\n");
    expect(csv.map((line) => line.split(",").at(-1))).toEqual(["complete", ...input.estimates.map(() => "no")]);
  });

  it("says nothing of the kind of a network that was counted whole", () => {
    const input = sampleInput();
    const work = { ...input.work, unknown: [] };
    const document = estimateDocument({
      ...input,
      work,
      estimates: input.estimates.map((row) => ({ ...row, complete: true })),
    });
    expect(renderText(document, { width: 120 })).not.toMatch(/≥|At least|not counted/);
    expect(renderCsv(document).trim().split("\r\n").at(-1)).toMatch(/,yes$/);
  });

  it("counts the devices and metrics asked for, also those without an answer", () => {
    const { missing, work } = sampleInput();
    const document = estimateDocument({ work, estimates: [], missing });
    expect(document.subtitle).toBe("inference, batch 1, 2 devices, 1 metric");
    expect(notesIn(document)[0]).toMatch(/: the totals are lower bounds$/);
  });

  it("reports a network without estimates by its totals and what is missing", () => {
    const { missing, work } = sampleInput();
    const document = estimateDocument({ work, estimates: [], missing });
    expect(document.sections.map((section) => section.kind)).toEqual(["facts", "notes", "notes", "table", "notes"]);
  });

  it("draws no curve of training unless its energy is known", () => {
    const { trainingJ: _training, ...input } = sampleInput();
    const charts = estimateDocument(input).sections.filter((section) => section.kind === "chart");
    expect(charts.map(({ chart }) => chart.kind)).toEqual(["ranges", "bars", "lines"]);
  });

  it("keeps the energy of layers without a bar of their own", () => {
    const input = sampleInput();
    const charts = estimateDocument(input).sections.flatMap((section) =>
      section.kind === "chart" ? section.chart : [],
    );
    const bars = charts.find((chart) => chart.kind === "bars")!.bars;
    const lead = leadEstimate(input.estimates)!;
    expect(bars).toHaveLength(49);
    expect(bars.reduce((sum, bar) => sum + bar.value, 0)).toBeCloseTo(lead.energyJ, 9);
    const curves = charts.filter((chart) => chart.kind === "lines").at(-1)!;
    expect(curves.series.map(({ name }) => name.split(", ").length)).toEqual([7]);
  });
});

describe("inspectDocument", () => {
  it("warns right after the totals that layers were not counted", () => {
    expect(inspectDocument({ work: sampleWork() }).sections[1]).toMatchObject({
      tone: "warning",
      notes: [expect.stringMatching(/^At least: 2 layers could not be counted .*: the totals are lower bounds$/)],
    });
    expect(inspectDocument({ work: { ...sampleWork(), unknown: [] } }).sections[1]).toMatchObject({ kind: "table" });
  });

  it("shows no headings of empty tables to people, but gives them to scripts", () => {
    const empty = inspectDocument({ work: { ...sampleWork(), layers: [], blocks: [] } });
    expect(renderText(empty)).not.toMatch(/^(Layers|Blocks)$/m);
    expect(renderMarkdown(empty)).not.toMatch(/## (Layers|Blocks)/);
    expect(renderHtml(empty, { generatedBy: "test" })).not.toContain("<table");
    expect(renderCsv(empty)).toMatch(/^layer,op,block,[^\r]*\r\n$/);
  });
});

describe("rankedCosts", () => {
  it("orders by energy; shares sum to one for layers and for blocks", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-9, max: 1e3, noNaN: true }), { minLength: 62, maxLength: 62 }),
        (energies) => {
          const work = sampleWork();
          const layers = work.layers.map(({ name }, i) => ({ name, energyJ: energies[i]! }));
          const { layers: costs, blocks } = rankedCosts(work, { ...sampleEstimates(work)[0]!, layers });
          for (const ranked of [costs, blocks]) {
            expect(ranked.reduce((sum, cost) => sum + cost.share, 0)).toBeCloseTo(1, 9);
            expect(ranked.at(-1)?.cumulative).toBeCloseTo(1, 9);
            expect(ranked.map((cost) => cost.energyJ)).toEqual(
              ranked.map((cost) => cost.energyJ).toSorted((a, b) => b - a),
            );
          }
          expect(blocks.reduce((sum, block) => sum + block.layers, 0)).toBe(62);
        },
      ),
      { seed: 7, numRuns: 20 },
    );
  });
});

describe("assumptionNotes", () => {
  it("says each once, with the widest scope that is true", () => {
    const place = (device: string, metric: string, ...assumptions: string[]) => ({ device, metric, assumptions });
    const notes = assumptionNotes(
      ["batch = 1"],
      [
        place("gpu", "tdp", "everywhere", "of tdp", "of gpu", "batch = 1"),
        place("gpu", "clock", "everywhere", "of gpu", "only here", "and here"),
        place("cpu", "tdp", "everywhere", "of tdp"),
        place("cpu", "clock", "everywhere"),
      ],
    );
    expect(notes).toEqual([
      "batch = 1",
      "everywhere",
      "tdp: of tdp",
      "gpu: of gpu",
      "clock on gpu: only here; and here",
    ]);
  });
});

describe("catalogues", () => {
  const device = {
    id: "gpu",
    name: "A GPU",
    kind: "gpu" as const,
    aliases: ["g"],
    peakFlopsPerS: { float32: { value: 13.4e12, low: 11.8e12, high: 13.4e12, source: "[X] p. 3" } },
    tdpW: { value: 250, source: "[Y]" },
    flopsPerClockPerCore: {},
    memoryLevels: [{ name: "DRAM", energyPerBitJ: { value: 1.3e-12, source: "[Z]" } }],
    arithmetic: {},
  };

  it("shows every number of a device with range and source", () => {
    const text = renderText(deviceDocument(device));
    for (const part of ["13.4 TFLOP/s", "11.8–13.4 TFLOP/s", "[X] p. 3", "250 W", "1.30 pJ", "[Z]"])
      expect(text).toContain(part);
  });

  it("lists devices and networks", () => {
    expect(renderText(devicesDocument([device]), { width: 120 })).toMatch(
      /gpu +A GPU +gpu +13\.4 TFLOP\/s +– +– +250 W/,
    );
    const network = {
      name: "cifar/lenet",
      summary: "LeNet",
      source: "[L]",
      params: 62_006,
      macs: 651_720,
      input: "1×3×32×32",
    };
    expect(renderText(zooDocument([network]))).toMatch(/cifar\/lenet +62,006 +652 k +1×3×32×32 +LeNet +\[L\]/);
  });
});

describe("cells", () => {
  it("keep the number and say when it is not known", () => {
    expect(quantityCell(0.003214, "J")).toEqual({ text: "3.21 mJ", value: 0.003214, unit: "J" });
    expect(quantityCell(0, "J")).toEqual({ text: "0 J", value: 0, unit: "J" });
    expect(quantityCell(undefined, "J").text).toBe("–");
    expect(massCell(4500).text).toBe("4.50 t");
    expect(massCell(1.2e-6).text).toBe("1.20 mg");
    expect(moneyCell({ amount: 0.0123, currency: "EUR" })).toEqual({ text: "0.0123 EUR", value: 0.0123, unit: "EUR" });
    expect(shapeCell([1, "batch", 3]).text).toBe("1×batch×3");
  });

  it("write ranges with one unit where they share it", () => {
    expect(rangeText(0.0029, 0.0035, "J")).toBe("2.90–3.50 mJ");
    expect(rangeText(0.00089, 0.0012, "J")).toBe("890 µJ–1.20 mJ");
    expect(rangeText(1, 1, "J")).toBe("1.00 J");
    expect(rangeText(0, 1, "J")).toBe("0–1.00 J");
    expect(rangeText(1, undefined, "J")).toBe("–");
  });
});

describe("formatProgress", () => {
  it("says how far, how fast and how long", () => {
    const line = formatProgress({ label: "counting", done: 250, total: 1000, unit: "layers", elapsedS: 2 });
    expect(line.trimEnd()).toBe("counting  ━━━━────────────  250 of 1,000 layers  125 layers/s  6.00 s left");
  });

  it("leaves out a rate below one a second, and keeps the time that is left", () => {
    const line = formatProgress({ label: "trying", done: 1, total: 8, unit: "actions", elapsedS: 4 });
    expect(line.trimEnd()).toBe("trying  ━━──────────────  1 of 8 actions  28.0 s left");
  });

  it("keeps the time that is left longest where there is little room", () => {
    const shown = (width: number) =>
      formatProgress({ label: "epoch 1", done: 250, total: 1000, unit: "batches", elapsedS: 2 }, width).trimEnd();
    expect(shown(60)).toBe("epoch 1  ━━━━────────────  250 of 1,000 batches  6.00 s left");
    expect(shown(48)).toBe("epoch 1  250 of 1,000 batches  6.00 s left");
    expect(shown(24)).toBe("epoch 1  6.00 s left");
  });

  it("says only what is known", () => {
    expect(formatProgress({ label: "reading", done: 2e6, unit: "B", elapsedS: 0 }).trimEnd()).toBe("reading  2.00 MB");
  });

  it("covers the line exactly", () => {
    const progress = fc.record({
      label: fc.string(),
      done: fc.nat(),
      total: fc.option(fc.nat(), { nil: undefined }),
      unit: fc.constantFrom("B", "layers"),
      elapsedS: fc.double({ min: 0, max: 1e6, noNaN: true }),
    });
    fc.assert(
      fc.property(progress, fc.integer({ min: 20, max: 160 }), (any, width) => {
        expect(displayWidth(formatProgress(any, width))).toBe(width);
      }),
      { seed: 8 },
    );
  });
});
