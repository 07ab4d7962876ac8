// What a terminal shows, as an SVG picture: text with the ANSI styles that joulecast writes (bold, dim, yellow, cyan). No other escapes.
import { displayWidth } from "../../src/report/width.ts";

const CELL = { width: 8, height: 18 };
const MARGIN = 16;
const INK = "#e6edf3";
/** What each code changes; 22 and 39 end it. */
const STYLES: Readonly<Record<string, string>> = {
  "1": 'font-weight="700"',
  "2": 'fill="#8b949e"',
  "33": 'fill="#d29922"',
  "36": 'fill="#39c5cf"',
};

const escaped = (text: string): string => text.replace(/[&<]/g, (sign) => (sign === "&" ? "&amp;" : "&lt;"));

/** A line as spans of one style each. `textLength` keeps columns in line whatever the viewer's font is. */
function lineMarkup(line: string, row: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape that a style begins with
  const pieces = line.split(/\u001b\[(\d+)m/);
  const plain = pieces.filter((_, index) => index % 2 === 0).join("");
  if (plain.trim() === "") return "";
  const spans = pieces.map((piece, index) => {
    if (index % 2 === 1 || piece === "") return "";
    const style = STYLES[pieces[index - 1] ?? ""];
    return style === undefined ? escaped(piece) : `<tspan ${style}>${escaped(piece)}</tspan>`;
  });
  const y = MARGIN + (row + 0.75) * CELL.height;
  return `<text x="${MARGIN}" y="${y}" textLength="${displayWidth(plain) * CELL.width}" xml:space="preserve">${spans.join("")}</text>`;
}

/** @param title what the picture shows, for those who do not see it */
export function terminalPicture(text: string, title: string, columns = 80): string {
  const lines = text.trimEnd().split("\n");
  const width = columns * CELL.width + 2 * MARGIN;
  const height = lines.length * CELL.height + 2 * MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" fill="${INK}">`,
    ...lines.map(lineMarkup).filter((markup) => markup !== ""),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}
