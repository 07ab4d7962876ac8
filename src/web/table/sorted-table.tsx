// A table that is searched and sorted by any column. The first hundred rows are drawn, the rest on request. What is sorted and searched
// by stands in the address.
import type { ComponentChildren } from "preact";
import { useId, useMemo, useState } from "preact/hooks";
import { formatCount } from "../../units/format.ts";
import type { Navigation } from "../navigation.tsx";

export interface SortedColumn<Row> {
  readonly id: string;
  readonly title: string;
  readonly isNumber: boolean;
  /** What is sorted by; what is not known comes last. */
  value(row: Row): number | string | undefined;
  text(row: Row): string;
  /** Share in [0, 1] that is drawn as a bar behind the text. */
  bar?(row: Row): number;
}

export interface SortedTableProps<Row> {
  readonly at: Navigation;
  readonly columns: readonly SortedColumn<Row>[];
  readonly rows: readonly Row[];
  /** "layers" */
  readonly noun: string;
  /** What can be searched for: "name or operator". */
  readonly searched: string;
  /** Column id, with "-" behind it when the largest come first. */
  readonly firstSort: string;
  keyOf(row: Row): string;
  searchText(row: Row): string;
  /** Beside the number of rows that were found. */
  foundNote?(found: readonly Row[]): string;
  isChosen?(row: Row): boolean;
  /** The first column of a row. Default: its text. */
  lead?(row: Row): ComponentChildren;
}

const FIRST_ROWS = 100;

function compare(a: number | string | undefined, b: number | string | undefined, isDown: boolean): number {
  if (a === undefined || b === undefined) return (a === undefined ? 1 : 0) - (b === undefined ? 1 : 0);
  return (a < b ? -1 : a > b ? 1 : 0) * (isDown ? -1 : 1);
}

export function SortedTable<Row>(props: SortedTableProps<Row>) {
  const { at, columns, rows, noun, firstSort, keyOf, searchText } = props;
  const [isAll, setAll] = useState(false);
  const id = useId();
  const search = at.param("q") ?? "";
  const asked = at.param("sort") ?? firstSort;
  const isDown = asked.endsWith("-");
  const column = columns.find((each) => each.id === asked.replace(/-$/u, "")) ?? columns[0]!;
  const word = search.trim().toLowerCase();
  const found = useMemo(() => rows.filter((row) => searchText(row).toLowerCase().includes(word)), [rows, word]);
  const sorted = useMemo(
    () => found.toSorted((a, b) => compare(column.value(a), column.value(b), isDown)),
    [found, column, isDown],
  );
  const shown = isAll ? sorted : sorted.slice(0, FIRST_ROWS);
  const sortBy = (next: SortedColumn<Row>) => {
    const isNextDown = next === column ? !isDown : next.isNumber;
    const text = `${next.id}${isNextDown ? "-" : ""}`;
    at.set({ sort: text === firstSort ? undefined : text }, true);
  };
  const counted =
    word === ""
      ? `${formatCount(rows.length)} ${noun}`
      : [`${formatCount(found.length)} of ${formatCount(rows.length)} ${noun}`, props.foundNote?.(found) ?? ""]
          .filter(Boolean)
          .join(", ");
  return (
    <div class="sorted">
      <div class="table-head">
        <label for={id}>Search {noun}</label>
        <input
          id={id}
          type="search"
          value={search}
          placeholder={props.searched}
          onInput={({ currentTarget: { value } }) => at.set({ q: value || undefined }, true)}
        />
        <span class="quiet" role="status">
          {counted}
        </span>
      </div>
      <div class="scroll long" tabIndex={0} role="region" aria-label={noun[0]!.toUpperCase() + noun.slice(1)}>
        <table>
          <thead>
            <tr>
              {columns.map((each) => (
                <th
                  key={each.id}
                  scope="col"
                  class={each.isNumber ? "right" : undefined}
                  aria-sort={each === column ? (isDown ? "descending" : "ascending") : undefined}
                >
                  <button type="button" class="plain" onClick={() => sortBy(each)}>
                    {each.title}
                    <span class="arrow" aria-hidden="true">
                      {each === column ? (isDown ? "↓" : "↑") : ""}
                    </span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={keyOf(row)} class={props.isChosen?.(row) ? "chosen" : undefined}>
                <th scope="row">{props.lead?.(row) ?? columns[0]!.text(row)}</th>
                {columns.slice(1).map((each) => (
                  <td
                    key={each.id}
                    class={`${each.isNumber ? "right" : ""}${each.bar ? " bar" : ""}`}
                    style={each.bar && { "--share": `${each.bar(row) * 100}%` }}
                  >
                    {each.text(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < sorted.length && (
        <button type="button" onClick={() => setAll(true)}>
          Show all {formatCount(sorted.length)} {noun}
        </button>
      )}
    </div>
  );
}
