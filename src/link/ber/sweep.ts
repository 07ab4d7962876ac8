// Bit error ratios over a range of SNR: which slots are still needed, in which order their counts are added, when a point is done. Where the
// chunks run (here, in threads) is the caller's. Chunks are added in order, so the result does not depend on how many run at once.
import { added, NOTHING, type Tally } from "./tally.ts";

export interface StopRule {
  /** Slots per point at most. Default: 1,000, or 100,000 where `minErrors` is given. */
  readonly slots?: number;
  /** A point stops at so many bit errors. Default: it does not. */
  readonly minErrors?: number;
}

/** Stopping on errors earlier makes ratios of fading too large: it stops right after bad slots. */
export const SLOTS_BEFORE_STOPPING = 1000;
/** Slots of a point that finds too few errors and has no limit of its own. */
export const MOST_SLOTS = 100_000;
/** Slots that are simulated at once. */
export const CHUNK_SLOTS = 50;

export function slotLimit({ slots, minErrors }: StopRule): number {
  return slots ?? (minErrors === undefined ? SLOTS_BEFORE_STOPPING : MOST_SLOTS);
}

export function isDone(tally: Tally, rule: StopRule): boolean {
  const limit = slotLimit(rule);
  if (tally.slots >= limit) return true;
  const { minErrors } = rule;
  return minErrors !== undefined && tally.errors >= minErrors && tally.slots >= Math.min(SLOTS_BEFORE_STOPPING, limit);
}

/** A chunk to simulate through some of the receivers, by their place in the list. */
export interface ChunkOrder {
  readonly snrDb: number;
  readonly from: number;
  readonly count: number;
  readonly receivers: readonly number[];
}

export interface Sweep {
  readonly snrsDb: readonly number[];
  /** How many. */
  readonly receivers: number;
  readonly stop: StopRule;
  /** Counts of an earlier run, [SNR][receiver]. Default: nothing. */
  readonly earlier?: readonly (readonly (Tally | undefined)[])[];
  /** Chunks at a time. Default 1. */
  readonly parallel?: number;
  /** Simulates one chunk: a tally per receiver asked for. */
  run(order: ChunkOrder): Promise<readonly Tally[]>;
  /** After every chunk that was added, with all counts so far. */
  onChunk?(tallies: readonly (readonly Tally[])[], slots: number): void | Promise<void>;
  /** True to end before all is done. */
  isStopped?(): boolean;
}

/** Receivers that need the slots from `from` on; of an earlier run some may be further than others. */
function waiting(tallies: readonly Tally[], stop: StopRule, from: number): number[] {
  return [...tallies.keys()].filter((r) => !isDone(tallies[r]!, stop) && tallies[r]!.slots <= from);
}

/** Slots up to the next place where a receiver of an earlier run comes in, or the limit. */
function chunkLength(tallies: readonly Tally[], stop: StopRule, from: number): number {
  const next = tallies.filter((tally) => tally.slots > from && !isDone(tally, stop)).map(({ slots }) => slots - from);
  return Math.min(CHUNK_SLOTS, slotLimit(stop) - from, ...next);
}

/** Simulates one point until all its receivers are done; `row` holds their counts. */
async function runPoint(sweep: Sweep, snrDb: number, row: Tally[], onChunk: (slots: number) => void | Promise<void>) {
  const { stop, parallel = 1 } = sweep;
  const limit = slotLimit(stop);
  const flying: { readonly order: ChunkOrder; readonly answer: Promise<readonly Tally[]> }[] = [];
  let from = Math.min(...row.filter((tally) => !isDone(tally, stop)).map(({ slots }) => slots));
  try {
    while (sweep.isStopped?.() !== true) {
      while (flying.length < parallel && from < limit && row.some((tally) => !isDone(tally, stop))) {
        const order = { snrDb, from, count: chunkLength(row, stop, from), receivers: waiting(row, stop, from) };
        flying.push({ order, answer: sweep.run(order) });
        from += order.count;
      }
      const next = flying.shift();
      if (next === undefined) return;
      const answer = await next.answer;
      for (const [at, r] of next.order.receivers.entries())
        if (!isDone(row[r]!, stop)) row[r] = added(row[r]!, answer[at]!);
      await onChunk(next.order.count);
    }
  } finally {
    await Promise.allSettled(flying.map(({ answer }) => answer));
  }
}

/** @returns counts by [SNR][receiver]; not all done where `isStopped` said so */
export async function runSweep(sweep: Sweep): Promise<Tally[][]> {
  const { snrsDb, receivers, earlier } = sweep;
  const tallies = snrsDb.map((_, i) => Array.from({ length: receivers }, (_, r) => earlier?.[i]?.[r] ?? NOTHING));
  for (const [i, snrDb] of snrsDb.entries())
    await runPoint(sweep, snrDb, tallies[i]!, (slots) => sweep.onChunk?.(tallies, slots));
  return tallies;
}
