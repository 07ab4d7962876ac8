// `doctor` as a document: which sources can be read, how well, why the others cannot, and what that makes of a measurement here.
import type { CrossCheck } from "../../measure/agreement.ts";
import { originWarnings } from "../../measure/origin.ts";
import type { Kind, SourceInfo, Unusable } from "../../measure/power-source.ts";
import type { SourceCheck } from "../../measure/update-period.ts";
import { formatDuration, formatQuantity, formatRatio } from "../../units/format.ts";
import type { Cell, Document, Fact, Section } from "../document.ts";
import { kindCell } from "../kind-words.ts";
import { durationCell, NOT_KNOWN_CELL, quantityCell, rangeCell, ratioCell, textCell } from "../show.ts";
import { plural } from "../work-sections.ts";
import type { SamplerCost } from "./measure-report.ts";

/** A source that can be read, and what polling it showed. */
export interface CheckedSource {
  readonly info: SourceInfo;
  readonly check: SourceCheck;
  /** Share of the reads that gave a number. */
  readonly readRatio: number;
}

export interface DoctorInput {
  /** "AMD EPYC, 2 CPUs, virtual machine". */
  readonly machine: string;
  readonly usable: readonly CheckedSource[];
  readonly unusable: readonly Unusable[];
  readonly crossChecks: readonly CrossCheck[];
  /** How long the sources were polled, s. */
  readonly polledS: number;
  readonly sampler: SamplerCost;
}

const HOW: readonly (readonly [Kind, string])[] = [
  ["measured", "energy counters"],
  ["integrated", "power readings"],
  ["modelled", "from load or specification, NOT measured"],
];

const isAdded = ({ partOf, counted }: SourceInfo) => partOf === undefined && counted !== false;

/** Kind → the sources whose joules a measurement here will hold. */
export function plannedSources(usable: readonly CheckedSource[]): Readonly<Record<Kind, readonly string[]>> {
  const of = (kind: Kind) =>
    usable.filter(({ info }) => info.kind === kind && isAdded(info)).map(({ info }) => info.name);
  return { measured: of("measured"), integrated: of("integrated"), modelled: of("modelled") };
}

function planFacts(usable: readonly CheckedSource[]): Fact[] {
  const planned = plannedSources(usable);
  return HOW.map(([kind, how]) => {
    const names = planned[kind];
    const text = names.length === 0 ? "nothing" : `${names.join(", ")}; ${how}`;
    const tone = names.length === 0 ? "dim" : kind === "modelled" ? "warning" : undefined;
    return { label: kind, cell: { text, tone } };
  });
}

function periodCell({ updatePeriodS, atMost }: SourceCheck): Cell {
  if (updatePeriodS === undefined) return NOT_KNOWN_CELL;
  return { ...durationCell(updatePeriodS), ...(atMost && { text: `≤ ${formatDuration(updatePeriodS)}` }) };
}

function usableTable(usable: readonly CheckedSource[]): Section {
  return {
    kind: "table",
    title: "Sources that can be read",
    name: "sources",
    main: true,
    columns: [
      { title: "source" },
      { title: "kind" },
      { title: "idle power", align: "right" },
      { title: "low–high", align: "right", priority: 3, only: "screen" },
      { title: "new value every", align: "right", priority: 4 },
      { title: "wraps after", align: "right", priority: 2 },
      { title: "read", align: "right", priority: 1 },
      { title: "added", priority: 5 },
    ],
    rows: usable.map(({ info, check, readRatio }) => [
      textCell(info.id),
      kindCell(info.kind),
      quantityCell(check.idleW, "W"),
      rangeCell(check.idleLowW, check.idleHighW, "W"),
      periodCell(check),
      durationCell(check.wrapS),
      ratioCell(readRatio),
      textCell(info.partOf !== undefined ? `no: in ${info.partOf}` : isAdded(info) ? "yes" : "no"),
    ]),
  };
}

function unusableTable(unusable: readonly Unusable[]): Section[] {
  if (unusable.length === 0) return [];
  return [
    {
      kind: "table",
      title: "Sources that cannot be read, why, and what mends it",
      name: "unusable",
      columns: [{ title: "source" }, { title: "why and fix", wrap: true }],
      rows: unusable.map(({ id, reason, fix }) => [textCell(id), textCell(fix === "" ? reason : `${reason} → ${fix}`)]),
    },
  ];
}

function crossTable(checks: readonly CrossCheck[]): Section[] {
  if (checks.length === 0) return [];
  return [
    {
      kind: "table",
      title: "Counter against the integral of a gauge",
      name: "agreement",
      columns: [
        { title: "counter" },
        { title: "gauge" },
        { title: "counter says", align: "right", priority: 1 },
        { title: "integral says", align: "right", priority: 1 },
        { title: "ratio", align: "right" },
        { title: "agree" },
      ],
      rows: checks.map(({ counter, gauge, agreement }) => [
        textCell(counter),
        textCell(gauge),
        quantityCell(agreement.counterJ, "J"),
        quantityCell(agreement.gaugeJ, "J"),
        ratioCell(agreement.ratio),
        textCell(agreement.agrees ? "yes" : "NO", agreement.agrees ? undefined : "warning"),
      ]),
    },
  ];
}

export function doctorDocument(input: DoctorInput): Document {
  const { machine, usable, unusable, crossChecks, polledS, sampler } = input;
  const remarks = usable.flatMap(({ info, check }) => check.remarks.map((remark) => `${info.id}: ${remark}`));
  const planned = plannedSources(usable);
  const nothingRead = planned.measured.length + planned.integrated.length === 0;
  const nothing =
    usable.length > 0
      ? "nothing on this machine can be measured: every joule will be MODELLED, and called so everywhere"
      : "no source can be read: `joulecast measure` will refuse";
  // Nobody looks for a wall meter that was not named.
  const walls = unusable.filter(({ domain }) => domain === "wall");
  const warnings = [
    ...walls.map(({ reason }) => `the wall meter: ${reason}; \`joulecast measure\` will refuse`),
    ...originWarnings(usable.map(({ info }) => info)),
    ...(nothingRead ? [nothing] : []),
  ];
  return {
    title: "What can be measured here",
    subtitle: `${machine}; polled for ${formatDuration(polledS)} at ${sampler.rateHz} reads per second`,
    sections: [
      ...(warnings.length === 0 ? [] : [{ kind: "notes" as const, tone: "warning" as const, notes: warnings }]),
      { kind: "facts", title: "A measurement here will hold", facts: planFacts(usable) },
      ...(usable.length > 0 ? [usableTable(usable)] : []),
      ...crossTable(crossChecks),
      ...unusableTable(unusable),
      {
        kind: "table",
        detail: true,
        title: "How each source is made, and what is outside",
        name: "provenance",
        columns: [{ title: "source" }, { title: "provenance", wrap: true }],
        rows: usable.map(({ info }) => [textCell(info.id), textCell(info.provenance)]),
      },
      {
        kind: "notes",
        title: "Remarks",
        notes: [
          ...remarks,
          "idle power is what the sources showed while doctor ran; close other programs for a better number",
          "outside every source but a wall meter: supply losses, board, fans, disks; give --wall-meter or --wall-factor to `measure`",
          `sampler at that rate: ${formatRatio(sampler.coreRatio)} of one core, ${formatQuantity(sampler.memoryBytes, "B")}`,
          `${plural(usable.length, "source")} usable, ${unusable.length} not`,
        ],
      },
    ],
  };
}
