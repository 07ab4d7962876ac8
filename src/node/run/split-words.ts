// A command written as one string becomes the words a POSIX shell would make of it, without a shell: quotes and backslashes only.
// No variables, no globs. Unquoted operators (| ; & < > ( ) and newlines) are refused: without a shell they would be plain words,
// which nobody means. Rules: POSIX.1-2024, Shell Command Language, 2.2 Quoting.
import { InputError } from "../../units/input-error.ts";

const OPERATORS = "|;&<>()\n";
const BLANKS = " \t\r";
/** What a backslash protects between double quotes. */
const ESCAPED_IN_DOUBLE = '$`"\\';

/**
 * @param text "python 'my file.py' --rate=0.1"
 * @throws InputError "unclosed-quote" | "trailing-backslash" | "needs-shell" | "empty-command"
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (BLANKS.includes(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (letter === "'" || letter === '"') {
      const [quoted, end] = letter === "'" ? singleQuoted(text, at) : doubleQuoted(text, at);
      word = (word ?? "") + quoted;
      at = end;
    } else if (letter === "\\") {
      at++;
      if (at === text.length)
        throw new InputError("trailing-backslash", `the command ends with a backslash: ${text}`, "write two, or none");
      if (text[at] !== "\n") word = (word ?? "") + text[at]; // a backslash before a newline joins the lines
    } else if (OPERATORS.includes(letter)) {
      throw new InputError(
        "needs-shell",
        `the command has ${letter === "\n" ? "a newline" : `"${letter}"`} outside quotes, which only a shell understands: ${text}`,
        "quote it if it belongs to a word, or give --shell",
      );
    } else word = (word ?? "") + letter;
  }
  if (word !== undefined) words.push(word);
  if (words.length === 0)
    throw new InputError("empty-command", `"${text}" has no word`, "give a program and its arguments");
  return words;
}

function singleQuoted(text: string, start: number): [string, number] {
  const end = text.indexOf("'", start + 1);
  if (end < 0) throw unclosed("'", start, text);
  return [text.slice(start + 1, end), end];
}

function doubleQuoted(text: string, start: number): [string, number] {
  let quoted = "";
  for (let at = start + 1; at < text.length; at++) {
    const letter = text[at]!;
    if (letter === '"') return [quoted, at];
    const next = text[at + 1];
    if (letter !== "\\" || next === undefined || !(ESCAPED_IN_DOUBLE + "\n").includes(next)) quoted += letter;
    else {
      at++;
      if (next !== "\n") quoted += next;
    }
  }
  throw unclosed('"', start, text);
}

function unclosed(quote: string, start: number, text: string): InputError {
  return new InputError(
    "unclosed-quote",
    `the quote ${quote} at character ${start + 1} is not closed: ${text}`,
    "close it, or put a backslash before it",
  );
}
