// `measure` as a document: the joules with their interval, by component, by run, beside the estimates, and what a reader must know.
// It arranges; every joule was computed before. Modelled joules are called so in every heading.
import type { FirstSecond, PowerCourse } from "../../measure/ledger.ts";
import type { LoadShare } from "../../measure/load.ts";
import { LEAST_COVERAGE, type Measurement, type SourceEnergy } from "../../measure/measurement.ts";
import type { Unusable } from "../../measure/power-source.ts";
import type { PerInference } from "../../measure/repeats.ts";
import { formatDuration, formatQuantity, formatRatio } from "../../units/format.ts";
import type { Cell, Column, Document, Fact, Section } from "../document.ts";
import { isLoud, KIND_WORDS, kindCell, kindSentence, ofKind, originNotes } from "../kind-words.ts";
import {
  countCell,
  durationCell,
  massCell,
  moneyCell,
  NOT_KNOWN_CELL,
  numberWithoutUnitCell,
  quantityCell,
  rangeCell,
  rangeText,
  ratioCell,
  textCell,
} from "../show.ts";
import { plural } from "../work-sections.ts";

/** A published metric's answer beside the measured one. */
export interface ComparedEstimate {
  readonly device: string;
  readonly metric: string;
  readonly perInferenceJ: number;
  readonly lowJ: number;
  readonly highJ: number;
  /** estimate / measured net − 1; undefined where the interval of net is not all above 0. */
  readonly errorRatio: number | undefined;
}

/** One command, or one batch of a network: its repeats and their mean. */
export interface MeasuredRow {
  readonly name: string;
  readonly batch: number | undefined;
  readonly each: readonly Measurement[];
  readonly mean: Measurement;
  readonly load: readonly LoadShare[];
  /** In one run, where known. */
  readonly inferences: number | undefined;
  readonly perInference: PerInference | undefined;
  /** Time of one inference, s. */
  readonly inferenceS: number | undefined;
  /** Of net and of gross joules, kg. */
  readonly co2eKg: number | undefined;
  readonly grossCo2eKg: number | undefined;
  readonly cost: { readonly amount: number; readonly currency: string } | undefined;
  readonly estimates: readonly ComparedEstimate[];
  /** Of a command: a network is warmed up in runs of its own. */
  readonly firstSecond?: FirstSecond | undefined;
}

/** What the sampler did. */
export interface SamplerCost {
  readonly rateHz: number;
  /** Share of one core. */
  readonly coreRatio: number;
  readonly memoryBytes: number;
}

export interface MeasureInput {
  readonly title: string;
  readonly rows: readonly MeasuredRow[];
  /** Windows and epochs that the program set. */
  readonly windows: readonly Measurement[];
  /** Power over the whole recording, idle time included. */
  readonly power: readonly PowerCourse[];
  readonly unusable: readonly Unusable[];
  readonly sampler: SamplerCost | undefined;
  /** Exit code of the program; undefined for a network. */
  readonly exitCode: number | undefined;
  /** What all numbers assume: the grid, the price. */
  readonly assumptions: readonly string[];
  /** What went wrong or is missing. */
  readonly warnings: readonly string[];
}

const right = (title: string, priority = 0): Column => ({ title, align: "right", priority });
const energyCell = (energyJ: number | undefined) => quantityCell(energyJ, "J");

const withInterval = (valueJ: number | undefined, lowJ: number | undefined, highJ: number | undefined): Cell =>
  valueJ === undefined
    ? NOT_KNOWN_CELL
    : { text: `${formatQuantity(valueJ, "J")} (95 %: ${rangeText(lowJ, highJ, "J")})` };

/** Whether joules are known of a part of the time only. */
const isPartial = ({ coverage, netJ }: Measurement): boolean => netJ !== undefined && coverage < LEAST_COVERAGE;

