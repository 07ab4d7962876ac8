// `compare` as a document: the verdict first, the difference with its interval, both sides, what a reader must know.
import type { Comparison } from "../../measure/compare.ts";
import { LEAST_COVERAGE, type Measurement } from "../../measure/measurement.ts";
import { formatQuantity, formatRatio } from "../../units/format.ts";
import type { Document, Fact, Section } from "../document.ts";
import { isModel, kindSentence, ofKind } from "../kind-words.ts";
import { durationCell, quantityCell, rangeCell, rangeText, ratioCell, textCell } from "../show.ts";
import { plural } from "../work-sections.ts";
import { kindWarnings } from "./measure-report.ts";

export interface CompareInput {
  readonly a: string;
  readonly b: string;
  readonly comparison: Comparison;
  readonly runsA: readonly Measurement[];
  readonly runsB: readonly Measurement[];
  readonly warnings: readonly string[];
}

/** Difference over the larger side's net joules; undefined where that is not above 0. */
export function differenceRatio({ a, b, differenceJ }: Comparison): number | undefined {
  const larger = Math.max(a?.netJ ?? 0, b?.netJ ?? 0);
  return differenceJ === undefined || larger <= 0 ? undefined : differenceJ / larger;
}

function verdictText(comparison: Comparison): string {
  const { verdict, differenceJ = 0, lowJ = 0, highJ = 0, reason } = comparison;
  if (verdict === "refused") return `refused: ${reason}`;
  const ratio = differenceRatio(comparison);
  const span = verdict === "a" ? rangeText(-highJ, -lowJ, "J") : rangeText(lowJ, highJ, "J");
  if (verdict === "no difference") return `no difference seen (95 %: ${span}); that does not say there is none`;
  const saved = `${formatQuantity(Math.abs(differenceJ), "J")} less`;
  const share = ratio === undefined ? "" : `, ${formatRatio(Math.abs(ratio))}`;
  return `${verdict.toUpperCase()} needs ${saved}${share} (95 %: ${span})`;
}

function facts({ a, b, comparison }: CompareInput): Fact[] {
  const method = comparison.method === "paired" ? "runs paired as they took turns" : "Welch's test";
  return [
    {
      label: "verdict",
      cell: {
        text: verdictText(comparison),
        ...(comparison.verdict === "refused" && { tone: "warning" as const }),
      },
    },
    { label: "A", cell: textCell(a) },
    { label: "B", cell: textCell(b) },
    { label: "method", cell: textCell(method) },
  ];
}

function sidesTable({ comparison, runsA, runsB }: CompareInput): Section {
  const sides = [
    ["A", comparison.a, runsA],
    ["B", comparison.b, runsB],
  ] as const;
  const kind = comparison.a?.kind ?? comparison.b?.kind ?? "measured";
  return {
    kind: "table",
    title: ofKind("Mean of the runs", kind),
    name: "sides",
    main: true,
    columns: [
      { title: "" },
      { title: "runs", align: "right", priority: 2 },
      { title: "net", align: "right" },
      { title: "low–high", align: "right", only: "screen", priority: 5 },
      { title: "gross", align: "right", priority: 3 },
      { title: "duration", align: "right" },
      { title: "mean power", align: "right", priority: 4 },
      { title: "coverage", align: "right", priority: 1 },
    ],
    rows: sides.flatMap(([name, side, runs]) =>
      side === undefined
        ? []
        : [
            [
              textCell(name),
              { text: String(runs.length), value: runs.length },
              quantityCell(side.netJ, "J"),
              rangeCell(side.netLowJ, side.netHighJ, "J"),
              quantityCell(side.grossJ, "J"),
              durationCell(side.durationS),
              quantityCell(side.meanPowerW, "W"),
              ratioCell(side.coverage),
            ],
          ],
    ),
  };
}

function runsTable({ runsA, runsB }: CompareInput): Section {
  const count = Math.max(runsA.length, runsB.length);
  return {
    kind: "table",
    title: "Each round",
    name: "runs",
    limit: 10,
    columns: [
      { title: "round", align: "right" },
      { title: "A net", align: "right" },
      { title: "B net", align: "right" },
      { title: "A − B", align: "right" },
      { title: "A time", align: "right", priority: 1 },
      { title: "B time", align: "right", priority: 1 },
    ],
    rows: Array.from({ length: count }, (_, i) => {
      const [a, b] = [runsA[i], runsB[i]];
      return [
        { text: String(i + 1), value: i + 1 },
        quantityCell(a?.netJ, "J"),
        quantityCell(b?.netJ, "J"),
        quantityCell(a?.netJ === undefined || b?.netJ === undefined ? undefined : a.netJ - b.netJ, "J"),
        durationCell(a?.durationS),
        durationCell(b?.durationS),
      ];
    }),
  };
}

export function compareDocument(input: CompareInput): Document {
  const { comparison, runsA, runsB, warnings } = input;
  const runs = [...runsA, ...runsB];
  const kinds = [...new Set(runs.map(({ kind }) => kind))];
  const loud = [...kindWarnings(runs), ...warnings];
  const quiet = [
    ...new Set([comparison.a, comparison.b].flatMap((side) => side?.remarks ?? [])),
    "the meter's tolerance errs alike for both and falls out of the difference as far as they draw alike",
    `a comparison is refused below ${formatRatio(LEAST_COVERAGE)} coverage`,
  ];
  return {
    title: "Which needs fewer joules?",
    subtitle: [
      ...kinds.filter((kind) => !isModel(kind)).map((kind) => kindSentence(kind, runs)),
      `${plural(Math.max(runsA.length, runsB.length), "round")}, A and B in turn`,
    ].join("; "),
    sections: [
      ...(loud.length > 0 ? [{ kind: "notes" as const, tone: "warning" as const, notes: loud }] : []),
      { kind: "facts", facts: facts(input) },
      sidesTable(input),
      runsTable(input),
      { kind: "notes", title: "Remarks", notes: quiet },
    ],
  };
}
