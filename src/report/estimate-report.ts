// `estimate` as a document: totals, one row per device and metric, where the joules go, what was assumed, what is missing,
// what could not be counted. It arranges and ranks; every joule was computed before.
import type { EnergyEstimate, EnergyMetric, MissingEstimate } from "../estimate/metric.ts";
import { formatCount } from "../units/format.ts";
import type { WorkReport } from "../work/work.ts";
import { assumptionNotes } from "./assumption-notes.ts";
import type { Cell, Column, Document, Section } from "./document.ts";
import { estimateCharts } from "./estimate-charts.ts";
import { leadEstimate, rankedCosts } from "./ranking.ts";
import {
  countCell,
  durationCell,
  electricityCell,
  largeCountCell,
  massCell,
  moneyCell,
  quantityCell,
  rangeCell,
  ratioCell,
  textCell,
} from "./show.ts";
import { atLeast, incompleteWarning, plural, totalFacts, unknownSections } from "./work-sections.ts";

/** One device × metric, with what follows from its joules. */
export interface EstimateRow extends EnergyEstimate {
  /** energyJ over the batch, J; lowJ and highJ likewise. */
  readonly perInferenceJ: number;
  readonly perInferenceLowJ: number;
  readonly perInferenceHighJ: number;
  /** Of all `runs`: energy J, emissions kg, money. `runsJ` default: runs × perInferenceJ. */
  readonly runsJ?: number | undefined;
  readonly co2eKg?: number | undefined;
  readonly cost?: { readonly amount: number; readonly currency: string } | undefined;
  /** Inferences after which inference has cost as much as training, and the time until then at the user's rate, s. */
  readonly breakEven?: { readonly inferences: number; readonly seconds?: number | undefined } | undefined;
}

export interface EstimateInput {
  readonly work: WorkReport;
  /** Default: the network's name. */
  readonly title?: string;
  readonly subtitle?: string;
  readonly estimates: readonly EstimateRow[];
  readonly missing: readonly MissingEstimate[];
  /** Inferences (or training steps × batch) that kWh, CO2e and money are for. Default 1. */
  readonly runs?: number;
  /** What all estimates assume besides their own: region, price, PUE. */
  readonly assumptions?: readonly string[];
  /** Metrics asked for, to explain them in HTML and Markdown. */
  readonly metrics?: readonly EnergyMetric[];
  /** Energy of training, J, for the curve of energy per inference with training shared out. */
  readonly trainingJ?: number | undefined;
  /** Sections after the table of estimates: the ledger, the ranking of candidates. */
  readonly extra?: readonly Section[];
  /** Layers and blocks shown in the terminal. Default 10. */
  readonly limit?: number;
}

interface EstimateColumn {
  readonly column: Column;
  cell(row: EstimateRow): Cell;
  /** Left out when no row has it. Default: always there. */
  wanted?(row: EstimateRow): boolean;
}

/** The currency of all costs, so that it stands in the heading once; undefined when they differ. */
function oneCurrency(estimates: readonly EstimateRow[]): string | undefined {
  const currencies = [...new Set(estimates.flatMap((row) => row.cost?.currency ?? []))];
  return currencies.length === 1 ? currencies[0] : undefined;
}

function costTitle(estimates: readonly EstimateRow[]): string {
  const currency = oneCurrency(estimates);
  return currency === undefined ? "cost" : `cost in ${currency}`;
}

