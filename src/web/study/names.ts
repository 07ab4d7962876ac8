// What networks, machines and settings of a study are called in charts and tables: as short as tells them apart.
import { grouped } from "../../study/analysis.ts";
import { type Setting, settingsThatVary, settingText } from "../../study/study-row.ts";

/** Without the mark of the zoo. */
export const plain = (network: string): string => network.replace(/^zoo:/u, "");

export type Placed = Setting & { readonly machine: string };

/** What tells groups of rows apart: the machine where there are several, and the settings that vary. */
export function groupNames(rows: readonly Placed[]): (row: Placed) => string {
  const hasMachines = new Set(rows.map(({ machine }) => machine)).size > 1;
  const vary = settingsThatVary(rows);
  return (row) => [hasMachines ? row.machine : "", settingText(row, vary)].filter(Boolean).join(", ") || row.machine;
}

/** Networks by the last part of their name, for labels; in full where that part stands for two. */
export function labelsOf(networks: readonly string[]): (network: string) => string {
  const last = (network: string): string => plain(network).replace(/^.*\//u, "");
  const byLast = grouped([...new Set(networks)], last);
  return (network) => (byLast.get(last(network))?.length === 1 ? last(network) : plain(network));
}