/** The numbers of one row. */
function measurementFacts(row: MeasuredRow): Fact[] {
  const { mean, each, perInference, inferences } = row;
  const { kind, grossJ, baselineJ, durationS, meanPowerW, peakPowerW, coverage } = mean;
  // Words, not numbers to be set right: they stand among intervals.
  const fact = (label: string, { text, tone }: Cell): Fact => ({ label, cell: { text, tone } });
  const optional = <T>(value: T | undefined, make: (value: T) => Fact): Fact[] =>
    value === undefined ? [] : [make(value)];
  const of = isPartial(mean) ? " while covered" : "";
  return [
    fact(ofKind(`net energy${of}`, kind), withInterval(mean.netJ, mean.netLowJ, mean.netHighJ)),
    ...(isPartial(mean) ? [fact("interval", textCell("of the whole time: what was not seen is in it"))] : []),
    fact(`gross${of}`, energyCell(grossJ)),
    fact("baseline", energyCell(baselineJ)),
    fact(each.length > 1 ? "duration, mean" : "duration", durationCell(durationS)),
    fact(`mean power${of}`, quantityCell(meanPowerW, "W")),
    ...optional(row.firstSecond, ({ grossJ: startJ, meanPowerW: startW, restPowerW }) =>
      fact("first second", {
        text: `${formatQuantity(startW, "W")}, then ${formatQuantity(restPowerW, "W")}; ${formatQuantity(startJ, "J")} of the gross`,
      }),
    ),
    ...optional(peakPowerW, (value) => fact("peak power", quantityCell(value, "W"))),
    ...optional(perInference, ({ perInferenceJ, lowJ, highJ }) =>
      fact(ofKind("per inference", kind), withInterval(perInferenceJ, lowJ, highJ)),
    ),
    ...optional(inferences, (value) =>
      fact("inferences in a run", Number.isInteger(value) ? countCell(value) : numberWithoutUnitCell(value)),
    ),
    ...optional(row.co2eKg, (value) => fact(`CO2e of net${of && ","}${of}`, massCell(value))),
    ...optional(row.grossCo2eKg, (value) => fact(`CO2e of gross${of && ","}${of}`, massCell(value))),
    ...optional(row.cost, (value) => fact(`cost of net${of && ","}${of}`, moneyCell(value))),
    fact("coverage", { ...ratioCell(coverage), ...(coverage < LEAST_COVERAGE && { tone: "warning" as const }) }),
  ];
}

const ROW_COLUMNS: readonly Column[] = [
  { title: "batch", align: "right" },
  right("J per inference"),
  { ...right("low–high", 6), only: "screen" },
  right("time each", 4),
  right("net"),
  right("gross", 2),
  right("mean power", 3),
  right("coverage", 1),
];

function rowsTable(rows: readonly MeasuredRow[]): Section[] {
  if (rows.length < 2) return [];
  const kinds = [...new Set(rows.map(({ mean }) => mean.kind))];
  return [
    {
      kind: "table",
      title: ofKind("Energy by batch", kinds[0]!),
      caption: `Net of idle power; 95 % intervals. ${kinds.map((kind) => KIND_WORDS[kind]).join("; ")}.`,
      name: "batches",
      main: true,
      columns: ROW_COLUMNS,
      rows: rows.map(({ name, batch, mean, perInference: each, inferenceS }) => [
        batch === undefined ? textCell(name) : countCell(batch),
        energyCell(each?.perInferenceJ),
        rangeCell(each?.lowJ, each?.highJ, "J"),
        durationCell(inferenceS),
        energyCell(mean.netJ),
        energyCell(mean.grossJ),
        quantityCell(mean.meanPowerW, "W"),
        ratioCell(mean.coverage),
      ]),
    },
  ];
}

/** Of the covered time: NaN, and so not known, where nothing was read. */
const idlePowerW = ({ baselineJ, grossJ, meanPowerW }: SourceEnergy): number | undefined =>
  baselineJ === undefined || grossJ === undefined || meanPowerW === undefined
    ? undefined
    : (baselineJ / grossJ) * meanPowerW;

const addedCell = ({ counted }: SourceEnergy): Cell => textCell(counted ? "yes" : "no");

function componentsTable(rows: readonly MeasuredRow[]): Section {
  const many = rows.length > 1;
  const parts = rows.some(({ mean }) => mean.sources.some(({ counted }) => !counted));
  return {
    kind: "table",
    title: "By component",
    name: "components",
    main: !many,
    columns: [
      ...(many ? [{ title: "batch", group: true }] : []),
      { title: "source" },
      { title: "domain", priority: 3 },
      { title: "kind" },
      right("gross", 5),
      right("idle power", 4),
      right("net"),
      right("mean power", 6),
      right("coverage", 2),
      ...(parts ? [{ title: "added", priority: 1 }] : []),
    ],
    rows: rows.flatMap(({ name, mean }) =>
      mean.sources.map((source) => [
        ...(many ? [textCell(name)] : []),
        textCell(source.info.id),
        textCell(source.info.domain),
        kindCell(source.kind),
        energyCell(source.grossJ),
        quantityCell(idlePowerW(source), "W"),
        energyCell(source.netJ),
        quantityCell(source.meanPowerW, "W"),
        ratioCell(source.coverage),
        ...(parts ? [addedCell(source)] : []),
      ]),
    ),
  };
}

