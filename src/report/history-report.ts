// Earlier runs as documents: the list, one run in full, and what an import brought in. Takes what the store holds as plain data.

import { accountOf } from "../measure/energy.ts";
import type { Measurement, SourceEnergy } from "../measure/measurement.ts";
import { originWarnings } from "../measure/origin.ts";
import type { SourceInfo } from "../measure/power-source.ts";
import type { Recording, Window } from "../measure/trace.ts";
import { formatDuration } from "../units/format.ts";
import type { Cell, ChartSection, Column, Document, Fact, NotesSection, TableSection } from "./document.ts";
import { kindCell } from "./kind-words.ts";
import { countCell, durationCell, NOT_KNOWN_CELL, quantityCell, rangeCell, ratioCell, textCell } from "./show.ts";

/** One run as the list shows it. */
export interface HistoryLine {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly command: string;
  readonly netJ: number | undefined;
  readonly durationS: number;
  readonly kind: Measurement["kind"] | undefined;
  readonly complete: boolean;
  /** "replay" or "other root" when its readings are not of this machine then. */
  readonly origin?: string;
}

/** One run in full. */
export interface HistoryRun extends Omit<HistoryLine, "netJ" | "origin"> {
  readonly exitCode?: number;
  /** The whole run first. */
  readonly measurements: readonly Measurement[];
  readonly windows: readonly Window[];
  readonly sources: readonly Pick<SourceInfo, "origin">[];
  /** The machine, by what is known of it. */
  readonly environment: Readonly<Partial<Record<"os" | "cpuModel" | "kernel" | "container" | "joulecast", string>>> & {
    readonly cores?: number;
    readonly memoryBytes?: number;
    readonly gpus: readonly string[];
  };
  readonly provenance: readonly string[];
}

/** One run that came in from another tool's file. */
export interface ImportedLine extends Omit<HistoryLine, "netJ" | "complete" | "origin"> {
  readonly file: string;
  readonly grossJ: number | undefined;
  /** Was in the store already: nothing was added. */
  readonly known: boolean;
}

/** "2026-01-31 12:34" for the eye, the whole time for CSV. */
const startCell = (startedAt: string): Cell => ({ text: startedAt.slice(0, 16).replace("T", " "), value: startedAt });
const kindOrNoneCell = (kind: Measurement["kind"] | undefined): Cell =>
  kind === undefined ? NOT_KNOWN_CELL : kindCell(kind);
/** Marks a run that was killed; the note below the table says what it means. */
const DAGGER = " †";
/** Marks a run whose readings are not of this machine then; also said below the table. */
const DOUBLE_DAGGER = " ‡";
const kindAndStateCell = ({ kind, complete, origin }: HistoryLine): Cell => {
  const marks = `${complete ? "" : DAGGER}${origin === undefined ? "" : DOUBLE_DAGGER}`;
  if (marks === "") return kindOrNoneCell(kind);
  return { text: `${kind ?? NOT_KNOWN_CELL.text}${marks}`, value: kind ?? "", tone: "warning" };
};

const RUN_COLUMNS: readonly Column[] = [
  { title: "run" },
  { title: "started (UTC)", priority: 4 },
  { title: "command" },
  { title: "net", align: "right" },
  { title: "duration", align: "right", priority: 1 },
  { title: "kind", priority: 3 },
  { title: "state", only: "data" },
  { title: "origin", only: "data" },
];

/** What a filter left, said in the subtitle: "since 2026-01-01". */
export function historyDocument(runs: readonly HistoryLine[], filter: readonly string[] = []): Document {
  const title = "Earlier runs";
  const none = filter.length > 0 ? "No run fits." : "No runs yet: `joulecast measure -- COMMAND` records one.";
  const incomplete = runs.filter(({ complete }) => !complete).length;
  const elsewhere = runs.filter(({ origin }) => origin !== undefined).length;
  const notes = [
    ...(runs.length === 0
      ? [none]
      : [`${runs.length} ${runs.length === 1 ? "run" : "runs"}; \`joulecast history ID\` shows one in full`]),
    ...(incomplete > 0 ? [`† ${incomplete} incomplete: killed while running, recovered from the journal`] : []),
    ...(elsewhere > 0 ? [`‡ ${elsewhere} not read of this machine then: replayed, or read below JOULECAST_ROOT`] : []),
  ];
  const table: TableSection = {
    kind: "table",
    name: "runs",
    main: true,
    columns: RUN_COLUMNS,
    rows: runs.map((run) => [
      textCell(run.id),
      startCell(run.startedAt),
      textCell(run.command),
      quantityCell(run.netJ, "J"),
      durationCell(run.durationS),
      kindAndStateCell(run),
      textCell(run.complete ? "complete" : "incomplete"),
      textCell(run.origin ?? ""),
    ]),
  };
  return {
    title,
    ...(filter.length > 0 && { subtitle: filter.join(" · ") }),
    sections: [table, { kind: "notes", notes }],
  };
}

