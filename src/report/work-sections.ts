// What estimate and inspect both show of a network's work: totals, and what could not be counted.
import type { LayerWork, UnknownWork, WorkReport } from "../work/work.ts";
import type { Column, Fact, Section } from "./document.ts";
import { countCell, largeCountCell, numberWithoutUnitCell, quantityCell, shapeCell, textCell } from "./show.ts";

/** Layers named per operator before "and 12 more". */
const NAMED = 3;

/** "3 layers". */
export const plural = (count: number, word: string): string =>
  `${count.toLocaleString("en-US")} ${word}${count === 1 ? "" : "s"}`;

/** Layers, MACs, FLOPs, parameters, bytes: the network in one look. */
export function totalFacts(work: WorkReport): Fact[] {
  const { total } = work;
  const perParameter = total.params > 0 ? total.macs / total.params : undefined;
  const uncounted = work.unknown.length;
  return [
    { label: "layers", cell: countCell(work.layers.length) },
    ...(work.batch === 1 ? [] : [{ label: "batch", cell: countCell(work.batch) }]),
    { label: "MACs", cell: countCell(total.macs) },
    { label: "FLOPs", cell: countCell(total.flops) },
    { label: "parameters", cell: countCell(total.params) },
    ...(total.buffers > 0 ? [{ label: "buffers", cell: countCell(total.buffers) }] : []),
    { label: "model size", cell: quantityCell(total.weightBytes, "B") },
    { label: "peak activations", cell: quantityCell(work.peakActivationBytes, "B") },
    { label: "MACs per parameter", cell: numberWithoutUnitCell(perParameter) },
    ...(uncounted > 0 ? [{ label: "not counted", cell: textCell(plural(uncounted, "layer"), "warning") }] : []),
  ];
}

function namedLayers(unknown: readonly UnknownWork[]): string {
  const names = unknown.slice(0, NAMED).map(({ layer }) => layer);
  const more = unknown.length - names.length;
  return names.join(", ") + (more > 0 ? ` and ${more.toLocaleString("en-US")} more` : "");
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
    ([key, unknown]) => `${key}, ${plural(unknown.length, "layer")} (${namedLayers(unknown)})`,
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