function estimateColumns(work: WorkReport, estimates: readonly EstimateRow[], runs: number): readonly EstimateColumn[] {
  const each = work.phase === "training" ? "J per sample" : "J per inference";
  const pass = work.phase === "training" ? "J per step" : "J per batch";
  const data = (title: string, cell: EstimateColumn["cell"]): EstimateColumn => ({
    column: { title, align: "right", only: "data" },
    cell,
  });
  const number = (title: string, priority: number, cell: EstimateColumn["cell"]): EstimateColumn => ({
    column: { title, align: "right", priority },
    cell,
  });
  return [
    { column: { title: "device", group: true }, cell: (row) => textCell(row.device) },
    { column: { title: "metric" }, cell: (row) => textCell(row.metric) },
    number(each, 0, (row) => quantityCell(row.perInferenceJ, "J")),
    {
      column: { title: "low–high", align: "right", priority: 7, only: "screen" },
      cell: (row) => rangeCell(row.perInferenceLowJ, row.perInferenceHighJ, "J"),
    },
    data("low", (row) => quantityCell(row.perInferenceLowJ, "J")),
    data("high", (row) => quantityCell(row.perInferenceHighJ, "J")),
    ...(work.batch === 1 && work.phase === "inference"
      ? []
      : [number(pass, 3, (row) => quantityCell(row.energyJ, "J"))]),
    number("time", 2, (row) => durationCell(row.durationS)),
    number("energy", 4, (row) => electricityCell(row.runsJ ?? runs * row.perInferenceJ)),
    { ...number("CO2e", 5, (row) => massCell(row.co2eKg)), wanted: (row) => row.co2eKg !== undefined },
    {
      ...number(costTitle(estimates), 6, (row) => moneyCell(row.cost, oneCurrency(estimates))),
      wanted: (row) => row.cost !== undefined,
    },
    {
      ...data("break-even", (row) => largeCountCell(row.breakEven?.inferences)),
      wanted: (row) => work.phase === "inference" && row.breakEven !== undefined,
    },
    {
      ...data("break-even reached in", (row) => durationCell(row.breakEven?.seconds)),
      wanted: (row) => work.phase === "inference" && row.breakEven?.seconds !== undefined,
    },
    { column: { title: "complete", only: "data" }, cell: (row) => textCell(row.complete ? "yes" : "no") },
  ];
}

function estimateTable(input: EstimateInput): Section[] {
  const { work, estimates, runs = 1 } = input;
  if (estimates.length === 0) return [];
  const columns = estimateColumns(work, estimates, runs).filter(
    ({ wanted }) => wanted === undefined || estimates.some((row) => wanted(row)),
  );
  const times = estimates.some((row) => row.durationS !== undefined);
  const unit = work.phase === "training" ? "sample" : "inference";
  const passes =
    work.batch > 1 ? `; time is of one ${work.phase === "training" ? "step" : "pass"} of ${work.batch}` : "";
  const money = [
    ...(estimates.some((r) => r.co2eKg !== undefined) ? ["CO2e"] : []),
    ...(estimates.some((r) => r.cost !== undefined) ? ["cost"] : []),
  ];
  const what = ["Energy", ...money].join(", ").replace(/, (?=[^,]*$)/, " and ");
  const verb = money.length > 0 ? "are" : "is";
  const bound = estimates.some((row) => !row.complete)
    ? `${atLeast(work) ?? "At least: some layers have no estimate"}. `
    : "";
  return [
    {
      kind: "table",
      title: "Energy by device and metric",
      caption: `${bound}Modelled, not measured; low–high is the span of the sourced numbers. ${what} ${verb} for ${plural(runs, unit)}${times ? passes : ""}.`,
      name: "estimates",
      main: true,
      columns: columns.map(({ column }) => column),
      rows: estimates.map((row) => columns.map(({ cell }) => cell(row))),
    },
  ];
}

const SHARE_COLUMNS: readonly Column[] = [
  { title: "energy", align: "right" },
  { title: "share", align: "right", bar: true },
  { title: "cumulative", align: "right" },
];
const WORK_COLUMNS: readonly Column[] = [
  { title: "MACs", align: "right", priority: 3 },
  { title: "parameters", align: "right", priority: 2 },
  { title: "bytes moved", align: "right", priority: 1 },
];

const shareCells = (cost: { energyJ: number; share: number; cumulative: number }): Cell[] => [
  quantityCell(cost.energyJ, "J"),
  ratioCell(cost.share),
  ratioCell(cost.cumulative),
];

function costTables(input: EstimateInput): Section[] {
  const { work, limit = 10 } = input;
  const lead = leadEstimate(input.estimates);
  if (lead === undefined || !(lead.energyJ > 0)) return [];
  const { layers, blocks } = rankedCosts(work, lead);
  const by = `${lead.metric} on ${lead.device}`;
  return [
    {
      kind: "table",
      title: `Layers that cost most, by ${by}`,
      name: "layers",
      limit,
      columns: [{ title: "layer" }, { title: "op", priority: 4 }, ...SHARE_COLUMNS, ...WORK_COLUMNS],
      rows: layers.map((cost) => [
        textCell(cost.name),
        textCell(cost.layer?.op),
        ...shareCells(cost),
        largeCountCell(cost.layer?.macs),
        countCell(cost.layer?.params),
        quantityCell(cost.layer && cost.layer.readBytes + cost.layer.writtenBytes, "B"),
      ]),
    },
    ...(blocks.length < 2
      ? []
      : [
          {
            kind: "table" as const,
            title: `Blocks that cost most, by ${by}`,
            name: "blocks",
            limit,
            columns: [{ title: "block" }, { title: "layers", align: "right" as const, priority: 4 }, ...SHARE_COLUMNS],
            rows: blocks.map((cost) => [
              textCell(cost.name === "" ? "(none)" : cost.name),
              countCell(cost.layers),
              ...shareCells(cost),
            ]),
          },
        ]),
  ];
}

