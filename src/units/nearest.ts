// Names that a misspelt word may have meant. Not a search engine: edit distance and prefixes only.
import { InputError } from "./input-error.ts";

/** Levenshtein distance between two words, in single-character edits (swaps of neighbours count one). */
export function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array<number>(b.length).fill(0)]);
  for (let j = 0; j <= b.length; j++) rows[0]![j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = best;
    }
  }
  return rows[a.length]![b.length]!;
}

function sharedStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

/** The `count` candidates closest to `word`, nearest first; prefixes and contained words before edits. None that half of its letters miss. */
export function nearest(word: string, candidates: readonly string[], count = 3): string[] {
  const wanted = word.toLowerCase();
  const scored = (candidate: string) => {
    const name = candidate.toLowerCase();
    const isContained = wanted.length >= 3 && (name.includes(wanted) || wanted.includes(name));
    const distance = editDistance(wanted, name);
    // Among equally far names the one that begins alike was more likely meant.
    const score = distance - sharedStart(wanted, name) / 100 - (isContained ? 100 : 0);
    return { candidate, score, isNear: isContained || distance <= Math.max(1, wanted.length / 2) };
  };
  return candidates
    .map(scored)
    .filter(({ isNear }) => isNear)
    .sort((a, b) => a.score - b.score)
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

/** The error for a name that is not in a catalogue: says the nearest names and how to list all. */
export function unknownName(kind: string, word: string, candidates: readonly string[], listHint: string): InputError {
  const near = nearest(word, candidates);
  const suggestion = near.length > 0 ? `; nearest: ${near.join(", ")}` : "";
  return new InputError(`unknown-${kind.replaceAll(" ", "-")}`, `unknown ${kind} "${word}"${suggestion}`, listHint);
}
