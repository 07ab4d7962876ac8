// `reproduce` as a document: published beside ours.
import type { ReproducedRow } from "../../study/papers/reproduced.ts";
import type { Cell, Document } from "../document.ts";
import { numberWithoutUnitCell, textCell } from "../show.ts";

/** Four digits, as papers print coefficients of determination; three significant ones where that would leave nothing to see. */
function figure(value: number | undefined): Cell {
  if (value === undefined || Math.abs(value) >= 10 || (value !== 0 && Math.abs(value) < 0.01))
    return numberWithoutUnitCell(value);
  return { text: value.toFixed(4), value };
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
          { title: "note", priority: 1, wrap: true },
        ],
        rows: rows.map(({ item, published, ours, ratio, note }) => [
          textCell(item),
          figure(published),
          figure(ours),
          figure(ratio),
          textCell(note),
        ]),
      },
    ],
  };
}
