// A document as ONE self-contained HTML file: no script, no request, nothing from the model's file that is not escaped.
// The style is html-style.ts; charts are drawn by the function that the caller passes (node/draw.ts).
import {
  type Cell,
  type Chart,
  type Column,
  type Document,
  type FactsSection,
  isOnScreen,
  type NotesSection,
  type Section,
  type TableSection,
} from "./document.ts";
import { REPORT_STYLE } from "./html-style.ts";
import { harmless } from "./width.ts";

export interface HtmlOptions {
  /** Draws a chart as SVG. Left out: the report has no charts. */
  readonly charts?: (chart: Chart) => string;
  /** What made the report: "joulecast 0.1.0". */
  readonly generatedBy: string;
  /** The command line that makes it again. */
  readonly command?: string | undefined;
}

/** Rows above which a table scrolls in a frame of its own. */
const LONG = 24;
/** Facts longer than this are set as lines, not as tiles. */
const TILE = 22;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escaped = (text: string): string => harmless(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);

function classes(...names: readonly (string | false | undefined)[]): string {
  const used = names.filter((name) => typeof name === "string");
  return used.length === 0 ? "" : ` class="${used.join(" ")}"`;
}

function facts(section: FactsSection): string {
  const words = section.facts.some((fact) => fact.cell.text.length > TILE);
  const items = section.facts.map(
    ({ label, cell }) => `<div><dt>${escaped(label)}</dt><dd${classes(cell.tone)}>${escaped(cell.text)}</dd></div>`,
  );
  return `<dl class="facts${words ? " words" : ""}">${items.join("")}</dl>`;
}

function dataCell(cell: Cell, column: Column, words: boolean, most: number): string {
  const share = column.bar === true && typeof cell.value === "number" && most > 0 ? cell.value / most : undefined;
  const style = share === undefined ? "" : ` style="--share:${(Math.max(0, share) * 100).toFixed(1)}%"`;
  const names = classes(column.align === "right" && "right", words && "words", share !== undefined && "bar", cell.tone);
  return `<td${names}${style}>${escaped(cell.text)}</td>`;
}

/** Rows, where a group column names each run of equal cells once, as a row heading over its rows. */
function bodies(section: TableSection, shown: readonly { column: Column; i: number }[]): string {
  const wordy = shown.map(({ column }) => column.wrap === true);
  // One scale for all bars of a table, so that they can be compared across columns.
  const most = shown
    .filter(({ column }) => column.bar === true)
    .flatMap(({ i }) => section.rows.map((row) => row[i]?.value))
    .reduce<number>((top, value) => (typeof value === "number" ? Math.max(top, value) : top), 0);
  const cells = (row: readonly Cell[], from: number) =>
    shown
      .slice(from)
      .map(({ column, i }, at) => dataCell(row[i] ?? { text: "" }, column, wordy[at + from]!, most))
      .join("");
  const first = shown[0]!;
  if (first.column.group !== true)
    return `<tbody>${section.rows.map((row) => `<tr>${cells(row, 0)}</tr>`).join("\n")}</tbody>`;
  const runs: (readonly Cell[])[][] = [];
  for (const row of section.rows) {
    const run = runs.at(-1);
    if (run?.[0]?.[first.i]?.text === row[first.i]?.text) run!.push(row);
    else runs.push([row]);
  }
  return runs
    .map((run) => {
      const heading = `<th scope="rowgroup" rowspan="${run.length}">${escaped(run[0]![first.i]?.text ?? "")}</th>`;
      return `<tbody>${run.map((row, at) => `<tr>${at === 0 ? heading : ""}${cells(row, 1)}</tr>`).join("\n")}</tbody>`;
    })
    .join("\n");
}

function table(section: TableSection): string {
  const shown = section.columns.flatMap((column, i) => (column.only === "data" ? [] : [{ column, i }]));
  const head = shown.map(
    ({ column }) => `<th scope="col"${classes(column.align === "right" && "right")}>${escaped(column.title)}</th>`,
  );
  const label = escaped(section.title ?? "table");
  const frame = `<div${classes("scroll", section.rows.length > LONG && "long")} tabindex="0" role="region" aria-label="${label}">`;
  const caption = section.caption === undefined ? "" : `<p class="caption">${escaped(section.caption)}</p>`;
  return `${frame}<table><thead><tr>${head.join("")}</tr></thead>\n${bodies(section, shown)}</table></div>${caption}`;
}

function notes(section: NotesSection): string {
  return `<ul class="notes">${section.notes.map((note) => `<li>${escaped(note)}</li>`).join("\n")}</ul>`;
}

function figure(chart: Chart, charts: HtmlOptions["charts"]): string {
  if (charts === undefined) return "";
  const note = chart.note === undefined ? "" : `<figcaption class="caption">${escaped(chart.note)}</figcaption>`;
  return `<section><h2>${escaped(chart.title)}</h2><figure><div class="plot scroll" tabindex="0" role="group" aria-label="${escaped(chart.title)}">${charts(chart)}</div>${note}</figure></section>`;
}

function part(section: Section, options: HtmlOptions): string {
  if (section.kind === "chart") return figure(section.chart, options.charts);
  const title = section.title === undefined ? "" : `<h2>${escaped(section.title)}</h2>`;
  switch (section.kind) {
    case "facts":
      return `<section>${title}${facts(section)}</section>`;
    case "table":
      return `<section>${title}${table(section)}</section>`;
    case "notes":
      return section.tone === "warning"
        ? `<section><aside role="note">${title}${notes(section)}</aside></section>`
        : `<section>${title}${notes(section)}</section>`;
  }
}

/** The document as a whole HTML page, every row of every table included. */
export function renderHtml(document: Document, options: HtmlOptions): string {
  const subtitle = document.subtitle === undefined ? "" : `<p>${escaped(document.subtitle)}</p>`;
  const command = options.command === undefined ? "" : `: <code>${escaped(options.command)}</code>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="generator" content="${escaped(options.generatedBy)}">
<link rel="icon" href="data:,">
<title>${escaped(document.title)}</title>
<style>
${REPORT_STYLE}
</style>
</head>
<body>
<header><h1>${escaped(document.title)}</h1>${subtitle}</header>
<main>
${document.sections
  .filter(isOnScreen)
  .map((section) => part(section, options))
  .filter((text) => text !== "")
  .join("\n")}
</main>
<footer>Made by ${escaped(options.generatedBy)}${command}</footer>
</body>
</html>
`;
}
