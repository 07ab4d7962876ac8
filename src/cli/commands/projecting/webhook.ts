// Tells an address of the user's that a limit was exceeded: one POST of JSON. A webhook that does not answer changes nothing.
import { InputError } from "../../../units/input-error.ts";
import type { OptionValues } from "../../command.ts";
import { textOption } from "../../options.ts";

/** Most time that an answer is waited for, ms. */
const PATIENCE_MS = 5000;

/** --webhook. @throws InputError "bad-url" */
export function webhookOption(options: OptionValues): URL | undefined {
  const text = textOption(options, "--webhook");
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new InputError("bad-url", `--webhook "${text}" is no address`, "write it like http://localhost:8080/budget");
}

/** @returns what went wrong, undefined when it was taken */
export async function post(url: URL, body: Readonly<Record<string, unknown>>): Promise<string | undefined> {
  try {
    const { ok, status } = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return ok ? undefined : `the webhook answered ${status}`;
  } catch (error) {
    const { message, cause } = error as Error & { readonly cause?: { readonly code?: string } };
    return `the webhook did not answer: ${cause?.code ?? message}`;
  }
}
