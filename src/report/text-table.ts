// One table in a terminal. It fits the width in steps, each only when the one before was not enough: break headings over
// lines; let long words shrink; give the group column lines of its own; drop columns of low priority; shorten hard;
// and at last, or where a narrow terminal would lose most columns, one "title  value" line per cell. No rules around cells: space does the aligning.
import type { Cell, Column, TableSection } from "./document.ts";
import { displayWidth, harmless, pad, shorten, wrap } from "./width.ts";

/** How a piece of text is made bold, dim or coloured. */
export type Paint = (style: "bold" | "dim" | "yellow" | "cyan", text: string) => string;

const GAP = 2;
/** Rows under a group's heading stand this far in. */
const INDENT = 1;
/** Text columns shrink to this before whole columns are dropped, and to TIGHT after. */
const COMFORTABLE = 26;
const TIGHT = 10;
const BAR = { least: 10, most: 16 };
/** Below this many columns rows are stacked rather than stripped of most that they say. */
const NARROW = 60;

interface Slot {
  readonly column: Column;
  readonly cells: readonly Cell[];
  /** Columns needed by the widest cell, by the whole title, and by its longest word. */
  readonly content: number;
  readonly title: number;
  readonly word: number;
}

interface Layout {
  readonly slots: readonly Slot[];
  readonly widths: readonly number[];
  /** The group column, when it is set as headings. */
  readonly heading?: Slot | undefined;
  readonly dropped: readonly string[];
}

const longest = (texts: readonly string[]): number =>
  texts.reduce((most, text) => Math.max(most, displayWidth(text)), 0);

function toSlot(column: Column, cells: readonly Cell[]): Slot {
  const title = harmless(column.title);
  return {
    column: { ...column, title },
    cells,
    content: longest(cells.map((cell) => cell.text)),
    title: displayWidth(title),
    word: longest(title.split(" ")),
  };
}

const rightSet = (slot: Slot) => slot.column.align === "right";

/** Widths that fill at most `width`, or undefined: text columns shrink, widest first, not below `least`. */
function columnWidths(
  slots: readonly Slot[],
  width: number,
  least: number,
  brokenTitles: boolean,
): number[] | undefined {
  const wanted = slots.map((slot) => Math.max(1, slot.content, brokenTitles ? slot.word : slot.title));
  const floors = slots.map((slot, i) =>
    rightSet(slot) ? wanted[i]! : Math.min(wanted[i]!, Math.max(Math.min(least, slot.content), slot.word)),
  );
  let excess = wanted.reduce((sum, value) => sum + value, 0) + GAP * (slots.length - 1) - width;
  const room = wanted.reduce((sum, value, i) => sum + value - floors[i]!, 0);
  if (excess > room) return undefined;
  while (excess > 0) {
    let widest = -1;
    for (const [i, value] of wanted.entries()) {
      if (value > floors[i]! && (widest < 0 || value > wanted[widest]!)) widest = i;
    }
    wanted[widest]! -= 1;
    excess -= 1;
  }
  return wanted;
}

/** The column whose cells can stand as headings above their rows. */
const groupOf = (slots: readonly Slot[]): Slot | undefined =>
  slots[0]?.column.group === true && slots.length > 2 ? slots[0] : undefined;

/** How the table is set, or undefined when not even the columns that must stay fit. */
function layOut(slots: readonly Slot[], width: number): Layout | undefined {
  const group = groupOf(slots);
  const ungrouped = group ? slots.slice(1) : slots;
  const tries = (kept: readonly Slot[], dropped: readonly string[], least: number): Layout | undefined => {
    const whole = group ? [group, ...kept] : kept;
    for (const broken of [false, true]) {
      const widths = columnWidths(whole, width, Math.max(least, COMFORTABLE), broken);
      if (widths) return { slots: whole, widths, dropped };
    }
    for (const broken of [false, true]) {
      const indent = group ? INDENT : 0;
      const widths = columnWidths(kept, width - indent, least, broken);
      if (widths) return { slots: kept, widths, heading: group, dropped };
    }
    return undefined;
  };
  let kept = ungrouped;
  const dropped: string[] = [];
  while (kept.length > 0) {
    const layout = tries(kept, dropped, COMFORTABLE);
    if (layout) return layout;
    const optional = kept.filter((slot) => (slot.column.priority ?? 0) > 0);
    if (optional.length === 0) return tries(kept, dropped, TIGHT);
    const lowest = Math.min(...optional.map((slot) => slot.column.priority!));
    const victim = optional.findLast((slot) => slot.column.priority === lowest)!;
    dropped.unshift(victim.column.title);
    kept = kept.filter((slot) => slot !== victim);
  }
  return undefined;
}

function painted(text: string, tone: Cell["tone"], paint: Paint): string {
  if (tone === undefined) return text;
  return paint(tone === "warning" ? "yellow" : "dim", text);
}

function joined(parts: readonly string[]): string {
  return parts.join(" ".repeat(GAP));
}

function header(layout: Layout, paint: Paint, indent: string, extra: number): string[] {
  const broken = layout.slots.map((slot, i) => wrap(slot.column.title, layout.widths[i]!));
  const height = Math.max(...broken.map((lines) => lines.length));
  const lines = Array.from({ length: height }, (_, row) =>
    joined(
      broken.map((titles, i) => {
        const title = titles[row - (height - titles.length)] ?? "";
        return pad(title, layout.widths[i]!, layout.slots[i]!.column.align);
      }),
    ),
  );
  const total = layout.widths.reduce((sum, width) => sum + width, 0) + GAP * (layout.widths.length - 1) + extra;
  return [
    ...lines.map((line) => indent + paint("bold", line.trimEnd())),
    paint("dim", "─".repeat(total + indent.length)),
  ];
}

