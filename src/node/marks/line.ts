// The language of marks: one line of text, or a JSON object, says one mark. Pure text; how it arrives is server.ts.
//   epoch 3                 → { name: "epoch", value: 3 }
//   window-open validation  → a window called "validation" opens (measure/windows.ts pairs them)
//   {"name": "loss", "value": 0.25}
import { CLOSE, OPEN } from "../../measure/windows.ts";

/** A mark as a program says it; the time is added where it arrives. */
export interface SaidMark {
  readonly name: string;
  readonly value?: string | number;
}

/** Longest line, bytes. What is longer is thrown away up to its end. */
export const LONGEST_LINE_BYTES = 1024;
const LONGEST_NAME = 100;
const LONGEST_VALUE = 500;
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;

/** A line's mark, or why it is none. An empty line is neither. */
export function parseMark(line: string): SaidMark | { readonly problem: string } | undefined {
  const text = line.trim();
  if (text === "") return undefined;
  if (text.startsWith("{")) return parseJson(text);
  const [name = "", ...words] = text.split(/\s+/);
  return checked(name, words.length === 0 ? undefined : readValue(words.join(" ")));
}

function parseJson(text: string): SaidMark | { readonly problem: string } {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return { problem: "not JSON" };
  }
  return markOf(said);
}

/** A mark from an object that came as JSON, or why it is none. */
export function markOf(said: unknown): SaidMark | { readonly problem: string } {
  if (typeof said !== "object" || said === null || Array.isArray(said)) return { problem: "expected an object" };
  const { name, value } = said as { readonly name?: unknown; readonly value?: unknown };
  if (typeof name !== "string" || name.trim() === "") return { problem: 'expected a text in "name"' };
  if (value === undefined || value === null) return checked(name, undefined);
  if (typeof value !== "string" && !(typeof value === "number" && Number.isFinite(value)))
    return { problem: 'expected a text or a number in "value"' };
  return checked(name, value as string | number);
}

/** "3" is a number, "v1.2.3" a text. Not in window marks, whose value is a name. */
function readValue(text: string): string | number {
  return NUMBER.test(text) ? Number(text) : text;
}

function checked(name: string, value: string | number | undefined): SaidMark | { readonly problem: string } {
  if (name.length > LONGEST_NAME) return { problem: `a name of ${name.length} characters, at most ${LONGEST_NAME}` };
  if (typeof value === "string" && value.length > LONGEST_VALUE)
    return { problem: `a value of ${value.length} characters, at most ${LONGEST_VALUE}` };
  if (hasControls(name)) return { problem: "the name has control characters" };
  if (name !== OPEN && name !== CLOSE) return value === undefined ? { name } : { name, value };
  return value === undefined ? { problem: `${name} needs the name of a window` } : { name, value: String(value) };
}

function hasControls(text: string): boolean {
  return [...text].some((letter) => letter < " " || letter === "\u007f");
}