/** Measurements one below the other: repeats, windows, epochs. */
function measurementsTable(title: string, name: string, first: string, list: readonly Measurement[]): Section[] {
  if (list.length === 0) return [];
  return [
    {
      kind: "table",
      title,
      name,
      limit: 12,
      columns: [
        { title: first },
        right("duration", 2),
        right("net"),
        { ...right("low–high", 5), only: "screen" },
        right("gross", 3),
        right("mean power", 4),
        right("coverage", 1),
      ],
      rows: list.map((one) => [
        textCell(one.window),
        durationCell(one.durationS),
        energyCell(one.netJ),
        rangeCell(one.netLowJ, one.netHighJ, "J"),
        energyCell(one.grossJ),
        quantityCell(one.meanPowerW, "W"),
        ratioCell(one.coverage),
      ]),
    },
  ];
}

const signed = (ratio: number | undefined): Cell =>
  ratio === undefined
    ? textCell(undefined)
    : { text: `${ratio > 0 ? "+" : ratio < 0 ? "−" : ""}${formatRatio(Math.abs(ratio))}`, value: ratio };

function estimatesTable(rows: readonly MeasuredRow[]): Section[] {
  const kinds = new Set(rows.map(({ mean }) => mean.kind));
  const against = kinds.has("measured") || kinds.has("integrated") ? "read" : "modelled";
  const lines = rows.flatMap((row) => row.estimates.map((estimate) => ({ row, estimate })));
  if (lines.length === 0) return [];
  const many = rows.length > 1;
  return [
    {
      kind: "table",
      title: "Estimates beside it, per inference",
      caption: `Error: estimate over net ${against} joules, less one. tdp and green-algorithms multiply by the time of this run.`,
      name: "estimates",
      columns: [
        ...(many ? [{ title: "batch", group: true }] : []),
        { title: "device", priority: 1 },
        { title: "metric" },
        right("estimate"),
        { ...right("low–high", 2), only: "screen" },
        right("error"),
      ],
      rows: lines.map(({ row, estimate }) => [
        ...(many ? [textCell(row.name)] : []),
        textCell(estimate.device),
        textCell(estimate.metric),
        energyCell(estimate.perInferenceJ),
        rangeCell(estimate.lowJ, estimate.highJ, "J"),
        signed(estimate.errorRatio),
      ]),
    },
  ];
}

function loadTable(rows: readonly MeasuredRow[]): Section[] {
  const many = rows.length > 1;
  const lines = rows.flatMap((row) => row.load.map((load) => ({ row, load })));
  if (lines.length === 0) return [];
  return [
    {
      kind: "table",
      title: "Utilisation",
      name: "utilisation",
      limit: 6,
      columns: [
        ...(many ? [{ title: "batch", group: true }] : []),
        { title: "part" },
        right("mean"),
        right("peak"),
        right("samples", 1),
      ],
      rows: lines.map(({ row, load }) => [
        ...(many ? [textCell(row.name)] : []),
        textCell(load.name),
        ratioCell(load.meanRatio),
        ratioCell(load.peakRatio),
        countCell(load.samples),
      ]),
    },
  ];
}

function doubtsTable(rows: readonly MeasuredRow[]): Section[] {
  const many = rows.length > 1;
  const lines = rows.flatMap((row) =>
    row.mean.doubts.filter(({ sigmaJ, missingJ }) => sigmaJ > 0 || missingJ).map((doubt) => ({ row, doubt })),
  );
  if (lines.length === 0) return [];
  return [
    {
      kind: "table",
      title: "What the interval is made of",
      caption: "Standard deviations; they add as squares.",
      name: "doubts",
      detail: many,
      columns: [
        ...(many ? [{ title: "batch", group: true }] : []),
        { title: "cause" },
        right("± (1 σ)"),
        right("share of net", 1),
      ],
      rows: lines.map(({ row, doubt }) => [
        ...(many ? [textCell(row.name)] : []),
        textCell(doubt.cause),
        energyCell(doubt.sigmaJ),
        ratioCell((row.mean.netJ ?? 0) > 0 ? doubt.sigmaJ / row.mean.netJ! : undefined),
      ]),
    },
  ];
}

function powerChart({ power, rows }: MeasureInput): Section[] {
  const drawn = power.filter(({ points }) => points.length > 1);
  if (drawn.length === 0) return [];
  const kinds = new Map(rows.flatMap(({ mean }) => mean.sources.map(({ info, kind }) => [info.id, kind] as const)));
  return [
    {
      kind: "chart",
      chart: {
        kind: "lines",
        title: "Power over time",
        note: "Mean power in even steps, from the first reading to the last: idle time, warm-up and all runs.",
        x: "time",
        y: "power",
        xUnit: "s",
        yUnit: "W",
        series: drawn.map(({ id, points }) => ({ name: ofKind(id, kinds.get(id) ?? "measured"), points })),
      },
    },
  ];
}

