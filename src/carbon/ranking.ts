// Networks that do the same job, by what they cost in all: E_train + N·E_inf, and the N at which the order changes.

export interface Candidate {
  readonly name: string;
  /** Energy of training it, J; 0 for one that is trained already. */
  readonly trainingJ: number;
  /** Energy of one inference, J. */
  readonly inferenceJ: number;
}

export interface Ranked extends Candidate {
  /** E_train + N·E_inf, J. */
  readonly totalJ: number;
}

/** Where one candidate becomes cheaper than another. */
export interface Crossing {
  /** Cheaper below `inferences`. */
  readonly before: string;
  /** Cheaper above. */
  readonly after: string;
  readonly inferences: number;
}

/** A stretch of N in which one candidate is the cheapest. */
export interface Cheapest {
  readonly name: string;
  /** From this number of inferences on, to the next entry's. */
  readonly fromInferences: number;
}

/** Candidates by total energy after `inferences`, cheapest first; equal ones keep their order. */
export function rankCandidates(candidates: readonly Candidate[], inferences: number): Ranked[] {
  return candidates
    .map((candidate) => ({ ...candidate, totalJ: candidate.trainingJ + inferences * candidate.inferenceJ }))
    .sort((a, b) => a.totalJ - b.totalJ);
}

/** N > 0 at which the dearer to train `b` has become as cheap as `a`; undefined when it never does. */
function crossing(a: Candidate, b: Candidate): Crossing | undefined {
  const [before, after] = a.trainingJ <= b.trainingJ ? [a, b] : [b, a];
  const saved = before.inferenceJ - after.inferenceJ;
  if (saved <= 0 || after.trainingJ === before.trainingJ) return undefined;
  const inferences = (after.trainingJ - before.trainingJ) / saved;
  return { before: before.name, after: after.name, inferences };
}

/** Every pair whose order changes, by N. */
export function crossings(candidates: readonly Candidate[]): Crossing[] {
  return candidates
    .flatMap((a, i) => candidates.slice(i + 1).map((b) => crossing(a, b)))
    .filter((found) => found !== undefined)
    .sort((a, b) => a.inferences - b.inferences);
}

/** The cheapest candidate for every N ≥ 0: the lower envelope of the lines. Empty when there are no candidates. */
export function cheapestByInferences(candidates: readonly Candidate[]): Cheapest[] {
  const byStart = candidates.toSorted((a, b) => a.trainingJ - b.trainingJ || a.inferenceJ - b.inferenceJ);
  const envelope: Cheapest[] = [];
  let current = byStart[0];
  let fromInferences = 0;
  while (current !== undefined) {
    const here: Candidate = current;
    envelope.push({ name: here.name, fromInferences });
    // The next one is the line that meets this one first; of lines meeting there, the flattest.
    const next = byStart
      .filter((other) => other.inferenceJ < here.inferenceJ)
      .map((other) => ({ other, at: (other.trainingJ - here.trainingJ) / (here.inferenceJ - other.inferenceJ) }))
      .sort((a, b) => a.at - b.at || a.other.inferenceJ - b.other.inferenceJ)[0];
    current = next?.other;
    fromInferences = Math.max(fromInferences, next?.at ?? 0);
  }
  return envelope;
}
