// Being asked to end: passes over data look here in between, so that Ctrl-C takes one pass and not all of them.
import { InputError } from "../units/input-error.ts";

/** Aborted: end soon. An AbortSignal is one. */
export interface StopSignal {
  readonly aborted: boolean;
}

const CODE = "interrupted";

/** @throws InputError "interrupted" once the signal is aborted */
export function goOn(signal: StopSignal | undefined): void {
  if (signal?.aborted === true) throw new InputError(CODE, "interrupted", "run it again");
}

/** What `work` gives; undefined when it was interrupted. */
export async function unlessStopped<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InputError && error.code === CODE) return undefined;
    throw error;
  }
}
