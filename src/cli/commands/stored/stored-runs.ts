// What the commands over the store share: opening it (killed runs are recovered on the way), and which runs are meant.
import { openStore, type Store } from "../../../node/store/runs.ts";
import { InputError } from "../../../units/input-error.ts";
import { parseQuantity } from "../../../units/parse.ts";
import type { OptionSpec, OptionValues } from "../../command.ts";
import { textOption } from "../../options.ts";

/** The store of this user, and the messages that came while it was used: remarks for stderr. */
export interface OpenedStore {
  readonly store: Store;
  readonly messages: readonly string[];
}

/** @throws InputError "no-home" */
export async function openUserStore(): Promise<OpenedStore> {
  const messages: string[] = [];
  const store = openStore({ onMessage: (message) => messages.push(message) });
  await store.recover();
  return { store, messages };
}

export const SINCE_OPTION: OptionSpec = {
  flags: "--since <time>",
  description: "only runs that started since then: 90min, 12h, 7d, 2w ago, or a date such as 2026-01-31 (UTC)",
};

/** "7d" or a date → an ISO time. @throws InputError "bad-since" */
export function sinceOption(options: OptionValues, nowMs: number = Date.now()): string | undefined {
  const text = textOption(options, "--since");
  if (text === undefined) return undefined;
  const isAge = /^[\d.]+\s*[a-z]+$/i.test(text);
  const timeMs = isAge ? nowMs - parseQuantity(text, "s", "--since") * 1000 : Date.parse(text);
  if (Math.abs(timeMs) <= 8.64e15) return new Date(timeMs).toISOString();
  throw new InputError(
    "bad-since",
    `--since "${text}" is neither an age nor a date`,
    "write an age such as 7d or 12h, or a date such as 2026-01-31",
  );
}
