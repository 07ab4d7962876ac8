// What a reduction says to people: the network before and after, what that saves, by every metric and by the clock, and where the
// points lie between accuracy and joules.
import type { EpochRow, Score } from "../../learn/train/plan.ts";
import type { Measurement } from "../../measure/measurement.ts";
import { isClear, type NetworkRecord, type ReductionRecord, savedRatio } from "../../reduce/record.ts";
import type { Cell, Column, Document, Fact, LinesChart, Section } from "../document.ts";
import {
  energyFacts,
  epochSection,
  type SeedRow,
  scoreCell,
  scoreName,
  seedSection,
} from "../learning/train-report.ts";
import { countCell, durationCell, NOT_KNOWN_CELL, quantityCell, rangeCell, ratioCell, textCell } from "../show.ts";

/** A network on the chart: one of a grid, or of a schedule. */
export interface ReductionPoint {
  readonly label: string;
  /** Points of one series share a colour and a line. */
  readonly series: string;
  readonly accuracy: number;
  /** By metric; by the meter's kind ("measured", "modelled") for joules that a meter told. */
  readonly energyJ: Readonly<Record<string, number>>;
}

export interface ReductionReport {
  readonly title: string;
  readonly out: string | undefined;
  readonly settings: readonly (readonly [label: string, text: string])[];
  readonly record: ReductionRecord;
  /** Of the first seed; empty where nothing was trained. */
  readonly epochs?: readonly EpochRow[] | undefined;
  readonly seeds?: readonly SeedRow[] | undefined;
  /** Drawn beside before and after. */
  readonly points?: readonly ReductionPoint[] | undefined;
  /** Sections of the command's own, after the tables. */
  readonly sections?: readonly Section[] | undefined;
  /** Joules of reducing itself; undefined where nothing could be read. */
  readonly measurement: Measurement | undefined;
  /** Device of the metrics. */
  readonly device: string | undefined;
  readonly notes: readonly string[];
}

/** Joules per inference by what told them: a meter's under its kind, so that what is modelled is never called measured. */
export function joulesOf({ energyJ, measured }: NetworkRecord): Readonly<Record<string, number>> {
  return { ...(measured && { [measured.kind]: measured.perInferenceJ }), ...energyJ };
}

type Value = (record: NetworkRecord) => number | undefined;

interface Row {
  readonly label: string;
  readonly value: Value;
  readonly cell: (value: number | undefined, record: NetworkRecord) => Cell;
  /** What of it is saved. Default: the share. */
  readonly saved?: (record: ReductionRecord) => Cell;
}

const bytes = (value: number | undefined): Cell => quantityCell(value, "B");
const joules = (value: number | undefined): Cell => quantityCell(value, "J");

/** A share only where the intervals are apart. */
function meterSavedCell(record: ReductionRecord): Cell {
  const { before, after } = record;
  return isClear(record) === false
    ? textCell("no clear difference", "dim")
    : savedCell(savedRatio(before.measured?.perInferenceJ, after.measured?.perInferenceJ));
}

const hasZeros = ({ work, nonzero }: NetworkRecord): boolean => nonzero.params < work.params;

function rowsOf({ before, after }: ReductionRecord): readonly Row[] {
  const metrics = [...new Set([...Object.keys(before.energyJ), ...Object.keys(after.energyJ)])];
  const sparse = hasZeros(before) || hasZeros(after);
  const skipped = sparse ? Object.keys(after.nonzero.energyJ) : [];
  const meter = before.measured ?? after.measured;
  const rows: readonly (Row | undefined)[] = [
    { label: "MACs", value: ({ work }) => work.macs, cell: countCell },
    sparse ? { label: "MACs without zeros", value: ({ nonzero }) => nonzero.macs, cell: countCell } : undefined,
    { label: "parameters", value: ({ work }) => work.params, cell: countCell },
    sparse ? { label: "parameters not zero", value: ({ nonzero }) => nonzero.params, cell: countCell } : undefined,
    { label: "weights", value: ({ work }) => work.weightBytes, cell: bytes },
    before.time || after.time
      ? { label: "time per inference", value: ({ time }) => time?.medianS, cell: durationCell }
      : undefined,
    meter
      ? {
          label: `joules (${meter.kind})`,
          value: ({ measured }) => measured?.perInferenceJ,
          cell: joules,
          saved: meterSavedCell,
        }
      : undefined,
    meter
      ? {
          label: "… 95 % interval",
          value: () => undefined,
          cell: (_value, { measured }) => rangeCell(measured?.lowJ, measured?.highJ, "J"),
          saved: () => textCell(""),
        }
      : undefined,
    ...metrics.map((metric): Row => ({ label: metric, value: ({ energyJ }) => energyJ[metric], cell: joules })),
    ...skipped.map(
      (metric): Row => ({
        label: `${metric}, zeros skipped`,
        value: ({ nonzero }) => nonzero.energyJ[metric],
        cell: joules,
      }),
    ),
  ];
  return rows.filter((row) => row !== undefined);
}

