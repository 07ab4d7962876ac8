// Every layer with its joules: searched, sorted by any column, one chosen. The first hundred rows are drawn, the rest on request.
import { useId, useMemo, useState } from "preact/hooks";
import type { LayerCost } from "../../report/ranking.ts";
import { formatCount, formatQuantity, formatRatio } from "../../units/format.ts";
import type { Navigation } from "../navigation.tsx";

interface LayerColumn {
  readonly id: string;
  readonly title: string;
  readonly isNumber: boolean;
  /** What is sorted by. */
  value(cost: LayerCost): number | string;
  text(cost: LayerCost): string;
}

const bytes = ({ layer }: LayerCost): number => (layer === undefined ? 0 : layer.readBytes + layer.writtenBytes);

const number = (
  id: string,
  title: string,
  value: (cost: LayerCost) => number,
  text: (value: number) => string,
): LayerColumn => ({ id, title, isNumber: true, value, text: (cost) => text(value(cost)) });

const COLUMNS: readonly LayerColumn[] = [
  { id: "layer", title: "layer", isNumber: false, value: ({ name }) => name, text: ({ name }) => name },
  {
    id: "op",
    title: "op",
    isNumber: false,
    value: ({ layer }) => layer?.op ?? "",
    text: ({ layer }) => layer?.op ?? "–",
  },
  number(
    "energy",
    "energy",
    ({ energyJ }) => energyJ,
    (value) => formatQuantity(value, "J"),
  ),
  number("share", "share", ({ share }) => share, formatRatio),
  number(
    "macs",
    "MACs",
    ({ layer }) => layer?.macs ?? 0,
    (value) => formatQuantity(value, ""),
  ),
  number("params", "parameters", ({ layer }) => layer?.params ?? 0, formatCount),
  number("bytes", "bytes moved", bytes, (value) => formatQuantity(value, "B")),
];

const FIRST_ROWS = 100;
const DEFAULT_SORT = "energy-";

interface Sort {
  readonly column: LayerColumn;
  readonly isDown: boolean;
}

function sortOf(text: string): Sort {
  const isDown = text.endsWith("-");
  const id = isDown ? text.slice(0, -1) : text;
  return { column: COLUMNS.find((column) => column.id === id) ?? COLUMNS[2]!, isDown };
}

function sorted(costs: readonly LayerCost[], { column, isDown }: Sort): readonly LayerCost[] {
  const compare = (a: number | string, b: number | string) => (a < b ? -1 : a > b ? 1 : 0);
  return costs.toSorted((a, b) => compare(column.value(a), column.value(b)) * (isDown ? -1 : 1));
}

export interface LayersTableProps {
  readonly at: Navigation;
  readonly costs: readonly LayerCost[];
  readonly chosen: string | undefined;
  onChoose(layer: string): void;
}

export function LayersTable({ at, costs, chosen, onChoose }: LayersTableProps) {
  const [isAll, setAll] = useState(false);
  const id = useId();
  const search = at.param("q") ?? "";
  const sort = sortOf(at.param("sort") ?? DEFAULT_SORT);
  const word = search.trim().toLowerCase();
  const found = useMemo(
    () => costs.filter(({ name, layer }) => `${name} ${layer?.op ?? ""}`.toLowerCase().includes(word)),
    [costs, word],
  );
  const rows = useMemo(() => sorted(found, sort), [found, sort.column, sort.isDown]);
  const shown = isAll ? rows : rows.slice(0, FIRST_ROWS);
  const foundJ = found.reduce((sum, { energyJ }) => sum + energyJ, 0);
  const sortBy = (column: LayerColumn) => {
    const isSame = column === sort.column;
    const isDown = isSame ? !sort.isDown : column.isNumber;
    const text = `${column.id}${isDown ? "-" : ""}`;
    at.set({ sort: text === DEFAULT_SORT ? undefined : text }, true);
  };
  return (
    <div class="layers">
      <div class="table-head">
        <label for={id}>Search layers</label>
        <input
          id={id}
          type="search"
          value={search}
          placeholder="name or operator"
          onInput={({ currentTarget: { value } }) => at.set({ q: value || undefined }, true)}
        />
        <span class="quiet" role="status">
          {word === ""
            ? `${formatCount(costs.length)} layers`
            : `${formatCount(found.length)} of ${formatCount(costs.length)} layers, ${formatQuantity(foundJ, "J")}`}
        </span>
      </div>
      <div class="scroll long" tabIndex={0} role="region" aria-label="Layers">
        <table>
          <thead>
            <tr>
              {COLUMNS.map((column) => (
                <th
                  key={column.id}
                  scope="col"
                  class={column.isNumber ? "right" : undefined}
                  aria-sort={column === sort.column ? (sort.isDown ? "descending" : "ascending") : undefined}
                >
                  <button type="button" class="plain" onClick={() => sortBy(column)}>
                    {column.title}
                    <span class="arrow" aria-hidden="true">
                      {column === sort.column ? (sort.isDown ? "↓" : "↑") : ""}
                    </span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((cost) => (
              <tr key={cost.name} class={cost.name === chosen ? "chosen" : undefined}>
                <th scope="row">
                  <button
                    type="button"
                    class="plain link"
                    aria-pressed={cost.name === chosen}
                    title={cost.name}
                    onClick={() => onChoose(cost.name)}
                  >
                    {cost.name}
                  </button>
                </th>
                {COLUMNS.slice(1).map((column) => (
                  <td
                    key={column.id}
                    class={`${column.isNumber ? "right" : ""}${column.id === "share" ? " bar" : ""}`}
                    style={column.id === "share" ? { "--share": `${cost.share * 100}%` } : undefined}
                  >
                    {column.text(cost)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < rows.length && (
        <button type="button" onClick={() => setAll(true)}>
          Show all {formatCount(rows.length)} layers
        </button>
      )}
    </div>
  );
}
