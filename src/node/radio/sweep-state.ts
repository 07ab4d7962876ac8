// The counts of a sweep in a file, so that it can go on after an end. One JSON object, replaced by renaming: the old or the new one, never half.
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync } from "node:fs";
import type { LinkSetup } from "../../link/ber/chunk.ts";
import type { Tally } from "../../link/ber/tally.ts";
import { InputError } from "../../units/input-error.ts";
import { explainRefusal, writeWhole } from "../files.ts";

const FORMAT = "joulecast/link-sweep/1";

/** Counts by SNR and receiver. */
interface State {
  readonly format: string;
  /** What is simulated: counts of another link cannot be added. */
  readonly setup: string;
  readonly points: readonly { readonly snrDb: number; readonly receiver: string; readonly tally: Tally }[];
}

/** A receiver as it is remembered: a file by its name and content. */
export async function receiverKey(name: string): Promise<string> {
  if (!existsSync(name)) return name;
  const hash = createHash("sha256");
  for await (const piece of createReadStream(name)) hash.update(piece as Uint8Array);
  return `${name} ${hash.digest("hex").slice(0, 16)}`;
}

export interface SweepState {
  /** Counts of an earlier run by [SNR][receiver]; undefined where there are none. */
  readonly earlier: readonly (readonly (Tally | undefined)[])[];
  /** Replaces the file. Points of the earlier run that are not asked for now are kept. */
  save(tallies: readonly (readonly Tally[])[]): Promise<void>;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isTally = (tally: Partial<Tally> | undefined): tally is Tally =>
  tally !== undefined && [tally.slots, tally.bits, tally.errors, tally.squares].every(isCount);

function damaged(path: string): InputError {
  return new InputError(
    "bad-state",
    `"${path}" holds no counts of link ber`,
    "remove it, or give another --resume file",
  );
}

function read(path: string, setup: string): State["points"] {
  if (!existsSync(path)) return [];
  let state: Partial<State>;
  try {
    state = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw error instanceof SyntaxError ? damaged(path) : explainRefusal(error, path, "read");
  }
  if (state?.format !== FORMAT || !Array.isArray(state.points) || !state.points.every(({ tally }) => isTally(tally)))
    throw damaged(path);
  if (state.setup !== setup)
    throw new InputError(
      "other-link",
      `"${path}" holds counts of another link: ${state.setup}`,
      "give the same options as before, or another --resume file",
    );
  return state.points;
}

/**
 * The state file of a sweep; it is made when first saved.
 * @param keys of the receivers, as receiverKey gives them
 * @throws InputError "bad-state" | "other-link" | "cannot-read"
 */
export function sweepState(
  path: string,
  setup: LinkSetup,
  snrsDb: readonly number[],
  keys: readonly string[],
): SweepState {
  const told = JSON.stringify(setup);
  const before = read(path, told);
  const find = (snrDb: number, receiver: string) =>
    before.find((point) => point.snrDb === snrDb && point.receiver === receiver)?.tally;
  return {
    earlier: snrsDb.map((snrDb) => keys.map((key) => find(snrDb, key))),
    save: async (tallies) => {
      const now = snrsDb.flatMap((snrDb, i) =>
        keys.map((receiver, r) => ({ snrDb, receiver, tally: tallies[i]![r]! })),
      );
      const others = before.filter(({ snrDb, receiver }) => !snrsDb.includes(snrDb) || !keys.includes(receiver));
      const state: State = { format: FORMAT, setup: told, points: [...others, ...now] };
      await writeWhole(path, [`${JSON.stringify(state)}\n`]);
    },
  };
}