const savedCell = (ratio: number | undefined): Cell => {
  if (ratio === undefined) return NOT_KNOWN_CELL;
  return ratio < 0 ? { ...ratioCell(ratio), tone: "warning" } : ratioCell(ratio);
};

/** "-0.42 points": percentage points of accuracy, or the loss's difference. */
function changeCell(before: Score | undefined, after: Score | undefined): Cell {
  if (before === undefined || after === undefined) return NOT_KNOWN_CELL;
  const isShare = before.accuracy !== undefined && after.accuracy !== undefined;
  const change = isShare ? (after.accuracy! - before.accuracy!) * 100 : after.loss - before.loss;
  const sign = change > 0 ? "+" : "";
  return { text: `${sign}${isShare ? `${change.toFixed(2)} points` : change.toPrecision(3)}`, value: change };
}

function tableSection(record: ReductionRecord, device: string | undefined): Section {
  const { before, after } = record;
  const columns: readonly Column[] = [
    { title: "" },
    { title: "before", align: "right" },
    { title: "after", align: "right" },
    { title: "saved", align: "right" },
  ];
  const meter = before.measured ?? after.measured;
  const captions = [
    ...(device === undefined ? [] : [`metrics are estimates for ${device}`]),
    ...(meter === undefined
      ? []
      : [`${meter.kind} joules ${meter.isNet ? "are those above idle" : "hold idle power too"}`]),
  ];
  const scored = before.score ?? after.score;
  const first =
    scored === undefined
      ? []
      : [
          [
            textCell(scoreName(scored)),
            scoreCell(before.score),
            scoreCell(after.score),
            changeCell(before.score, after.score),
          ],
        ];
  const rows = rowsOf(record).map(({ label, value, cell, saved }) => [
    textCell(label),
    cell(value(before), before),
    cell(value(after), after),
    saved?.(record) ?? savedCell(savedRatio(value(before), value(after))),
  ]);
  return {
    kind: "table",
    name: "network",
    main: true,
    title: "The network, per inference",
    ...(captions.length > 0 && { caption: captions.join("; ") }),
    columns,
    rows: [...first, ...rows],
  };
}

/** What a meter told, else op-energy, else the first that both have. */
function metricOf({ record: { before, after } }: ReductionReport): string | undefined {
  const [first, second] = [joulesOf(before), joulesOf(after)];
  const both = Object.keys(second).filter((metric) => first[metric] !== undefined);
  return [after.measured?.kind, "op-energy", ...both].find((metric) => metric !== undefined && both.includes(metric));
}

/** Accuracy over joules; nothing where one of them is not known. */
export function accuracyChart(report: ReductionReport): LinesChart | undefined {
  const metric = metricOf(report);
  const { before, after } = report.record;
  if (metric === undefined || before.score?.accuracy === undefined || after.score?.accuracy === undefined)
    return undefined;
  const own = (label: string, record: NetworkRecord): ReductionPoint => ({
    label,
    series: label,
    accuracy: record.score!.accuracy!,
    energyJ: joulesOf(record),
  });
  const points = [own("before", before), ...(report.points ?? []), own("after", after)].filter(
    ({ energyJ }) => energyJ[metric] !== undefined,
  );
  const names = [...new Set(points.map(({ series }) => series))];
  return {
    kind: "lines",
    title: "Accuracy and joules",
    note: `joules per inference: ${metric}`,
    x: "joules per inference",
    xUnit: "J",
    y: "accuracy",
    yUnit: "ratio",
    mark: "dots",
    series: names.map((name) => {
      const own = points.filter(({ series }) => series === name);
      return {
        name,
        points: own.map(({ energyJ, accuracy }) => [energyJ[metric]!, accuracy] as const),
        labels: own.map(({ label }) => label),
      };
    }),
  };
}

export function reductionDocument(report: ReductionReport): Document {
  const { title, out, settings, record, epochs = [], seeds = [], measurement, device, notes, sections = [] } = report;
  const chart = accuracyChart(report);
  const facts: readonly Fact[] = [
    ...settings.map(([label, text]) => ({ label, cell: textCell(text) })),
    ...(measurement === undefined ? [] : energyFacts(measurement)),
    ...(out === undefined ? [] : [{ label: "written to", cell: textCell(out) }]),
  ];
  return {
    title,
    sections: [
      ...(facts.length > 0 ? [{ kind: "facts", facts } as const] : []),
      tableSection(record, device),
      ...(epochs.length > 0 ? [epochSection(epochs)] : []),
      ...seedSection(seeds),
      ...sections,
      ...(chart === undefined ? [] : [{ kind: "chart", chart } as const]),
      ...(notes.length > 0 ? [{ kind: "notes", title: "Remarks", notes } as const] : []),
    ],
  };
}
