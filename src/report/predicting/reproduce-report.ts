// `reproduce` as a document: published beside ours.
import type { ReproducedRow } from "../../study/papers/reproduced.ts";
import type { Cell, Document, Section } from "../document.ts";
import { numberWithoutUnitCell, textCell } from "../show.ts";

/** Four digits, as papers print coefficients of determination; three significant ones where that would leave nothing to see. */
function figure(value: number | undefined): Cell {
  if (value === undefined || Math.abs(value) >= 10 || (value !== 0 && Math.abs(value) < 0.01))
    return numberWithoutUnitCell(value);
  return { text: value.toFixed(4), value };
}

/** Why the numbers differ, or do not: below the table, where a line has room. */
function notesSection(rows: readonly ReproducedRow[]): readonly Section[] {
  const notes = rows.filter(({ note }) => note !== "").map(({ item, note }) => `${item}: ${note}`);
  return notes.length === 0 ? [] : [{ kind: "notes", title: "Notes", notes }];
}

export function reproduceDocument(title: string, rows: readonly ReproducedRow[]): Document {
  return {
    title,
    subtitle: "published against ours",
    sections: [
      {
        kind: "table",
        name: "rows",
        main: true,
        columns: [
          { title: "item", wrap: true },
          { title: "published", align: "right" },
          { title: "ours", align: "right" },
          { title: "ratio", align: "right", priority: 2 },
          { title: "note", only: "data" },
        ],
        rows: rows.map(({ item, published, ours, ratio, note }) => [
          textCell(item),
          figure(published),
          figure(ours),
          figure(ratio),
          textCell(note),
        ]),
      },
      ...notesSection(rows),
    ],
  };
}