/** Sums of other tools come without doubts: of them neither interval nor coverage is known. */
const isSum = ({ doubts }: { readonly doubts: Measurement["doubts"] }): boolean => doubts.length === 0;
const intervalCell = (m: Measurement): Cell => (isSum(m) ? NOT_KNOWN_CELL : rangeCell(m.netLowJ, m.netHighJ, "J"));
const coverageCell = (of: Measurement | SourceEnergy): Cell => ratioCell(isSum(of) ? undefined : of.coverage);

function energyFacts(whole: Measurement | undefined): readonly Fact[] {
  if (whole === undefined) return [{ label: "energy", cell: textCell("nothing was measured", "warning") }];
  return [
    { label: "net", cell: quantityCell(whole.netJ, "J") },
    { label: "95 % interval", cell: intervalCell(whole) },
    { label: "gross", cell: quantityCell(whole.grossJ, "J") },
    { label: "baseline", cell: quantityCell(whole.baselineJ, "J") },
    { label: "mean power", cell: quantityCell(whole.meanPowerW, "W") },
    { label: "peak power", cell: quantityCell(whole.peakPowerW, "W") },
    { label: "coverage", cell: coverageCell(whole) },
  ];
}

function machineFacts({ environment }: HistoryRun): readonly Fact[] {
  const { cpuModel, cores, memoryBytes, gpus, os, kernel, container, joulecast } = environment;
  const known: readonly (readonly [string, Cell | undefined])[] = [
    ["CPU", cpuModel === undefined ? undefined : textCell(cpuModel)],
    ["logical cores", cores === undefined ? undefined : countCell(cores)],
    ["memory", memoryBytes === undefined ? undefined : quantityCell(memoryBytes, "B")],
    ["GPUs", gpus.length === 0 ? undefined : textCell(gpus.join("; "))],
    ["system", os === undefined ? undefined : textCell(os)],
    ["kernel", kernel === undefined ? undefined : textCell(kernel)],
    ["container", container === undefined ? undefined : textCell(container)],
    ["joulecast", joulecast === undefined ? undefined : textCell(joulecast)],
  ];
  return known.flatMap(([label, cell]) => (cell === undefined ? [] : [{ label, cell }]));
}

function windowTable({ measurements, windows }: HistoryRun): TableSection {
  return {
    kind: "table",
    title: "Windows",
    name: "windows",
    main: true,
    limit: 20,
    columns: [
      { title: "window" },
      { title: "from", align: "right", priority: 1 },
      { title: "duration", align: "right" },
      { title: "gross", align: "right", priority: 2 },
      { title: "net", align: "right" },
      { title: "net 95 %", align: "right", only: "screen", priority: 3 },
      { title: "net low", only: "data" },
      { title: "net high", only: "data" },
      { title: "mean power", align: "right", priority: 2 },
      { title: "coverage", align: "right", priority: 1 },
      { title: "kind", priority: 1 },
    ],
    rows: measurements.map((m) => [
      textCell(m.window),
      durationCell(windows.find(({ name }) => name === m.window)?.fromS),
      durationCell(m.durationS),
      quantityCell(m.grossJ, "J"),
      quantityCell(m.netJ, "J"),
      intervalCell(m),
      quantityCell(isSum(m) ? undefined : m.netLowJ, "J"),
      quantityCell(isSum(m) ? undefined : m.netHighJ, "J"),
      quantityCell(m.meanPowerW, "W"),
      coverageCell(m),
      kindCell(m.kind),
    ]),
  };
}

const partCell = ({ counted, info }: SourceEnergy): Cell =>
  counted ? textCell("counted") : textCell(info.partOf === undefined ? "not counted" : `part of ${info.partOf}`, "dim");

function componentTable(whole: Measurement): TableSection {
  return {
    kind: "table",
    title: "Components",
    name: "components",
    caption: "of the whole run",
    columns: [
      { title: "source" },
      { title: "domain", priority: 2 },
      { title: "kind", priority: 4 },
      { title: "gross", align: "right" },
      { title: "net", align: "right" },
      { title: "mean power", align: "right", priority: 3 },
      { title: "coverage", align: "right", priority: 1 },
      { title: "in the total", priority: 2 },
    ],
    rows: whole.sources.map((source) => [
      textCell(source.info.id),
      textCell(source.info.domain),
      kindCell(source.kind),
      quantityCell(source.grossJ, "J"),
      quantityCell(source.netJ, "J"),
      quantityCell(source.meanPowerW, "W"),
      coverageCell(source),
      partCell(source),
    ]),
  };
}

