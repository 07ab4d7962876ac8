// Joules that were not read of this machine now are never shown without saying so: a replay, or files below another root. The words
// for it, shared by reports and exports; the mark itself is set where a source is opened.
import type { Origin, SourceInfo } from "./power-source.ts";

/** What a reader must know, one sentence each. */
export const ORIGIN_KINDS: Readonly<Record<Origin["kind"], (where: string) => string>> = {
  replay: (where) => `replayed from ${where}: nothing was measured now`,
  "other root": (where) => `read below JOULECAST_ROOT=${where}: not from this machine`,
};

/** The origins of sources that are not of this machine now, each once. */
function originsOf(sources: readonly Pick<SourceInfo, "origin">[]): readonly Origin[] {
  const met = new Map(sources.flatMap(({ origin }) => (origin ? [[`${origin.kind} ${origin.where}`, origin]] : [])));
  return [...met.values()];
}

/** Warnings for a reader; none when all was read of this machine. */
export const originWarnings = (sources: readonly Pick<SourceInfo, "origin">[]): readonly string[] =>
  originsOf(sources).map(({ kind, where }) => ORIGIN_KINDS[kind](where));

/** In few words, for a column or a label: "replay", "other root"; undefined when all was read of this machine. */
export function originLabel(sources: readonly Pick<SourceInfo, "origin">[]): string | undefined {
  return [...new Set(originsOf(sources).map(({ kind }) => kind))].join("; ") || undefined;
}
