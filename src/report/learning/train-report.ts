// What a training says to people: how good, how many joules and seconds, epoch by epoch, and what the network costs before and after.
import type { EpochRow, Score } from "../../learn/train/plan.ts";
import type { Measurement } from "../../measure/measurement.ts";
import type { Cell, Column, Document, Fact, Section } from "../document.ts";
import {
  countCell,
  durationCell,
  NOT_KNOWN_CELL,
  numberWithoutUnitCell,
  quantityCell,
  rangeCell,
  textCell,
} from "../show.ts";

/** What a network costs and how good it is. */
export interface NetworkCost {
  readonly macs: number;
  readonly params: number;
  readonly weightBytes: number;
  readonly score: Score | undefined;
  /** Joules per inference by metric. */
  readonly energyJ: Readonly<Record<string, number>>;
}

/** One seed's training. */
export interface SeedRow {
  readonly seed: number;
  readonly end: string;
  readonly score: Score | undefined;
  /** Of the steps: those of an epoch that did not end too, and no judging. */
  readonly seconds: number;
  /** Of the same steps. */
  readonly energyJ: number | undefined;
}

export interface TrainReport {
  readonly title: string;
  readonly out: string | undefined;
  readonly settings: readonly (readonly [label: string, text: string])[];
  /** Of the first seed. */
  readonly epochs: readonly EpochRow[];
  readonly seeds: readonly SeedRow[];
  readonly before: NetworkCost;
  readonly after: NetworkCost;
  /** The whole run, loading and judging included; undefined where nothing could be read. */
  readonly measurement: Measurement | undefined;
  /** Device of the metrics. */
  readonly device: string | undefined;
  readonly notes: readonly string[];
}

/** "99.08 %": a hundredth of a per cent is one sample of ten thousand. A loss where there is no accuracy. */
export const scoreCell = (score: Score | undefined): Cell =>
  score?.accuracy === undefined
    ? numberWithoutUnitCell(score?.loss)
    : { text: `${(100 * score.accuracy).toFixed(2)} %`, value: score.accuracy };

export const scoreName = (score: Score | undefined): string => (score?.accuracy === undefined ? "loss" : "accuracy");

export function energyFacts(measurement: Measurement | undefined): readonly Fact[] {
  if (measurement === undefined)
    return [{ label: "energy", cell: { ...NOT_KNOWN_CELL, text: "nothing could be read" } }];
  return measuredFacts(measurement);
}

function measuredFacts(measurement: Measurement, whose = ""): readonly Fact[] {
  const { grossJ, netJ, netLowJ, netHighJ, baselineJ, kind, meanPowerW } = measurement;
  const net: readonly Fact[] =
    baselineJ === undefined
      ? []
      : [
          { label: "above idle", cell: quantityCell(netJ, "J") },
          { label: "95 % interval", cell: rangeCell(netLowJ, netHighJ, "J") },
        ];
  return [
    { label: `${whose}energy (${kind})`, cell: quantityCell(grossJ, "J") },
    ...net,
    { label: `${whose}mean power`, cell: quantityCell(meanPowerW, "W") },
  ];
}

/** The steps of all seeds by themselves, then all that the meters saw: loading and judging have their joules too. */
function spentFacts(seeds: readonly SeedRow[], measurement: Measurement | undefined): readonly Fact[] {
  const seconds = seeds.reduce((sum, row) => sum + row.seconds, 0);
  const time: Fact = { label: "training time", cell: durationCell(seconds) };
  if (measurement === undefined) return [time, ...energyFacts(undefined)];
  const joules = seeds.map(({ energyJ }) => energyJ).filter((energyJ) => energyJ !== undefined);
  const energyJ = joules.length < seeds.length ? undefined : joules.reduce((sum, one) => sum + one, 0);
  const whole = durationCell(measurement.durationS);
  return [
    time,
    { label: "training energy", cell: quantityCell(energyJ, "J") },
    { label: "whole run", cell: { ...whole, text: `${whole.text}, with loading and judging` } },
    ...measuredFacts(measurement, "its "),
  ];
}

