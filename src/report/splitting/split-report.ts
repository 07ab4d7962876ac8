// A split as a document: every cut with its joules, the best, the front; along a path the choice and what never changing would cost.
import type { CostTable } from "../../split/costs.ts";
import type { CutAnswer } from "../../split/decide.ts";
import type { Path, PathTotals, Place } from "../../split/trajectory.ts";
import type { Cell, Document, Fact, Section } from "../document.ts";
import { countCell, durationCell, numberWithoutUnitCell, quantityCell, textCell } from "../show.ts";

/** Rows of the table of cuts in a terminal. */
const MOST_ROWS = 30;

/** Said wherever the raw input is left out or would win. */
export const PRIVACY =
  "the raw input is not among the choices: who receives it sees what the device saw; --allow-raw lets it be sent";

const NEVER: Cell = { text: "never", tone: "warning" };

/** Joules or seconds of sending; without end: never. */
export const sentCell = (value: number | undefined, unit: "J" | "s"): Cell =>
  value === Number.POSITIVE_INFINITY ? NEVER : unit === "J" ? quantityCell(value, "J") : durationCell(value);

export interface SplitReport {
  readonly title: string;
  readonly facts: readonly Fact[];
  /** All cuts, the raw input among them where it can be sent. */
  readonly table: CostTable;
  readonly answers: readonly CutAnswer[];
  /** Index in `answers`; undefined: none meets the limits. */
  readonly best: number | undefined;
  readonly pareto: readonly number[];
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  /** Between the table of cuts and the notes. */
  readonly extra: readonly Section[];
}

function cutTable({ table, answers, best, pareto }: SplitReport): Section {
  const front = new Set(pareto);
  const hasTimes = answers.some(({ latencyS }) => latencyS !== undefined);
  const hasServer = answers.some(({ serverJ }) => serverJ !== undefined);
  return {
    kind: "table",
    name: "cuts",
    main: true,
    limit: MOST_ROWS,
    title: "Cuts",
    columns: [
      { title: "after" },
      { title: "" },
      { title: "sent", align: "right" },
      { title: "device", align: "right" },
      { title: "radio", align: "right" },
      { title: "total", align: "right" },
      ...(hasServer ? [{ title: "server", align: "right" as const, priority: 2 }] : []),
      ...(hasTimes ? [{ title: "latency", align: "right" as const, priority: 1 }] : []),
    ],
    rows: answers.map((answer, i) => {
      const cut = table.cuts[i]!;
      const marks = [
        i === best ? "best" : front.has(i) ? "front" : "",
        cut.isRaw ? "raw" : "",
        cut.isLocal ? "local" : "",
      ];
      return [
        textCell(cut.after),
        textCell(marks.filter((mark) => mark !== "").join(", ")),
        quantityCell(table.bits[i]! / 8, "B"),
        quantityCell(answer.deviceJ, "J"),
        sentCell(answer.radioJ, "J"),
        sentCell(answer.totalJ, "J"),
        ...(hasServer ? [quantityCell(answer.serverJ, "J")] : []),
        ...(hasTimes ? [sentCell(answer.latencyS, "s")] : []),
      ];
    }),
  };
}

/** Joules of the device by cut: processing grows, sending shrinks, their sum has its least somewhere between. */
function cutChart({ table, answers }: SplitReport): Section {
  const series = (name: string, of: (answer: CutAnswer) => number) => ({
    name,
    points: answers.flatMap((answer, i) =>
      Number.isFinite(of(answer)) ? [[table.cuts[i]!.layers, of(answer)] as const] : [],
    ),
    labels: answers.flatMap((answer, i) => (Number.isFinite(of(answer)) ? [table.cuts[i]!.after] : [])),
  });
  return {
    kind: "chart",
    chart: {
      kind: "lines",
      title: "Joules of the device by cut",
      note: "Processing grows with the layers on the device; what is sent depends on the place.",
      x: "layers on the device",
      y: "energy (J)",
      yUnit: "J",
      logY: true,
      mark: "dots",
      series: [
        series("processing", ({ deviceJ }) => deviceJ),
        series("radio", ({ radioJ }) => radioJ),
        series("total", ({ totalJ }) => totalJ),
      ],
    },
  };
}

export function splitDocument(report: SplitReport): Document {
  const { title, facts, notes, warnings, extra } = report;
  return {
    title,
    sections: [
      { kind: "facts", facts },
      ...(warnings.length > 0 ? [{ kind: "notes" as const, tone: "warning" as const, notes: warnings }] : []),
      cutTable(report),
      cutChart(report),
      ...extra,
      { kind: "notes", title: "Assumptions", notes },
    ],
  };
}

/** One way to choose along a path. */
export interface PathRow {
  /** "ps", "psnc", "pool1", "softmax", "raw". */
  readonly id: string;
  readonly what: string;
  readonly table: CostTable;
  readonly path: Path;
  readonly totals: PathTotals;
}

/** What the choice costs along a path beside what never changes. */
export function pathSections(places: readonly Place[], rows: readonly PathRow[]): readonly Section[] {
  const [own] = rows;
  if (own === undefined) return [];
  const totalAt = ({ path }: PathRow, place: number) => path.deviceJ[place]! + path.radioJ[place]!;
  const isLong = places.length > 2000;
  return [
    {
      kind: "table",
      name: "totals",
      title: `Along ${places.length} places`,
      ...(rows.some(({ totals }) => totals.never > 0) && {
        caption:
          "places where a choice never gets through are in none of its sums: compare the means, and how many those are",
      }),
      columns: [
        { title: "choice" },
        { title: "what it is", wrap: true },
        { title: "total", align: "right" },
        { title: "processing", align: "right" },
        { title: "radio", align: "right" },
        { title: "mean", align: "right", priority: 3 },
        { title: "never sent", align: "right", priority: 2 },
      ],
      rows: rows.map(({ id, what, totals }) => [
        textCell(id),
        textCell(what),
        quantityCell(totals.energyJ, "J"),
        quantityCell(totals.processingJ, "J"),
        quantityCell(totals.radioJ, "J"),
        quantityCell(totals.meanJ, "J"),
        countCell(totals.never),
      ]),
    },
    {
      kind: "table",
      name: "steps",
      title: "The chosen cut",
      limit: MOST_ROWS,
      columns: [
        { title: "place" },
        { title: "gain", align: "right" },
        { title: "cut after" },
        { title: "processing", align: "right" },
        { title: "radio", align: "right" },
        { title: "total", align: "right" },
      ],
      rows: (isLong ? places.slice(0, 2000) : places).map(({ label, gainRatio }, i) => [
        textCell(label),
        numberWithoutUnitCell(gainRatio),
        textCell(own.table.cuts[own.path.cut[i]!]?.after),
        quantityCell(own.path.deviceJ[i], "J"),
        sentCell(own.path.radioJ[i], "J"),
        sentCell(totalAt(own, i), "J"),
      ]),
    },
    {
      kind: "chart",
      chart: {
        kind: "lines",
        title: "Joules per inference along the path",
        note: isLong ? "The first 2,000 places." : "Each dot is one inference at one place.",
        x: "place",
        y: "energy (J)",
        yUnit: "J",
        logY: true,
        mark: "dots",
        series: rows.map((row) => ({
          name: row.id,
          points: Array.from(
            { length: Math.min(places.length, 2000) },
            (_, i) => [i + 1, totalAt(row, i)] as const,
          ).filter(([, energyJ]) => Number.isFinite(energyJ)),
        })),
      },
    },
  ];
}
