// A document as GitHub-flavoured Markdown, for issues and pull requests. Charts are left to HTML.
import { formatCount } from "../units/format.ts";
import {
  type Document,
  type FactsSection,
  isOnScreen,
  type NotesSection,
  type Section,
  type TableSection,
} from "./document.ts";
import { harmless } from "./width.ts";

/** Text that Markdown and the HTML inside it take literally. */
function escaped(text: string): string {
  return harmless(text)
    .replace(/[\\`*_[\]~|]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

function table(section: TableSection): string[] {
  const shown = section.columns.flatMap((column, i) => (column.only === "data" ? [] : [{ column, i }]));
  const limit = section.limit ?? section.rows.length;
  const more = section.rows.length - limit;
  return [
    line(shown.map(({ column }) => escaped(column.title))),
    line(shown.map(({ column }) => (column.align === "right" ? "---:" : "---"))),
    ...section.rows.slice(0, limit).map((row) => line(shown.map(({ i }) => escaped(row[i]?.text ?? "")))),
    ...(more > 0 ? ["", `… and ${formatCount(more)} more`] : []),
    ...(section.caption === undefined ? [] : ["", escaped(section.caption)]),
  ];
}

function facts(section: FactsSection): string[] {
  return [
    "| | |",
    "| --- | ---: |",
    ...section.facts.map((fact) => line([escaped(fact.label), escaped(fact.cell.text)])),
  ];
}

function notes(section: NotesSection): string[] {
  if (section.tone !== "warning") return section.notes.map((note) => `- ${escaped(note)}`);
  return ["> [!WARNING]", ...section.notes.map((note) => `> - ${escaped(note)}`)];
}

function body(section: Section): string[] {
  switch (section.kind) {
    case "facts":
      return facts(section);
    case "table":
      return table(section);
    case "notes":
      return notes(section);
    case "chart":
      return [];
  }
}

/** The document as Markdown, ending in a newline. */
export function renderMarkdown(document: Document): string {
  const parts = [
    `# ${escaped(document.title)}`,
    ...(document.subtitle === undefined ? [] : [escaped(document.subtitle)]),
    ...document.sections.filter(isOnScreen).flatMap((section) => {
      const lines = body(section);
      if (lines.length === 0) return [];
      const title = section.kind !== "chart" && section.title !== undefined ? [`## ${escaped(section.title)}`] : [];
      return [...title, lines.join("\n")];
    }),
  ];
  return `${parts.join("\n\n")}\n`;
}