function provenanceTable(rows: readonly MeasuredRow[]): Section {
  const sources = new Map(rows.flatMap(({ mean }) => mean.sources.map(({ info }) => [info.id, info] as const)));
  return {
    kind: "table",
    detail: true,
    title: "Where the numbers come from",
    name: "sources",
    columns: [{ title: "source" }, { title: "how it is made, and what is outside", wrap: true }],
    rows: [...sources.values()].map(({ id, provenance }) => [textCell(id), textCell(provenance)]),
  };
}

/** Remarks that a reader must not miss: what was not read of this machine now, and everything about models. */
export function kindWarnings(measurements: readonly Measurement[]): string[] {
  const kinds = [...new Set(measurements.map(({ kind }) => kind))];
  return [...originNotes(measurements), ...kinds.flatMap((kind) => (isLoud(kind) ? [KIND_WORDS[kind]] : []))];
}

/** What low coverage makes of the numbers, in one sentence; none where all was seen well. */
export function coverageWarnings(measurements: readonly Measurement[]): string[] {
  const partial = measurements.filter(isPartial);
  if (partial.length === 0) return [];
  const least = Math.min(...partial.map(({ coverage }) => coverage));
  const named = [...new Set(partial.map(({ window }) => window))];
  const which = named.length > 4 ? `${named.length} windows` : named.join(", ");
  return [
    `coverage ${formatRatio(least)}, below ${formatRatio(LEAST_COVERAGE)} (${which}): joules are of the covered time only, and none are given per inference`,
  ];
}

function notes(input: MeasureInput): Section[] {
  const { rows, unusable, sampler, assumptions, exitCode } = input;
  const means = rows.map(({ mean }) => mean);
  const warnings = [
    ...kindWarnings(means),
    ...coverageWarnings([...means, ...input.windows]),
    ...(means.some(({ netHighJ }) => netHighJ !== undefined && netHighJ < 0)
      ? [
          "net is below 0: the machine did more while idle power was taken than in the run; close other programs or give a longer --idle",
        ]
      : []),
    ...input.warnings,
    ...(exitCode === undefined || exitCode === 0 ? [] : [`the program ended with exit code ${exitCode}`]),
  ];
  const plain = [
    ...new Set([...means, ...input.windows].flatMap(({ remarks }) => remarks)),
    ...(unusable.length > 0
      ? [`not read: ${unusable.map(({ id }) => id).join(", ")} (\`joulecast doctor\` says why, and what mends it)`]
      : []),
    ...assumptions,
    ...(sampler === undefined
      ? []
      : [
          `sampler: ${sampler.rateHz} reads per second, ${formatRatio(sampler.coreRatio)} of one core, ${formatQuantity(sampler.memoryBytes, "B")}, its joules included`,
        ]),
  ];
  return [
    ...(warnings.length > 0 ? [{ kind: "notes" as const, tone: "warning" as const, notes: warnings }] : []),
    ...(plain.length > 0 ? [{ kind: "notes" as const, title: "Remarks", notes: plain }] : []),
  ];
}

function subtitleOf({ rows }: MeasureInput): string {
  // Models are told of in a warning just below.
  const means = rows.map(({ mean }) => mean);
  const kinds = [...new Set(means.map(({ kind }) => kind))].filter((kind) => !isLoud(kind));
  const runs = rows[0]!.each.length;
  const repeats = rows.length > 1 ? `${rows.length} batches × ${plural(runs, "run")}` : plural(runs, "run");
  return [
    ...kinds.map((kind) => kindSentence(kind, means)),
    `${repeats} of ${formatDuration(rows[0]!.mean.durationS)}`,
  ].join("; ");
}

/** The whole measurement. `rows` holds at least one. */
export function measureDocument(input: MeasureInput): Document {
  const { title, rows, windows } = input;
  const [first] = rows;
  const repeats = rows.flatMap(({ each }) => (each.length > 1 ? each : []));
  const [warnings, ...remarks] = notes(input);
  const isWarning = warnings?.kind === "notes" && warnings.tone === "warning";
  return {
    title,
    subtitle: subtitleOf(input),
    sections: [
      ...(isWarning ? [warnings] : []),
      ...(rows.length === 1 ? [{ kind: "facts" as const, facts: measurementFacts(first!) }] : rowsTable(rows)),
      componentsTable(rows),
      ...powerChart(input),
      ...measurementsTable("Windows and epochs", "windows", "window", windows),
      ...measurementsTable("Each run", "runs", "run", repeats),
      ...estimatesTable(rows),
      ...loadTable(rows),
      ...doubtsTable(rows),
      provenanceTable(rows),
      ...(isWarning || warnings === undefined ? remarks : [warnings, ...remarks]),
    ],
  };
}
