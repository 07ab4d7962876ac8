// A report as data: what every result becomes before it is drawn. text.ts, markdown.ts, csv.ts and html.ts draw it;
// a command builds one document and gets all four. Not a layout language: headings, facts, tables, charts, notes.

/** A value in a table or fact: what is shown, and the number behind it for CSV. */
export interface Cell {
  readonly text: string;
  /** Full precision, in `unit`. Left out: CSV holds `text`. */
  readonly value?: number | string | undefined;
  /** Unit of `value`, SI: "J". */
  readonly unit?: string | undefined;
  /** How it is set: "warning" for what a reader must not miss, "dim" for what is not known. */
  readonly tone?: "warning" | "dim" | undefined;
}

export interface Column {
  readonly title: string;
  /** Numbers are set right. Default "left". */
  readonly align?: "left" | "right";
  /** Lower goes first when a terminal is too narrow for all columns; 0 (default) never goes. */
  readonly priority?: number;
  /** Only where people read ("screen": text, Markdown, HTML) or only in CSV ("data"). Default: everywhere. */
  readonly only?: "screen" | "data";
  /** Rows with the same cell here belong together: it is shown once per run of equal cells. First column only. */
  readonly group?: boolean;
  /** Long text is broken over lines instead of shortened. */
  readonly wrap?: boolean;
  /** Values are ratios in [0, 1] that HTML and wide terminals also draw as a bar. */
  readonly bar?: boolean;
}

/** One labelled number: "parameters 1,232,776". */
export interface Fact {
  readonly label: string;
  readonly cell: Cell;
}

interface Drawing {
  readonly title: string;
  /** What to see in it and what was left out, one or two sentences. Also the description for screen readers. */
  readonly note?: string;
}

/** Horizontal bars, one per label, in the order given. */
export interface BarsChart extends Drawing {
  readonly kind: "bars";
  readonly axis: string;
  readonly unit: string;
  /** Bars of one group share a colour; groups after the seventh are drawn as one. */
  readonly bars: readonly { readonly label: string; readonly value: number; readonly group?: string }[];
}

/** A dot with a line from low to high per row; `label` is the heading (device), `series` the row and the colour (metric). */
export interface RangesChart extends Drawing {
  readonly kind: "ranges";
  readonly axis: string;
  readonly unit: string;
  readonly rows: readonly {
    readonly label: string;
    readonly series: string;
    readonly value: number;
    readonly low: number;
    readonly high: number;
  }[];
}

/** Curves over a number. */
export interface LinesChart extends Drawing {
  readonly kind: "lines";
  readonly x: string;
  readonly y: string;
  /** Units of the axes, for the ticks: "J", "" for plain numbers, "ratio" for per cent. Default "". */
  readonly xUnit?: string;
  readonly yUnit?: string;
  readonly logX?: boolean;
  readonly logY?: boolean;
  /** "dots" draws a dot at each point as well, "points" only dots. Default "line". */
  readonly mark?: "line" | "dots" | "points";
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly (readonly [number, number])[];
    /** What a point is called on hover, by index. */
    readonly labels?: readonly string[];
  }[];
}

/** A drawing described as data; report/chart.ts draws it. Units are in the axis titles. */
export type Chart = BarsChart | RangesChart | LinesChart;

export interface FactsSection {
  readonly kind: "facts";
  readonly title?: string;
  readonly facts: readonly Fact[];
}

export interface TableSection {
  readonly kind: "table";
  readonly title?: string;
  readonly caption?: string;
  /** How `renderCsv` is asked for it: "layers". */
  readonly name?: string;
  /** The table that CSV means unless another is asked for. */
  readonly main?: boolean;
  /** Rows shown in the terminal and in Markdown; the rest is counted. HTML and CSV have all. Default: all. */
  readonly limit?: number;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface ChartSection {
  readonly kind: "chart";
  readonly chart: Chart;
}

export interface NotesSection {
  readonly kind: "notes";
  readonly title?: string;
  readonly tone?: "plain" | "warning";
  readonly notes: readonly string[];
}

/** One part of a report. `detail`: too much for a terminal; Markdown and HTML have it. */
export type Section = (FactsSection | TableSection | ChartSection | NotesSection) & { readonly detail?: boolean };

/** A whole report. Charts are skipped where text is wanted. */
export interface Document {
  readonly title: string;
  readonly subtitle?: string;
  readonly sections: readonly Section[];
}

/** False for a table without rows, or with columns for CSV only: CSV has its headings, people see nothing of it. */
export function isOnScreen(section: Section): boolean {
  if (section.kind !== "table") return true;
  return section.rows.length > 0 && section.columns.some((column) => column.only !== "data");
}
