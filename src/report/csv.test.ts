import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleInput } from "../../test/fixtures/sample-report.ts";
import { InputError } from "../units/input-error.ts";
import { renderCsv } from "./csv.ts";
import type { Document, TableSection } from "./document.ts";
import { estimateDocument } from "./estimate-report.ts";

/** An RFC 4180 reader, as strict as the standard. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  let at = 0;
  while (at < text.length) {
    const quoted = /^"((?:[^"]|"")*)"/.exec(text.slice(at));
    const bare = quoted ? undefined : /^[^",\r\n]*/.exec(text.slice(at))!;
    rows.at(-1)!.push(quoted ? quoted[1]!.replaceAll('""', '"') : bare![0]);
    at += (quoted ?? bare)![0].length;
    if (text.startsWith("\r\n", at)) {
      at += 2;
      if (at < text.length) rows.push([]);
    } else if (text[at] === ",") at += 1;
    else throw new Error(`unexpected ${JSON.stringify(text.slice(at, at + 9))}`);
  }
  return rows;
}

const one = (table: Omit<TableSection, "kind">): Document => ({ title: "t", sections: [{ kind: "table", ...table }] });

describe("renderCsv", () => {
  it("parses back to the full-precision numbers", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.stringMatching(/^[a-z ,"µ]*$/), fc.double({ noNaN: true }))), (pairs) => {
        const rows = pairs.map(([text, value]) => [{ text }, { text: "rounded", value, unit: "J" }]);
        const parsed = parseCsv(renderCsv(one({ columns: [{ title: "name" }, { title: "energy" }], rows })));
        expect(parsed[0]).toEqual(["name", pairs.length > 0 ? "energy (J)" : "energy"]);
        expect(parsed.slice(1).map(([name, value]) => [name, Number(value) + 0])).toEqual(
          pairs.map(([n, v]) => [n, v + 0]),
        );
      }),
      { seed: 4 },
    );
  });

  it("is the main table by default, with low and high for scripts and nothing that is for the eye", () => {
    const input = sampleInput();
    const [header, ...rows] = parseCsv(renderCsv(estimateDocument(input)));
    expect(header?.slice(0, 6)).toEqual(["device", "metric", "J per inference (J)", "low (J)", "high (J)", "time (s)"]);
    expect(rows.map((row) => [row[0], row[1], Number(row[2]), Number(row[3])])).toEqual(
      input.estimates.map((row) => [row.device, row.metric, row.perInferenceJ, row.perInferenceLowJ]),
    );
    const unknownTime = input.estimates.findIndex((row) => row.durationS === undefined);
    expect(rows[unknownTime]?.[5]).toBe("");
  });

  it("gives a named table with all rows, or all tables", () => {
    const input = sampleInput();
    const energies = parseCsv(renderCsv(estimateDocument(input), { table: "layer-energies" }));
    expect(energies).toHaveLength(input.work.layers.length + 1);
    const sum = energies.slice(1).reduce((total, row) => total + Number(row[1]), 0);
    expect(sum).toBeCloseTo(input.estimates[0]!.energyJ, 9);
    const all = renderCsv(estimateDocument(input), { table: "all" });
    expect(all).toContain("# Energy by device and metric\r\n");
    expect(all).toContain("\r\n\r\n# Layers that cost most, by roofline on rtx-2080-ti\r\n");
  });

  it("says which tables there are", () => {
    const ask = () => renderCsv(estimateDocument(sampleInput()), { table: "layer" });
    expect(ask).toThrow(InputError);
    expect(ask).toThrow(/unknown table "layer"; nearest: layers/);
  });

  it("puts units beside numbers when they differ by row", () => {
    const rows = [[{ text: "1 J", value: 1, unit: "J" }], [{ text: "2 W", value: 2, unit: "W" }]];
    expect(parseCsv(renderCsv(one({ columns: [{ title: "value" }], rows })))).toEqual([
      ["value", "value unit"],
      ["1", "J"],
      ["2", "W"],
    ]);
  });

  it("lets no name become a formula", () => {
    const names = ["=1+1", "@x", "+a", "-a", "-3"];
    const rows = names.map((text) => [{ text }]);
    expect(
      parseCsv(renderCsv(one({ columns: [{ title: "name" }], rows })))
        .slice(1)
        .flat(),
    ).toEqual(["'=1+1", "'@x", "'+a", "'-a", "-3"]);
  });
});
