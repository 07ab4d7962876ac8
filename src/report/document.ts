// A report as data: what every result becomes before it is drawn. text.ts, markdown.ts, csv.ts and html.ts draw it;
// a command builds one document and gets all four. Not a layout language: headings, facts, tables, charts, notes.

/** A value in a table or fact: what is shown, and the number behind it for CSV and sorting. */
export interface Cell {
  readonly text: string;
  readonly value?: number | string | undefined;
  /** SI unit of `value`: "J". */
  readonly unit?: string | undefined;
}

export interface Column {
  readonly title: string;
  /** Numbers are set right. Default "left". */
  readonly align?: "left" | "right";
  /** Lower goes first when a terminal is too narrow for all columns; 0 (default) never goes. */
  readonly priority?: number;
}

/** One labelled number: "parameters 1,232,776". */
export interface Fact {
  readonly label: string;
  readonly cell: Cell;
}

/** A drawing described as data; report/chart.ts draws it. Units are in the axis titles. */
export type Chart =
  | {
      readonly kind: "bars";
      readonly title: string;
      readonly axis: string;
      readonly unit: string;
      readonly bars: readonly { readonly label: string; readonly value: number; readonly group?: string }[];
    }
  | {
      readonly kind: "ranges";
      readonly title: string;
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
  | {
      readonly kind: "lines";
      readonly title: string;
      readonly x: string;
      readonly y: string;
      readonly logX?: boolean;
      readonly logY?: boolean;
      readonly series: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
    };

export type Section =
  | { readonly kind: "facts"; readonly title?: string; readonly facts: readonly Fact[] }
  | {
      readonly kind: "table";
      readonly title?: string;
      readonly caption?: string;
      readonly columns: readonly Column[];
      readonly rows: readonly (readonly Cell[])[];
    }
  | { readonly kind: "chart"; readonly chart: Chart }
  | {
      readonly kind: "notes";
      readonly title?: string;
      readonly tone?: "plain" | "warning";
      readonly notes: readonly string[];
    };

/** A whole report. Charts are skipped where text is wanted. */
export interface Document {
  readonly title: string;
  readonly subtitle?: string;
  readonly sections: readonly Section[];
}
