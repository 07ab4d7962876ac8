// How joules came about, in words that never call a model a measurement.
import type { Measurement } from "../measure/measurement.ts";
import type { Cell } from "./document.ts";

type AnyKind = Measurement["kind"];

/** One sentence each. */
export const KIND_WORDS: Readonly<Record<AnyKind, string>> = {
  measured: "measured by energy counters of the hardware",
  integrated: "integrated: power readings summed over time",
  modelled: "MODELLED from load or specification: nothing was measured",
  mixed: "mixed: modelled joules are added to joules that were read",
};

/** Whether something in it was computed and not read. */
export const isModel = (kind: AnyKind): boolean => kind === "modelled" || kind === "mixed";

/** What the kind makes of the word "energy": "net energy, modelled". */
export function ofKind(label: string, kind: AnyKind): string {
  return kind === "measured" ? label : `${label}, ${kind}`;
}

export function kindCell(kind: AnyKind): Cell {
  return { text: kind, ...(isModel(kind) ? { tone: "warning" as const } : {}) };
}
