// Text in terminal columns: how wide it is, shortening it, wrapping it, making it harmless. Not a terminal library.
// Wide ranges follow Unicode East Asian Width W and F [UAX11], coarsened to blocks.

const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** Control characters and the marks that turn the writing direction: a layer's name must not steer a terminal or page. */
const STEERING = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu;
const PLAIN = /^[\x20-\x7e]*$/;

/** The text with every control and direction character replaced by "�"; lone surrogates too. */
export function harmless(text: string): string {
  return PLAIN.test(text) ? text : text.replace(STEERING, "�");
}

function codePointWidth(character: string): number {
  const code = character.codePointAt(0)!;
  if (code < 0x300) return code === 0xad ? 0 : 1;
  if (NO_WIDTH.test(character)) return 0;
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}

/** Terminal columns that the text takes: 2 for wide East Asian characters and emoji, 0 for combining marks. */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += codePointWidth(character);
  return width;
}

/** The longest beginning (or end) of the text that fits `width` columns. */
function fitting(characters: readonly string[], width: number): string {
  let used = 0;
  let kept = "";
  for (const character of characters) {
    used += codePointWidth(character);
    if (used > width) break;
    kept += character;
  }
  return kept;
}

/** Share of the room that the beginning keeps: what tells names of layers apart stands at their end. */
const START_SHARE = 1 / 3;

/** The text in at most `width` columns (at least 1), with "…" in it and more of its end than of its beginning: "blo…2/conv1". */
export function shorten(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  const characters = [...text];
  const start = fitting(characters, Math.floor((width - 1) * START_SHARE));
  const room = width - 1 - displayWidth(start);
  let end = "";
  let used = 0;
  for (const character of characters.toReversed()) {
    used += codePointWidth(character);
    if (used > room) break;
    end = character + end;
  }
  return `${start}…${end}`;
}

/** The text set in `width` columns. */
export function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const space = " ".repeat(Math.max(0, width - displayWidth(text)));
  return align === "right" ? space + text : text + space;
}

/** Lines of at most `width` columns, broken at spaces; a word longer than a line is cut. At least one line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").filter((part) => part !== "")) {
    if (line !== "" && displayWidth(line) + 1 + displayWidth(word) <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word;
    while (displayWidth(line) > width) {
      const head = fitting([...line], width) || [...line][0]!;
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines;
}
