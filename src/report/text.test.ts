import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleInput, sampleWork } from "../../test/fixtures/sample-report.ts";
import type { Document, Section } from "./document.ts";
import { estimateDocument } from "./estimate-report.ts";
import { inspectDocument } from "./inspect-report.ts";
import { renderText } from "./text.ts";
import { displayWidth } from "./width.ts";

const widest = (text: string): number => Math.max(...text.split("\n").map(displayWidth));
const squeezed = (text: string): string => text.replace(/\s+/g, "");

const word = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.constantFrom(
    "3.21 mJ",
    "890 µJ–1.20 mJ",
    "深層学習/畳み込み層",
    "–",
    "a/very/long/name/of/a/layer/that/an/exporter/made/up",
  ),
);
const cell = fc.record({ text: word }, { requiredKeys: ["text"] });
const column = fc.record(
  {
    title: word,
    align: fc.constantFrom("left" as const, "right" as const),
    priority: fc.nat(5),
    group: fc.boolean(),
    wrap: fc.boolean(),
    bar: fc.boolean(),
  },
  { requiredKeys: ["title"] },
);
const table = fc.integer({ min: 1, max: 9 }).chain((columns) =>
  fc.record({
    kind: fc.constant("table" as const),
    title: word,
    caption: word,
    columns: fc.array(column, { minLength: columns, maxLength: columns }),
    rows: fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { maxLength: 6 }),
  }),
);
const facts = fc.record({
  kind: fc.constant("facts" as const),
  facts: fc.array(fc.record({ label: word, cell: fc.oneof(cell, fc.record({ text: word, value: fc.double() })) }), {
    maxLength: 5,
  }),
});
const notes = fc.record({
  kind: fc.constant("notes" as const),
  tone: fc.constantFrom("plain" as const, "warning" as const),
  notes: fc.array(word, { maxLength: 4 }),
});
const document: fc.Arbitrary<Document> = fc.record({
  title: word,
  subtitle: word,
  sections: fc.array(fc.oneof<fc.Arbitrary<Section>[]>(table, facts, notes), { maxLength: 4 }),
});

describe("renderText", () => {
  it("fits the width for any document", () => {
    fc.assert(
      fc.property(document, fc.integer({ min: 40, max: 160 }), (any, width) => {
        expect(widest(renderText(any, { width }))).toBeLessThanOrEqual(width);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("lets no control character of the input through", () => {
    fc.assert(
      fc.property(document, (any) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        expect(renderText(any).replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
      }),
      { seed: 2 },
    );
  });

  it.each([40, 60, 80, 100, 120, 160])("fits a real estimate and inspection in %i columns", (width) => {
    expect(widest(renderText(estimateDocument(sampleInput()), { width }))).toBeLessThanOrEqual(width);
    expect(widest(renderText(inspectDocument({ work: sampleWork() }), { width }))).toBeLessThanOrEqual(width);
  });

  it("shows at 80 columns everything the issue asks of a row", () => {
    const text = renderText(estimateDocument(sampleInput()), { width: 80 });
    const row = text.split("\n").find((line) => line.includes("flops-per-watt"));
    expect(row?.trim().split(/ {2,}/)).toEqual([
      "flops-per-watt",
      "200 mJ",
      "120–380 mJ",
      "1.00 ms",
      "55.6 Wh",
      "4.00 g",
      "0.00667",
    ]);
    expect(text).toContain("NonMaxSuppression: no rule, 1 layer (/detect/nms)");
  });

  it("stacks rows in 40 columns, with every number and every name in full", () => {
    const input = sampleInput();
    const text = renderText(estimateDocument(input), { width: 40 });
    const lines = text.split("\n");
    const at = lines.indexOf(" flops-per-watt");
    expect(lines[at - 1]).toBe("rtx-2080-ti");
    expect(lines.slice(at + 1, at + 7).map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["J per inference", "200 mJ"],
      ["low–high", "120–380 mJ"],
      ["time", "1.00 ms"],
      ["energy", "55.6 Wh"],
      ["CO2e", "4.00 g"],
      ["cost in EUR", "0.00667"],
    ]);
    const layers = lines.filter((line) => line.includes("rather_long"));
    expect(squeezed(text)).toContain("block4/pointwise1_with_a_rather_long_exported_name");
    expect(new Set(layers).size).toBe(layers.length);
    expect(text).not.toContain("no room for");
  });

  it("drops columns of the lowest priority first and names them", () => {
    const one: Document = {
      title: "t",
      sections: [
        {
          kind: "table",
          columns: [{ title: "name" }, { title: "first", priority: 1 }, { title: "second", priority: 2 }],
          rows: [[{ text: "n".repeat(20) }, { text: "1".repeat(12) }, { text: "2".repeat(12) }]],
        },
      ],
    };
    const text = renderText(one, { width: 40 });
    expect(text).toContain("2".repeat(12));
    expect(text).not.toContain("1".repeat(12));
    expect(squeezed(text)).toContain(squeezed("no room for first (--html and --json have all)"));
  });

  it("keeps every cell when no table fits, one per line", () => {
    const titles = Array.from({ length: 9 }, (_, i) => `number ${i}`);
    const rows = [titles.map((_, i) => ({ text: `12${i}.45 mJ` }))];
    const columns = titles.map((title) => ({ title, align: "right" as const }));
    const text = renderText({ title: "t", sections: [{ kind: "table", columns, rows }] }, { width: 40 });
    for (const one of rows[0]!) expect(text).toContain(one.text);
  });

  it("limits rows, counts the rest, and shows all when asked", () => {
    const input = sampleInput();
    const limited = renderText(estimateDocument(input), { width: 120 });
    expect(limited).toContain("… and 52 more rows");
    expect(limited).not.toContain("conv_out");
    const full = renderText(estimateDocument(input), { width: 160, full: true });
    for (const { name } of input.work.layers) expect(full).toContain(name);
  });

  it("colours only when asked, without a change of layout", () => {
    const sample = estimateDocument(sampleInput());
    const plain = renderText(sample, { width: 100 });
    const colored = renderText(sample, { width: 100, color: true });
    expect(plain).not.toContain("\u001b");
    expect(colored).toContain("\u001b[33m! NonMaxSuppression");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ANSI escapes are what is removed
    expect(colored.replace(/\u001b\[\d+m/g, "").replace(/ +$/gm, "")).toBe(plain);
  });

  it("hangs the lines of a note under its text", () => {
    const notes = ["a note that is long enough to go over more than a single line of forty columns"];
    const lines = renderText({ title: "t", sections: [{ kind: "notes", notes }] }, { width: 40 }).split("\n");
    expect(lines.slice(2, 4).map((line) => line.slice(0, 3))).toEqual(["· a", "  m"]);
  });
});
