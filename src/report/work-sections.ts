// What estimate and inspect both show of a network's work: totals, and what could not be counted.
import { formatCount } from "../units/format.ts";
import type { LayerWork, UnknownWork, WorkReport } from "../work/work.ts";
import type { Cell, Column, Fact, Section } from "./document.ts";
import { countCell, largeCountCell, numberWithoutUnitCell, quantityCell, shapeCell, textCell } from "./show.ts";

/** Layers or operators named before "and 12 more". */
const NAMED = 3;

/** "3 layers". */
export const plural = (count: number, word: string): string => `${formatCount(count)} ${word}${count === 1 ? "" : "s"}`;

/**
 * Layers, MACs, FLOPs, parameters, bytes: the network in one look. With layers that could not be counted every sum is a lower
 * bound, "≥ 1,234", and a ratio of two sums is not known.
 */
export function totalFacts(work: WorkReport): Fact[] {
  const { total } = work;
  const uncounted = work.unknown.length;
  const perParameter = total.params > 0 && uncounted === 0 ? total.macs / total.params : undefined;
  const sum = (label: string, cell: Cell): Fact => ({
    label,
    cell: uncounted > 0 ? { ...cell, text: `≥ ${cell.text}` } : cell,
  });
  return [
    { label: "layers", cell: countCell(work.layers.length) },
    ...(uncounted > 0 ? [{ label: "not counted", cell: textCell(plural(uncounted, "layer"), "warning") }] : []),
    ...(work.batch === 1 ? [] : [{ label: "batch", cell: countCell(work.batch) }]),
    sum("MACs", countCell(total.macs)),
    sum("FLOPs", countCell(total.flops)),
    sum("parameters", countCell(total.params)),
    ...(total.buffers > 0 ? [sum("buffers", countCell(total.buffers))] : []),
    sum("model size", quantityCell(total.weightBytes, "B")),
    sum("peak activations", quantityCell(work.peakActivationBytes, "B")),
    { label: "MACs per parameter", cell: numberWithoutUnitCell(perParameter) },
  ];
}

/** "At least: 2 layers could not be counted"; undefined when every layer was. */
export function atLeast(work: WorkReport): string | undefined {
  const count = work.unknown.length;
  return count === 0 ? undefined : `At least: ${plural(count, "layer")} could not be counted`;
}

/** What stands right after the totals when they are not complete: `meaning` says what is a lower bound. */
export function incompleteWarning(work: WorkReport, meaning: string): Section[] {
  const warning = atLeast(work);
  if (warning === undefined) return [];
  const operators = [...new Set(work.unknown.map(({ op }) => op))];
  return [{ kind: "notes", tone: "warning", notes: [`${warning} (${listed(operators)}): ${meaning}`] }];
}

function listed(names: readonly string[]): string {
  const more = names.length - NAMED;
  return names.slice(0, NAMED).join(", ") + (more > 0 ? ` and ${formatCount(more)} more` : "");
}

/** A warning per operator and reason; nothing when everything was counted. */
export function unknownSections(work: WorkReport): Section[] {
  if (work.unknown.length === 0) return [];
  const groups = new Map<string, UnknownWork[]>();
  for (const unknown of work.unknown) {
    const key = `${unknown.op}: ${unknown.reason}`;
    groups.set(key, [...(groups.get(key) ?? []), unknown]);
  }
  const notes = [...groups].map(
    ([key, unknown]) => `${key}, ${plural(unknown.length, "layer")} (${listed(unknown.map(({ layer }) => layer))})`,
  );
  return [{ kind: "notes", title: "Not counted: the totals leave these out", tone: "warning", notes }];
}

/** Columns of a layer's work and how its cells are made. */
export const LAYER_COLUMNS: readonly Column[] = [
  { title: "layer" },
  { title: "op" },
  { title: "block", only: "data" },
  { title: "output shape", priority: 2 },
  { title: "MACs", align: "right", priority: 6 },
  { title: "FLOPs", align: "right", priority: 4 },
  { title: "parameters", align: "right", priority: 5 },
  { title: "weights", align: "right", priority: 1 },
  { title: "read", align: "right", priority: 3 },
  { title: "written", align: "right", priority: 3 },
];

export function layerCells(layer: LayerWork) {
  return [
    textCell(layer.name),
    textCell(layer.op),
    textCell(layer.block),
    shapeCell(layer.outputShape),
    largeCountCell(layer.macs),
    largeCountCell(layer.flops),
    countCell(layer.params),
    quantityCell(layer.weightBytes, "B"),
    quantityCell(layer.readBytes, "B"),
    quantityCell(layer.writtenBytes, "B"),
  ];
}