function barText(ratio: number, most: number, width: number): string {
  const eighths = Math.round((most > 0 ? Math.max(0, ratio) / most : 0) * width * 8);
  return "█".repeat(Math.floor(eighths / 8)) + ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]!;
}

/** Bars behind the last ratio column, if there is room for them. */
function barColumn(layout: Layout, width: number): { width: number; texts: readonly string[] } | undefined {
  const slot = layout.slots.findLast((candidate) => candidate.column.bar === true);
  const used = layout.widths.reduce((sum, value) => sum + value + GAP, layout.heading ? INDENT : 0);
  const free = Math.min(BAR.most, width - used);
  if (slot === undefined || free < BAR.least) return undefined;
  const ratios = slot.cells.map((cell) => (typeof cell.value === "number" ? cell.value : 0));
  const most = ratios.reduce((a, b) => Math.max(a, b), 0);
  return { width: free, texts: ratios.map((ratio) => barText(ratio, most, free)) };
}

/** A cell's lines: wrapped or shortened; none for a group's name that stands above already. */
function cellLines(slot: Slot, row: number, width: number, isFirst: boolean): string[] {
  const { text } = slot.cells[row]!;
  if (isFirst && slot.column.group === true && row > 0 && slot.cells[row - 1]!.text === text) return [""];
  return slot.column.wrap === true ? wrap(text, width) : [shorten(text, width)];
}

function drawRows(layout: Layout, count: number, width: number, paint: Paint): string[] {
  const indent = layout.heading ? " ".repeat(INDENT) : "";
  const bars = barColumn(layout, width);
  const lines = header(layout, paint, indent, bars ? bars.width + GAP : 0);
  let last: string | undefined;
  for (let row = 0; row < count; row++) {
    const heading = layout.heading?.cells[row]?.text;
    if (heading !== undefined && heading !== last) lines.push(paint("cyan", shorten(heading, width)));
    const blocks = layout.slots.map((slot, i) => cellLines(slot, row, layout.widths[i]!, i === 0));
    const height = Math.max(...blocks.map((block) => block.length));
    for (let at = 0; at < height; at++) {
      const parts = layout.slots.map((slot, i) =>
        painted(pad(blocks[i]![at] ?? "", layout.widths[i]!, slot.column.align), slot.cells[row]!.tone, paint),
      );
      if (bars && at === 0) parts.push(paint("cyan", bars.texts[row]!));
      lines.push((indent + joined(parts)).trimEnd());
    }
    last = heading;
  }
  return lines;
}

/** One "title  value" line per cell, for widths where no table fits: under the group's name and the first column's text, in full. */
function drawRecords(slots: readonly Slot[], count: number, width: number, paint: Paint): string[] {
  const group = groupOf(slots);
  const inside = group ? slots.slice(1) : slots;
  const name = inside.length > 1 && !rightSet(inside[0]!) ? inside[0] : undefined;
  const labelled = name ? inside.slice(1) : inside;
  const outer = " ".repeat(group ? INDENT : 0);
  const indent = outer + " ".repeat(name ? INDENT : 0);
  const room = width - indent.length;
  const labelWidth = Math.min(Math.max(...labelled.map((slot) => slot.title)), Math.floor(room / 2) - 1);
  const lines: string[] = [];
  for (let row = 0; row < count; row++) {
    if (row > 0 && name === undefined) lines.push("");
    if (group && (row === 0 || group.cells[row]!.text !== group.cells[row - 1]!.text))
      lines.push(...wrap(group.cells[row]!.text, width).map((line) => paint("cyan", line)));
    if (name) {
      const titles = wrap(name.cells[row]!.text, width - outer.length);
      lines.push(...titles.map((line) => (outer + paint("bold", line)).trimEnd()));
    }
    for (const { column, cells } of labelled) {
      const { text, tone } = cells[row]!;
      const label = paint("dim", pad(shorten(column.title, labelWidth), labelWidth));
      for (const [i, line] of wrap(text, Math.max(1, room - labelWidth - GAP)).entries())
        lines.push(`${indent}${i === 0 ? label : " ".repeat(labelWidth)}  ${painted(line, tone, paint)}`.trimEnd());
    }
  }
  return lines;
}

/** True when a narrow terminal would leave out more than half of the columns that may go. */
function strips(slots: readonly Slot[], layout: Layout, width: number): boolean {
  const optional = slots.filter((slot) => (slot.column.priority ?? 0) > 0).length;
  return width < NARROW && layout.dropped.length * 2 > optional;
}

/**
 * The lines of a table of at most `width` columns, and the titles of the columns that had no room.
 * @param limit rows drawn at most
 */
export function drawTable(
  table: TableSection,
  width: number,
  limit: number,
  paint: Paint,
): { lines: string[]; dropped: readonly string[] } {
  const rows = table.rows.slice(0, limit).map((row) => row.map((cell) => ({ ...cell, text: harmless(cell.text) })));
  const slots = table.columns.flatMap((column, i) =>
    column.only === "data"
      ? []
      : [
          toSlot(
            column,
            rows.map((row) => row[i] ?? { text: "" }),
          ),
        ],
  );
  if (slots.length === 0) return { lines: [], dropped: [] };
  const layout = layOut(slots, width);
  if (layout === undefined || strips(slots, layout, width))
    return { lines: drawRecords(slots, rows.length, width, paint), dropped: [] };
  return { lines: drawRows(layout, rows.length, width, paint), dropped: layout.dropped };
}
