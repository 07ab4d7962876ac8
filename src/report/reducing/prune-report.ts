// What pruning adds to a reduction's report: parameters by layer, channels by layer, and how it was trained.
import type { PrunePhase } from "../../reduce/prune/pipeline.ts";
import type { Section } from "../document.ts";
import { countCell, NOT_KNOWN_CELL, numberWithoutUnitCell, ratioCell, textCell } from "../show.ts";

export interface PrunedLayer {
  readonly layer: string;
  /** Before. */
  readonly params: number;
  readonly nonzero: number;
  readonly paramsAfter: number;
  readonly nonzeroAfter: number;
}

export interface PruningReport {
  readonly layers: readonly PrunedLayer[];
  readonly channels: readonly { readonly layers: readonly string[]; readonly before: number; readonly after: number }[];
  readonly dead: ReadonlyMap<string, number>;
  readonly phases: readonly PrunePhase[];
}

function layerSection(layers: readonly PrunedLayer[]): Section {
  return {
    kind: "table",
    name: "layers",
    title: "Parameters by layer",
    columns: [
      { title: "layer" },
      { title: "before", align: "right" },
      { title: "after", align: "right" },
      { title: "not zero", align: "right" },
      { title: "saved", align: "right" },
    ],
    rows: layers.map(({ layer, params, nonzero, paramsAfter, nonzeroAfter }) => [
      textCell(layer),
      countCell(params),
      countCell(paramsAfter),
      countCell(nonzeroAfter),
      nonzero === 0 ? NOT_KNOWN_CELL : ratioCell(1 - nonzeroAfter / nonzero),
    ]),
  };
}

function channelSection({ channels, dead }: PruningReport): readonly Section[] {
  const rows = [
    ...channels
      .filter(({ before, after }) => before !== after)
      .map(({ layers, before, after }) => [
        textCell(layers.join(", ")),
        textCell("unimportant"),
        countCell(before - after),
        countCell(before),
      ]),
    ...[...dead].map(([layer, count]) => [textCell(layer), textCell("dead"), countCell(count), NOT_KNOWN_CELL]),
  ];
  if (rows.length === 0) return [];
  return [
    {
      kind: "table",
      name: "channels",
      title: "Channels and neurons removed",
      columns: [
        { title: "made by" },
        { title: "why" },
        { title: "removed", align: "right" },
        { title: "of", align: "right" },
      ],
      rows,
    },
  ];
}

function phaseSection(phases: readonly PrunePhase[]): readonly Section[] {
  if (phases.length === 0) return [];
  return [
    {
      kind: "table",
      name: "phases",
      title: "Training, in this order",
      columns: [{ title: "phase" }, { title: "epochs", align: "right" }, { title: "learning rate", align: "right" }],
      rows: phases.map(({ name, epochs, rate }) => [textCell(name), countCell(epochs), numberWithoutUnitCell(rate)]),
    },
  ];
}

export function pruningSections(report: PruningReport): readonly Section[] {
  return [layerSection(report.layers), ...channelSection(report), ...phaseSection(report.phases)];
}
