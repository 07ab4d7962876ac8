// Every run of a study, repetitions as their mean: searched and sorted by any quantity.
import { shown } from "../../report/charts/frame.ts";
import {
  QUANTITIES,
  type QuantityKey,
  SETTING_NAMES,
  type StudyRow,
  settingOf,
  settingsThatVary,
} from "../../study/study-row.ts";
import { formatCount, formatDuration, formatQuantity } from "../../units/format.ts";
import type { Navigation } from "../navigation.tsx";
import { type SortedColumn, SortedTable } from "../table/sorted-table.tsx";
import { plain } from "./names.ts";

const number = (id: QuantityKey, title: string = QUANTITIES[id].name): SortedColumn<StudyRow> => ({
  id,
  title,
  isNumber: true,
  value: (row) => QUANTITIES[id].of(row),
  text: (row) => {
    const value = QUANTITIES[id].of(row);
    if (id === "duration") return formatDuration(value);
    if (id === "batch" && value !== undefined) return formatCount(value);
    return value === undefined ? "–" : shown(value, QUANTITIES[id].unit);
  },
});

const words = (id: "phase" | "machine" | "data" | "kind"): SortedColumn<StudyRow> => ({
  id,
  title: id === "data" ? "data set" : id,
  isNumber: false,
  value: (row) => row[id],
  text: (row) => row[id] ?? "–",
});

/** A setting, where runs differ in it. */
const setting = (id: "learningRate" | "weightDecay" | "momentum"): SortedColumn<StudyRow> => ({
  id,
  title: SETTING_NAMES[id],
  isNumber: true,
  value: (row) => row[id],
  text: (row) => (row[id] === undefined ? "–" : String(row[id])),
});
const HYPERPARAMETERS = (["learningRate", "weightDecay", "momentum"] as const).map(setting);

const RUN_COLUMNS: readonly SortedColumn<StudyRow>[] = [
  {
    id: "network",
    title: "network",
    isNumber: false,
    value: ({ network }) => plain(network),
    text: ({ network }) => plain(network),
  },
  words("phase"),
  number("energy"),
  number("duration"),
  number("power"),
  number("accuracy"),
  number("batch"),
  ...HYPERPARAMETERS,
  number("macs"),
  number("params"),
  number("macsPerParam"),
  number("utilisation"),
  words("machine"),
  words("data"),
  words("kind"),
];

export function RunsTable({ at, runs }: { readonly at: Navigation; readonly runs: readonly StudyRow[] }) {
  const vary: readonly string[] = settingsThatVary(runs.filter(({ phase }) => phase === "training"));
  const columns = RUN_COLUMNS.filter(
    (column) =>
      runs.some((row) => column.value(row) !== undefined) &&
      (!HYPERPARAMETERS.includes(column) || vary.includes(column.id)),
  );
  const totalJ = (rows: readonly StudyRow[]) =>
    formatQuantity(
      rows.reduce((sum, row) => sum + row.energyJ, 0),
      "J",
    );
  return (
    <SortedTable
      at={at}
      columns={columns}
      rows={runs}
      noun="runs"
      searched="network, phase or machine"
      firstSort="energy-"
      keyOf={(row) => JSON.stringify([row.network, row.phase, row.machine, settingOf(row), row.repetition])}
      searchText={({ network, phase, machine, data = "" }) => `${network} ${phase} ${machine} ${data}`}
      foundNote={totalJ}
    />
  );
}