/** Every layer's joules by every device and metric: for scripts. */
function layerEnergies(input: EstimateInput): Section[] {
  if (input.estimates.length === 0) return [];
  const byEstimate = input.estimates.map((row) => new Map(row.layers.map((layer) => [layer.name, layer.energyJ])));
  const column = (title: string): Column => ({ title, only: "data" });
  return [
    {
      kind: "table",
      title: "Energy of each layer by device and metric",
      name: "layer-energies",
      columns: [column("layer"), ...input.estimates.map((row) => column(`${row.device} ${row.metric}`))],
      rows: input.work.layers.map(({ name }) => [
        textCell(name),
        ...byEstimate.map((energies) => quantityCell(energies.get(name), "J")),
      ]),
    },
  ];
}

function partsTable(estimates: readonly EstimateRow[]): Section[] {
  const parts = [...new Set(estimates.flatMap((row) => Object.keys(row.parts)))];
  if (parts.length < 2) return [];
  return [
    {
      kind: "table",
      detail: true,
      title: "What the energy is for",
      caption: "Share of each part in an estimate's energy; a metric that does not know a part leaves it out.",
      name: "parts",
      columns: [
        { title: "device", group: true },
        { title: "metric" },
        ...parts.map((title) => ({ title, align: "right" as const, bar: true })),
      ],
      rows: estimates.map((row) => [
        textCell(row.device),
        textCell(row.metric),
        ...parts.map((part) => {
          const energyJ = row.parts[part];
          return ratioCell(energyJ === undefined || !(row.energyJ > 0) ? undefined : energyJ / row.energyJ);
        }),
      ]),
    },
  ];
}

function metricsTable(metrics: readonly EnergyMetric[]): Section[] {
  if (metrics.length === 0) return [];
  return [
    {
      kind: "table",
      detail: true,
      title: "How each metric turns work into joules",
      name: "metrics",
      columns: [
        { title: "metric" },
        { title: "equation", wrap: true },
        { title: "when it misleads", wrap: true },
        { title: "source" },
      ],
      rows: metrics.map(({ id, equation, caution, source }) =>
        [id, equation, caution, source].map((text) => textCell(text)),
      ),
    },
  ];
}

function missingTable(missing: readonly MissingEstimate[]): Section[] {
  if (missing.length === 0) return [];
  return [
    {
      kind: "table",
      title: "Not estimated: numbers that are missing",
      name: "missing",
      columns: [{ title: "device", group: true }, { title: "metric" }, { title: "needs", wrap: true }],
      rows: missing.map((one) => [textCell(one.device), textCell(one.metric), textCell(one.needs.join(", "))]),
    },
  ];
}

/** The whole estimate, in the order in which a reader asks. */
export function estimateDocument(input: EstimateInput): Document {
  const { work, estimates } = input;
  const assumptions = assumptionNotes([...work.assumptions, ...(input.assumptions ?? [])], estimates);
  const asked = [...estimates, ...input.missing];
  const devices = new Set(asked.map(({ device }) => device)).size;
  const metrics = new Set(asked.map(({ metric }) => metric)).size;
  const subtitle =
    input.subtitle ??
    `${work.phase === "training" ? "one training step" : "inference"}, batch ${formatCount(work.batch)}, ${plural(devices, "device")}, ${plural(metrics, "metric")}`;
  const bounded = estimates.some((row) => !row.complete) ? "totals and energies are" : "the totals are";
  // Sharing training out over inferences says nothing of a training step.
  const charts = estimateCharts(work, estimates, work.phase === "training" ? undefined : input.trainingJ);
  return {
    title: input.title ?? work.name,
    subtitle,
    sections: [
      { kind: "facts", facts: totalFacts(work) },
      ...incompleteWarning(work, `${bounded} lower bounds`),
      ...estimateTable(input),
      ...charts.devices,
      ...(input.extra ?? []),
      ...charts.training,
      ...costTables(input),
      ...charts.layers,
      ...layerEnergies(input),
      ...partsTable(estimates),
      ...metricsTable(input.metrics ?? []),
      ...(assumptions.length > 0 ? [{ kind: "notes" as const, title: "Assumptions", notes: assumptions }] : []),
      ...missingTable(input.missing),
      ...unknownSections(work),
    ],
  };
}
