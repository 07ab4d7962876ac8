// What a device of a split network did, inference by inference: the plan beside what was spent.
import { formatQuantity } from "../../units/format.ts";
import type { Document } from "../document.ts";
import { countCell, durationCell, numberWithoutUnitCell, quantityCell, textCell } from "../show.ts";
import { sentCell } from "./split-report.ts";

export interface InferRow {
  readonly cut: string;
  readonly sentBytes: number;
  readonly plannedJ: number;
  readonly processingJ: number;
  readonly radioJ: number;
  readonly totalJ: number;
  readonly airtimeS: number;
  readonly seconds: number;
  readonly finishedBy: "server" | "device";
  readonly why: string | undefined;
  /** Largest difference to the unsplit network; undefined: not asked for. */
  readonly differenceRatio: number | undefined;
}

export interface InferReport {
  readonly title: string;
  readonly rows: readonly InferRow[];
  readonly notes: readonly string[];
}

const MOST_ROWS = 40;

export function inferDocument({ title, rows, notes }: InferReport): Document {
  const isChecked = rows.some(({ differenceRatio }) => differenceRatio !== undefined);
  const sum = (of: (row: InferRow) => number) => rows.reduce((total, row) => total + of(row), 0);
  const alone = rows.filter(({ why }) => why !== undefined);
  return {
    title,
    sections: [
      {
        kind: "facts",
        facts: [
          { label: "inferences", cell: countCell(rows.length) },
          {
            label: "processing",
            cell: quantityCell(
              sum(({ processingJ }) => processingJ),
              "J",
            ),
          },
          {
            label: "radio",
            cell: quantityCell(
              sum(({ radioJ }) => radioJ),
              "J",
            ),
          },
          {
            label: "total",
            cell: quantityCell(
              sum(({ totalJ }) => totalJ),
              "J",
            ),
          },
          {
            label: "planned",
            cell: sentCell(
              sum(({ plannedJ }) => plannedJ),
              "J",
            ),
          },
        ],
      },
      {
        kind: "table",
        name: "inferences",
        main: true,
        limit: MOST_ROWS,
        columns: [
          { title: "cut after" },
          { title: "sent", align: "right" },
          { title: "planned", align: "right" },
          { title: "spent", align: "right" },
          { title: "processing", align: "right", priority: 3 },
          { title: "radio", align: "right", priority: 2 },
          { title: "on the air", align: "right", priority: 2 },
          { title: "took", align: "right", priority: 1 },
          { title: "finished by" },
          ...(isChecked ? [{ title: "difference", align: "right" as const }] : []),
        ],
        rows: rows.map((row) => [
          textCell(row.cut),
          quantityCell(row.sentBytes, "B"),
          sentCell(row.plannedJ, "J"),
          quantityCell(row.totalJ, "J"),
          quantityCell(row.processingJ, "J"),
          quantityCell(row.radioJ, "J"),
          durationCell(row.airtimeS),
          durationCell(row.seconds),
          textCell(row.finishedBy, row.why === undefined ? undefined : "warning"),
          ...(isChecked ? [numberWithoutUnitCell(row.differenceRatio)] : []),
        ]),
      },
      ...(alone.length > 0
        ? [
            {
              kind: "notes" as const,
              tone: "warning" as const,
              notes: [
                `the device finished ${alone.length} of ${rows.length} itself: ${[...new Set(alone.map(({ why }) => why))].slice(0, 3).join("; ")}; the message took ${formatQuantity(
                  sum(({ radioJ, why }) => (why === undefined ? 0 : radioJ)),
                  "J",
                )} in vain`,
              ],
            },
          ]
        : []),
      { kind: "notes", title: "Assumptions", notes },
    ],
  };
}
