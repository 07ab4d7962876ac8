// What a route gives back, and how it becomes an HTTP response: one place for headers, errors and sizes.
import type { ServerResponse } from "node:http";
import { InputError } from "../../units/input-error.ts";

export interface WholeAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A whole answer, or one that goes on by itself. */
export type Answer = WholeAnswer | { readonly stream: (response: ServerResponse) => void };

/** Loads nothing from elsewhere, runs nothing inline; the style of single elements is what charts need. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

const finite = (_: string, value: unknown) => (typeof value === "number" && !Number.isFinite(value) ? null : value);

/** JSON; what is not a number is null, for absence is never a number. */
export const json = (value: unknown, status = 200): WholeAnswer => ({
  status,
  type: "application/json; charset=utf-8",
  body: JSON.stringify(value, finite),
});

/** An error in the words of the command line's JSON. */
export const refused = (status: number, code: string, message: string, hint = ""): WholeAnswer =>
  json({ error: { code, message, hint } }, status);

const NOT_THERE = /^(?:unknown|no)-/u;

/** The user's input where it cannot be used; anything else is a bug and passes on. */
export function answerTo(error: unknown): Answer {
  if (!(error instanceof InputError)) throw error;
  return refused(NOT_THERE.test(error.code) ? 404 : 400, error.code, error.message, error.hint);
}

/** @param isBodyless HEAD */
export function send(response: ServerResponse, answer: Answer, isBodyless: boolean): void {
  if ("stream" in answer) {
    answer.stream(response);
    return;
  }
  const { status, type, body, headers } = answer;
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  response.writeHead(status, {
    "cache-control": "no-store",
    ...SAFE_HEADERS,
    "content-type": type,
    "content-length": length,
    ...headers,
  });
  response.end(isBodyless ? undefined : body);
}
