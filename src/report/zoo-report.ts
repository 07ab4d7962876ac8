// `zoo` as a document: the built-in networks with their counts.
import type { Document } from "./document.ts";
import { countCell, largeCountCell, textCell } from "./show.ts";

export interface ZooRow {
  /** Without "zoo:". */
  readonly name: string;
  readonly summary: string;
  /** Key of REFERENCES.md. */
  readonly source: string;
  readonly params: number | undefined;
  readonly macs: number | undefined;
  /** Input shapes in words: "1×3×224×224". */
  readonly input: string;
}

/** The catalogue of networks, in the order given. */
export function zooDocument(networks: readonly ZooRow[]): Document {
  return {
    title: "Networks",
    subtitle: "use one as zoo:NAME wherever a model file is asked for",
    sections: [
      {
        kind: "table",
        name: "networks",
        main: true,
        columns: [
          { title: "name" },
          { title: "parameters", align: "right" },
          { title: "MACs", align: "right" },
          { title: "input", priority: 3 },
          { title: "summary", priority: 2, wrap: true },
          { title: "source", priority: 1 },
        ],
        rows: networks.map((network) => [
          textCell(network.name),
          countCell(network.params),
          largeCountCell(network.macs),
          textCell(network.input),
          textCell(network.summary),
          textCell(network.source),
        ]),
      },
    ],
  };
}