export function epochSection(epochs: readonly EpochRow[]): Section {
  const columns: readonly Column[] = [
    { title: "epoch", align: "right" },
    { title: "training loss", align: "right" },
    { title: scoreName(epochs[0]?.score), align: "right" },
    { title: "time", align: "right" },
    { title: "energy", align: "right" },
  ];
  const rows = epochs.map(({ epoch, loss, score, seconds, energyJ }) => [
    countCell(epoch),
    numberWithoutUnitCell(loss),
    scoreCell(score),
    durationCell(seconds),
    quantityCell(energyJ, "J"),
  ]);
  return { kind: "table", name: "epochs", main: true, title: "Epochs", columns, rows };
}

export function seedSection(seeds: readonly SeedRow[]): readonly Section[] {
  if (seeds.length < 2) return [];
  const columns: readonly Column[] = [
    { title: "seed", align: "right" },
    { title: scoreName(seeds[0]?.score), align: "right" },
    { title: "time", align: "right" },
    { title: "energy", align: "right" },
    { title: "end" },
  ];
  const rows = seeds.map(({ seed, score, seconds, energyJ, end }) => [
    countCell(seed),
    scoreCell(score),
    durationCell(seconds),
    quantityCell(energyJ, "J"),
    textCell(end),
  ]);
  return [{ kind: "table", name: "seeds", title: "Seeds", columns, rows }];
}

function costSection(before: NetworkCost, after: NetworkCost, device: string | undefined): Section {
  const metrics = Object.keys(after.energyJ);
  const row = (label: string, cellOf: (cost: NetworkCost) => ReturnType<typeof countCell>) => [
    textCell(label),
    cellOf(before),
    cellOf(after),
  ];
  return {
    kind: "table",
    name: "network",
    title: "The network",
    ...(device !== undefined && metrics.length > 0 && { caption: `joules per inference estimated for ${device}` }),
    columns: [{ title: "" }, { title: "before", align: "right" }, { title: "after", align: "right" }],
    rows: [
      row(scoreName(after.score ?? before.score), ({ score }) => scoreCell(score)),
      row("MACs", ({ macs }) => countCell(macs)),
      row("parameters", ({ params }) => countCell(params)),
      row("weights", ({ weightBytes }) => quantityCell(weightBytes, "B")),
      ...metrics.map((metric) => row(metric, ({ energyJ }) => quantityCell(energyJ[metric], "J"))),
    ],
  };
}

function lossChart(epochs: readonly EpochRow[]): readonly Section[] {
  if (epochs.length < 2) return [];
  const validated = epochs.flatMap(({ epoch, score }) => (score === undefined ? [] : [[epoch, score.loss] as const]));
  return [
    {
      kind: "chart",
      chart: {
        kind: "lines",
        title: "Loss by epoch",
        x: "epoch",
        y: "loss",
        mark: "dots",
        series: [
          { name: "training", points: epochs.map(({ epoch, loss }) => [epoch, loss] as const) },
          ...(validated.length > 0 ? [{ name: "evaluation", points: validated }] : []),
        ],
      },
    },
  ];
}

export function trainDocument(report: TrainReport): Document {
  const { title, out, settings, epochs, seeds, before, after, measurement, device, notes } = report;
  const facts: readonly Fact[] = [
    { label: scoreName(after.score ?? before.score), cell: scoreCell(after.score) },
    ...spentFacts(seeds, measurement),
    ...settings.map(([label, text]) => ({ label, cell: textCell(text) })),
    ...(out === undefined ? [] : [{ label: "written to", cell: textCell(out) }]),
  ];
  return {
    title,
    sections: [
      { kind: "facts", facts },
      epochSection(epochs),
      ...seedSection(seeds),
      costSection(before, after, device),
      ...lossChart(epochs),
      ...(notes.length > 0 ? [{ kind: "notes", title: "Remarks", notes } as const] : []),
    ],
  };
}
