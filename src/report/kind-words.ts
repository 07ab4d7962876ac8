// How joules came about, in words that never call a model a measurement.
import type { Measurement } from "../measure/measurement.ts";
import { originWarnings } from "../measure/origin.ts";
import type { Cell } from "./document.ts";

type AnyKind = Measurement["kind"];

/** One sentence each. */
export const KIND_WORDS: Readonly<Record<AnyKind, string>> = {
  measured: "measured by energy counters of the hardware",
  integrated: "integrated: power readings summed over time",
  modelled: "MODELLED from load or specification: nothing was measured",
  mixed: "mixed: modelled joules are added to joules that were read",
  missing: "MISSING: no source was read in the run, so its joules are not known",
};

/** Remarks on sources that were not read of this machine now; none else. */
export const originNotes = (measurements: readonly Measurement[]): readonly string[] =>
  originWarnings(measurements.flatMap(({ sources }) => sources.map(({ info }) => info)));

/** The sentence for a kind, with what it is not of before it. */
export const kindSentence = (kind: AnyKind, measurements: readonly Measurement[]): string =>
  originNotes(measurements).length > 0 ? `read elsewhere or earlier: ${KIND_WORDS[kind]}` : KIND_WORDS[kind];

/** Whether something in it was computed and not read. */
export const isModel = (kind: AnyKind): boolean => kind === "modelled" || kind === "mixed";

/** Whether a reader must be warned of it before any number. */
export const isLoud = (kind: AnyKind): boolean => isModel(kind) || kind === "missing";

/** What the kind makes of the word "energy": "net energy, modelled". */
export function ofKind(label: string, kind: AnyKind): string {
  return kind === "measured" ? label : `${label}, ${kind}`;
}

export function kindCell(kind: AnyKind): Cell {
  return { text: kind, ...(isLoud(kind) ? { tone: "warning" as const } : {}) };
}
