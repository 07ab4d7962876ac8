// What `collect` shows: how many samples of each layer type, how long their passes take, and what could not be run.
import { median } from "../../math/statistics.ts";
import type { SampleRow } from "../../predict/collect/sample-row.ts";
import type { Document, Section } from "../document.ts";
import { countCell, durationCell, quantityCell, textCell } from "../show.ts";

export interface CollectReport {
  readonly out: string;
  /** Collected now. */
  readonly rows: readonly SampleRow[];
  /** Points that the file held before. */
  readonly known: number;
  readonly failed: readonly { readonly id: string; readonly reason: string }[];
  readonly left: number;
  readonly interrupted: boolean;
  readonly remarks: readonly string[];
}

const numbers = (rows: readonly SampleRow[], column: string): number[] =>
  rows.flatMap((row) => (typeof row[column] === "number" ? [row[column]] : []));

const middle = (values: readonly number[]): number | undefined => (values.length > 0 ? median(values) : undefined);

function opRow(op: string, rows: readonly SampleRow[]) {
  const times = numbers(rows, "pass_s");
  return [
    textCell(op),
    countCell(rows.length),
    durationCell(Math.min(...times)),
    durationCell(median(times)),
    durationCell(Math.max(...times)),
    quantityCell(middle(numbers(rows, "energy_j")), "J"),
    quantityCell(middle(numbers(rows, "power_w")), "W"),
  ];
}

export function collectDocument({ out, rows, known, failed, left, interrupted, remarks }: CollectReport): Document {
  const ops = [...new Set(rows.map(({ op }) => String(op)))];
  const kinds = [...new Set(rows.map(({ energy_kind }) => String(energy_kind)))];
  const notes = [
    ...(kinds.length > 0 ? [`joules are ${kinds.join(" and ")}; pass_s is without the time of an empty call`] : []),
    ...(interrupted ? ["interrupted: the same command goes on where it ended"] : []),
    ...(left > 0 && !interrupted ? [`${left} points were not begun`] : []),
    ...failed.map(({ id, reason }) => `${id}: ${reason}`),
    ...remarks,
  ];
  const sections: Section[] = [
    {
      kind: "facts",
      facts: [
        { label: "collected", cell: countCell(rows.length) },
        { label: "there before", cell: countCell(known) },
        { label: "not run", cell: countCell(failed.length + left) },
      ],
    },
    {
      kind: "table",
      name: "types",
      main: true,
      title: "One pass, by layer type",
      columns: [
        { title: "type" },
        { title: "samples", align: "right" },
        { title: "shortest", align: "right" },
        { title: "median", align: "right" },
        { title: "longest", align: "right" },
        { title: "median energy", align: "right" },
        { title: "median power", align: "right", priority: 1 },
      ],
      rows: ops.map((op) =>
        opRow(
          op,
          rows.filter((row) => row.op === op),
        ),
      ),
    },
    ...(notes.length > 0 ? [{ kind: "notes" as const, title: "Remarks", notes }] : []),
  ];
  return { title: `Samples in ${out}`, sections };
}
