// Every layer with its joules: searched, sorted by any column, one chosen.
import type { LayerCost } from "../../report/ranking.ts";
import { formatCount, formatQuantity, formatRatio } from "../../units/format.ts";
import type { Navigation } from "../navigation.tsx";
import { type SortedColumn, SortedTable } from "../table/sorted-table.tsx";

const bytes = ({ layer }: LayerCost): number => (layer === undefined ? 0 : layer.readBytes + layer.writtenBytes);

const number = (
  id: string,
  title: string,
  value: (cost: LayerCost) => number,
  text: (value: number) => string,
): SortedColumn<LayerCost> => ({ id, title, isNumber: true, value, text: (cost) => text(value(cost)) });

const joules = (value: number): string => formatQuantity(value, "J");

const COLUMNS: readonly SortedColumn<LayerCost>[] = [
  { id: "layer", title: "layer", isNumber: false, value: ({ name }) => name, text: ({ name }) => name },
  {
    id: "op",
    title: "op",
    isNumber: false,
    value: ({ layer }) => layer?.op ?? "",
    text: ({ layer }) => layer?.op ?? "–",
  },
  number("energy", "energy", ({ energyJ }) => energyJ, joules),
  { ...number("share", "share", ({ share }) => share, formatRatio), bar: ({ share }) => share },
  number(
    "macs",
    "MACs",
    ({ layer }) => layer?.macs ?? 0,
    (value) => formatQuantity(value, ""),
  ),
  number("params", "parameters", ({ layer }) => layer?.params ?? 0, formatCount),
  number("bytes", "bytes moved", bytes, (value) => formatQuantity(value, "B")),
];

export interface LayersTableProps {
  readonly at: Navigation;
  readonly costs: readonly LayerCost[];
  readonly chosen: string | undefined;
  onChoose(layer: string): void;
}

export function LayersTable({ at, costs, chosen, onChoose }: LayersTableProps) {
  return (
    <SortedTable
      at={at}
      columns={COLUMNS}
      rows={costs}
      noun="layers"
      searched="name or operator"
      firstSort="energy-"
      keyOf={({ name }) => name}
      searchText={({ name, layer }) => `${name} ${layer?.op ?? ""}`}
      foundNote={(found) => joules(found.reduce((sum, { energyJ }) => sum + energyJ, 0))}
      isChosen={({ name }) => name === chosen}
      lead={({ name }) => (
        <button
          type="button"
          class="plain link"
          aria-pressed={name === chosen}
          title={name}
          onClick={() => onChoose(name)}
        >
          {name}
        </button>
      )}
    />
  );
}
