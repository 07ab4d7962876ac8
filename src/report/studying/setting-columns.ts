// The columns that tell rows of a study apart besides network and phase: machine, data, batch and hyperparameters, each only where the
// rows differ in it. What differs never goes, however narrow the terminal: without it rows would look alike.
import { SETTING_NAMES, type Setting, settingsThatVary } from "../../study/study-row.ts";
import type { Cell, Column } from "../document.ts";
import { countCell, numberWithoutUnitCell, textCell } from "../show.ts";

type Placed = Setting & { readonly machine: string };

export interface SettingColumns {
  readonly columns: readonly Column[];
  readonly cells: (row: Placed) => readonly Cell[];
}

const CELLS: Readonly<Record<keyof Setting, (row: Setting) => Cell>> = {
  data: ({ data }) => textCell(data),
  batch: ({ batch }) => countCell(batch),
  learningRate: ({ learningRate }) => numberWithoutUnitCell(learningRate),
  weightDecay: ({ weightDecay }) => numberWithoutUnitCell(weightDecay),
  momentum: ({ momentum }) => numberWithoutUnitCell(momentum),
};

/** @param always keys with a column also where all rows agree, which then goes when it gets narrow */
export function settingColumns(
  rows: readonly Placed[],
  always: readonly (keyof Setting | "machine")[] = [],
): SettingColumns {
  const varied: readonly (keyof Setting)[] = settingsThatVary(rows);
  const hasMachines = new Set(rows.map(({ machine }) => machine)).size > 1;
  const keys = (Object.keys(SETTING_NAMES) as (keyof Setting)[]).filter(
    (key) => varied.includes(key) || (always.includes(key) && rows.some((row) => row[key] !== undefined)),
  );
  const isMachine = hasMachines || always.includes("machine");
  return {
    columns: [
      ...(isMachine ? [{ title: "machine", wrap: true, ...(!hasMachines && { priority: 1 }) }] : []),
      ...keys.map(
        (key): Column => ({
          title: SETTING_NAMES[key],
          ...(key === "data" ? { wrap: true } : { align: "right" }),
          ...(!varied.includes(key) && { priority: 1 }),
        }),
      ),
    ],
    cells: (row) => [...(isMachine ? [textCell(row.machine)] : []), ...keys.map((key) => CELLS[key](row))],
  };
}

/** "resnet18, m1, batch 16": a name that tells rows apart in a legend. */
export function placeText(rows: readonly Placed[]): (row: Placed) => string {
  const varied = settingsThatVary(rows);
  const hasMachines = new Set(rows.map(({ machine }) => machine)).size > 1;
  return (row) =>
    [
      ...(hasMachines ? [row.machine] : []),
      ...varied.flatMap((key) => (row[key] === undefined ? [] : [`${SETTING_NAMES[key]} ${row[key]}`])),
    ].join(", ");
}
