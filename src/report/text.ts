// A document for the terminal. Charts and sections marked `detail` are left to HTML. The caller knows whether colour is
// wanted (a terminal, no NO_COLOR) and how wide the terminal is; nothing here asks the machine.
import { formatCount } from "../units/format.ts";
import {
  type Document,
  type FactsSection,
  isOnScreen,
  type NotesSection,
  type Section,
  type TableSection,
} from "./document.ts";
import { drawTable, type Paint } from "./text-table.ts";
import { displayWidth, harmless, pad, shorten, wrap } from "./width.ts";

export interface TextOptions {
  /** Columns of the terminal, at least 20. Default 80. */
  readonly width?: number;
  /** Write ANSI colours. Default false. */
  readonly color?: boolean;
  /** Show every row of every table. Default false: tables keep to their limits. */
  readonly full?: boolean;
  /** Where the rest is, said beside what was left out. Default "--html and --json have all". */
  readonly elsewhere?: string;
}

const ANSI = { bold: [1, 22], dim: [2, 22], yellow: [33, 39], cyan: [36, 39] } as const;

const plain: Paint = (_style, text) => text;
const ansi: Paint = (style, text) => (text === "" ? "" : `\u001b[${ANSI[style][0]}m${text}\u001b[${ANSI[style][1]}m`);

interface Setting {
  readonly width: number;
  readonly paint: Paint;
  readonly full: boolean;
  readonly elsewhere: string;
}

function heading(title: string | undefined, { width, paint }: Setting): string[] {
  return title === undefined ? [] : wrap(harmless(title), width).map((line) => paint("bold", line));
}

function hanging(mark: string, text: string, width: number): string[] {
  const indent = displayWidth(mark);
  return wrap(harmless(text), Math.max(1, width - indent)).map(
    (line, i) => (i === 0 ? mark : " ".repeat(indent)) + line,
  );
}

function facts(section: FactsSection, setting: Setting): string[] {
  const { width, paint } = setting;
  const labels = section.facts.map((fact) => harmless(fact.label));
  const labelWidth = Math.min(Math.max(0, ...labels.map(displayWidth)), Math.floor(width / 2) - 2);
  const texts = section.facts.map((fact) => harmless(fact.cell.text));
  const room = width - labelWidth - 2;
  const numbers = section.facts.map(({ cell }, i) => typeof cell.value === "number" && displayWidth(texts[i]!) <= room);
  const numberWidth = Math.max(0, ...texts.map((text, i) => (numbers[i] ? displayWidth(text) : 0)));
  const lines = section.facts.flatMap((fact, i) => {
    const label = paint("dim", pad(shorten(labels[i]!, labelWidth), labelWidth));
    const text = numbers[i] ? pad(texts[i]!, numberWidth, "right") : texts[i]!;
    const parts = numbers[i] ? [text] : wrap(text, room);
    const tone = fact.cell.tone;
    return parts.map((part, row) => {
      const shown = tone === undefined ? part : paint(tone === "warning" ? "yellow" : "dim", part);
      return `${row === 0 ? label : " ".repeat(labelWidth)}  ${shown}`.trimEnd();
    });
  });
  return [...heading(section.title, setting), ...lines];
}

function table(section: TableSection, setting: Setting): string[] {
  const { width, paint, full, elsewhere } = setting;
  if (!isOnScreen(section)) return [];
  const all = section.rows.length;
  // A single row left over takes the place of the line that would count it.
  const limit = full || all <= (section.limit ?? all) + 1 ? all : section.limit!;
  const { lines, dropped } = drawTable(section, width, limit, paint);
  const more = all - limit;
  const left = [
    ...(more > 0 ? [`… and ${formatCount(more)} more rows`] : []),
    ...(dropped.length > 0 ? [`no room for ${dropped.join(", ")}`] : []),
  ];
  const remarks = [
    ...(section.caption === undefined ? [] : [section.caption]),
    ...(left.length > 0 ? [`${left.join("; ")} (${elsewhere})`] : []),
  ];
  const under = remarks.flatMap((remark) => hanging("", remark, width).map((line) => paint("dim", line)));
  return [...heading(section.title, setting), ...lines, ...under];
}

function notes(section: NotesSection, setting: Setting): string[] {
  const { width, paint } = setting;
  const warning = section.tone === "warning";
  const mark = warning ? "! " : "· ";
  const lines = section.notes.flatMap((note) => hanging(mark, note, width));
  return [...heading(section.title, setting), ...(warning ? lines.map((line) => paint("yellow", line)) : lines)];
}

function draw(section: Section, setting: Setting): string[] {
  switch (section.kind) {
    case "facts":
      return facts(section, setting);
    case "table":
      return table(section, setting);
    case "notes":
      return notes(section, setting);
    case "chart":
      return [];
  }
}

/** The document as lines of at most `width` terminal columns, ending in a newline. */
export function renderText(document: Document, options: TextOptions = {}): string {
  const setting: Setting = {
    width: Math.max(20, Math.floor(options.width ?? 80)),
    paint: options.color === true ? ansi : plain,
    full: options.full ?? false,
    elsewhere: options.elsewhere ?? "--html and --json have all",
  };
  const title = [
    ...heading(document.title, setting),
    ...(document.subtitle === undefined
      ? []
      : wrap(harmless(document.subtitle), setting.width).map((line) => setting.paint("dim", line))),
  ];
  const shown = document.sections.filter((section) => setting.full || section.detail !== true);
  const parts = [title, ...shown.map((section) => draw(section, setting))].filter((lines) => lines.length > 0);
  return `${parts.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}
