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

/** The different reasons, in the order of the rows; a row without one has none. */
const reasonsOf = (rows: readonly ReproducedRow[]): readonly string[] => [
  ...new Set(rows.flatMap(({ note }) => (note === "" ? [] : [note]))),
];

/** Why the numbers differ, or do not: below the table, where a line has room. Each reason once, by the number that its rows bear. */
function notesSection(reasons: readonly string[]): readonly Section[] {
  if (reasons.length === 0) return [];
  return [{ kind: "notes", title: "Notes", notes: reasons.map((reason, i) => `${i + 1}: ${reason}`) }];
}

export function reproduceDocument(title: string, rows: readonly ReproducedRow[]): Document {
  const reasons = reasonsOf(rows);
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
          ...(reasons.length > 0 ? [{ title: "note", align: "right" as const, only: "screen" as const }] : []),
          { title: "note", only: "data" },
        ],
        rows: rows.map(({ item, published, ours, ratio, note }) => [
          textCell(item),
          figure(published),
          figure(ours),
          figure(ratio),
          ...(reasons.length > 0 ? [textCell(note === "" ? "" : String(reasons.indexOf(note) + 1))] : []),
          textCell(note),
        ]),
      },
      ...notesSection(reasons),
    ],
  };
}
