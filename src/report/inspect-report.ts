// `inspect` as a document: what the network does, with no machine in mind.
import type { WorkReport } from "../work/work.ts";
import type { Column, Document } from "./document.ts";
import { countCell, largeCountCell, quantityCell, ratioCell, textCell } from "./show.ts";
import { incompleteWarning, LAYER_COLUMNS, layerCells, totalFacts, unknownSections } from "./work-sections.ts";

export interface InspectInput {
  readonly work: WorkReport;
  /** Default: the network's name. */
  readonly title?: string;
  /** The file, its opset, its inputs: one line. */
  readonly subtitle?: string;
  /** Layers shown in the terminal. Default 40. */
  readonly limit?: number;
}

const BLOCK_COLUMNS: readonly Column[] = [
  { title: "block" },
  { title: "layers", align: "right" },
  { title: "MACs", align: "right" },
  { title: "share of MACs", align: "right", bar: true },
  { title: "parameters", align: "right" },
  { title: "weights", align: "right", priority: 2 },
  { title: "written", align: "right", priority: 1 },
];

/** The counts of a network: totals, layers in network order, blocks, what was assumed and what could not be counted. */
export function inspectDocument(input: InspectInput): Document {
  const { work } = input;
  const limit = input.limit ?? 40;
  const macs = work.total.macs;
  return {
    title: input.title ?? work.name,
    ...(input.subtitle === undefined ? {} : { subtitle: input.subtitle }),
    sections: [
      { kind: "facts", facts: totalFacts(work) },
      ...incompleteWarning(work, "the totals are lower bounds"),
      {
        kind: "table",
        title: "Layers",
        name: "layers",
        main: true,
        limit,
        columns: LAYER_COLUMNS,
        rows: work.layers.map(layerCells),
      },
      {
        kind: "table",
        title: "Blocks",
        name: "blocks",
        limit,
        columns: BLOCK_COLUMNS,
        rows: work.blocks.map((block) => [
          textCell(block.name === "" ? "(none)" : block.name),
          countCell(block.layers),
          largeCountCell(block.macs),
          ratioCell(macs > 0 ? block.macs / macs : undefined),
          countCell(block.params),
          quantityCell(block.weightBytes, "B"),
          quantityCell(block.writtenBytes, "B"),
        ]),
      },
      ...(work.assumptions.length > 0
        ? [{ kind: "notes" as const, title: "Assumptions", notes: work.assumptions }]
        : []),
      ...unknownSections(work),
    ],
  };
}