/** Points of a curve in the chart. */
const CHART_POINTS = 300;

/** Mean power between equally spaced times, one curve per source; no points where there are no readings. */
function powerChart({ measurements, durationS }: HistoryRun, recording: Recording): ChartSection[] {
  const stepS = durationS / CHART_POINTS;
  const series = recording.traces.map((trace) => {
    const { curves } = accountOf(trace);
    const points = Array.from({ length: CHART_POINTS }, (_, i) => i * stepS).flatMap((fromS): [number, number][] => {
      const curve = curves.find((one) => one.fromS <= fromS && one.toS >= fromS + stepS);
      return curve ? [[fromS + stepS / 2, (curve.energyJ(fromS + stepS) - curve.energyJ(fromS)) / stepS]] : [];
    });
    const isCounted = measurements[0]?.sources.find(({ info }) => info.id === trace.info.id)?.counted !== false;
    return { name: isCounted ? trace.info.id : `${trace.info.id} (not counted)`, points };
  });
  const drawn = series.filter(({ points }) => points.length > 0);
  if (drawn.length === 0 || !(durationS > 0)) return [];
  return [
    {
      kind: "chart",
      chart: {
        kind: "lines",
        title: "Power over the run",
        note: `Means over ${formatDuration(stepS)}, idle time included; a curve has gaps where readings are missing.`,
        x: "time",
        y: "power",
        xUnit: "s",
        yUnit: "W",
        series: drawn,
      },
    },
  ];
}

const notesOf = (title: string | undefined, notes: readonly string[], tone?: "warning"): NotesSection[] =>
  notes.length === 0 ? [] : [{ kind: "notes", notes, ...(title !== undefined && { title }), ...(tone && { tone }) }];

/**
 * One run: what it drew, in which windows, by which components, on which machine, and how that is known.
 * @param recording its samples, for the chart. Default: no chart
 */
export function runDocument(run: HistoryRun, recording?: Recording): Document {
  const whole = run.measurements[0];
  const elsewhere = notesOf(undefined, originWarnings(run.sources), "warning");
  const killed: NotesSection = {
    kind: "notes",
    tone: "warning",
    notes: ["incomplete: it was killed while running; what is here was recovered from its journal"],
  };
  return {
    title: `Run ${run.id}`,
    subtitle: run.command,
    sections: [
      ...(run.complete ? [] : [killed]),
      ...elsewhere,
      {
        kind: "facts",
        facts: [
          { label: "started", cell: textCell(run.startedAt) },
          { label: "duration", cell: durationCell(run.durationS) },
          { label: "kind", cell: kindOrNoneCell(run.kind) },
          ...(run.exitCode === undefined ? [] : [{ label: "exit code", cell: textCell(String(run.exitCode)) }]),
          ...energyFacts(whole),
        ],
      },
      ...(whole === undefined ? [] : [windowTable(run), componentTable(whole)]),
      ...(recording === undefined ? [] : powerChart(run, recording)),
      ...notesOf("Remarks", whole?.remarks ?? []),
      ...notesOf("How it came about", run.provenance),
      { kind: "facts", title: "Machine", facts: machineFacts(run) },
    ],
  };
}

/** What came in, file by file. */
export function importDocument(runs: readonly ImportedLine[], remarks: readonly string[]): Document {
  const added = runs.filter(({ known }) => !known).length;
  const twice = runs.length - added;
  return {
    title: `${added} ${added === 1 ? "run" : "runs"} imported`,
    sections: [
      {
        kind: "table",
        name: "runs",
        main: true,
        columns: [
          { title: "run" },
          { title: "file", priority: 1 },
          { title: "started (UTC)", priority: 2 },
          { title: "name" },
          { title: "gross", align: "right" },
          { title: "duration", align: "right", priority: 4 },
          { title: "kind", priority: 5 },
          { title: "", priority: 6 },
        ],
        rows: runs.map((run) => [
          textCell(run.id),
          textCell(run.file),
          startCell(run.startedAt),
          textCell(run.command),
          quantityCell(run.grossJ, "J"),
          durationCell(run.durationS),
          kindOrNoneCell(run.kind),
          textCell(run.known ? "known" : "new"),
        ]),
      },
      {
        kind: "notes",
        notes: [
          ...remarks,
          ...(twice > 0 ? [`${twice} in the store already: left as ${twice === 1 ? "it is" : "they are"}`] : []),
          "`joulecast history ID` shows one in full",
        ],
      },
    ],
  };
}
