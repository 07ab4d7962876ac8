// What a distillation says besides before and after: the grid with its spreads, the comparison with the same student from scratch, and when the joules
// spent have been saved.
import type { GridPoint, Spread } from "../../reduce/distil/grid.ts";
import type { PairedDifference } from "../../reduce/distil/paired.ts";
import { type PayBack, payBack } from "../../reduce/distil/pay-back.ts";
import { isClear, type ReductionRecord } from "../../reduce/record.ts";
import { formatCount, formatNumber } from "../../units/format.ts";
import type { Cell, Column, Section } from "../document.ts";
import { countCell, NOT_KNOWN_CELL, numberWithoutUnitCell, quantityCell, textCell } from "../show.ts";
import { joulesOf } from "./reduction-report.ts";

/** One point of the grid. */
export interface GridRow {
  readonly point: GridPoint;
  readonly isBest: boolean;
  /** On validation data; undefined where nothing judged. */
  readonly validation: Spread | undefined;
  /** Joules of one training, mean and spread over the seeds; undefined where nothing was read. */
  readonly training: Spread | undefined;
  /** MACs of the student, of one inference. */
  readonly macs: number;
  /** Joules of one inference by metric. */
  readonly energyJ: Readonly<Record<string, number>>;
}

/** A way to know joules: what was spent by one, what is saved by another. */
export interface PayBackRow {
  readonly spentBy: string;
  readonly savedBy: string;
  readonly payBack: PayBack;
  /** What is saved is more than the meter's doubt; true for what is counted. */
  readonly isClear: boolean;
}

/** "97.32 % ± 0.21": mean and deviation, in points. */
function spreadCell(spread: Spread | undefined, isAccuracy: boolean): Cell {
  if (spread === undefined) return NOT_KNOWN_CELL;
  const { mean, deviation } = spread;
  const shown = isAccuracy ? `${(100 * mean).toFixed(2)} %` : formatNumber(mean);
  if (deviation === undefined) return { text: shown, value: mean };
  const around = isAccuracy ? (100 * deviation).toFixed(2) : formatNumber(deviation, 2);
  return { text: `${shown} ± ${around}`, value: mean };
}

function joulesCell(spread: Spread | undefined): Cell {
  const cell = quantityCell(spread?.mean, "J");
  if (spread?.deviation === undefined || spread.mean === 0) return cell;
  return { ...cell, text: `${cell.text} ± ${formatNumber((100 * spread.deviation) / spread.mean, 2)} %` };
}

/** The metric that the grid's table shows. */
const SHOWN = "op-energy";

/** Every point with its spread over the seeds; nothing for a single point. @param isAccuracy else it is a loss */
export function gridSection(rows: readonly GridRow[], seeds: number, isAccuracy: boolean): readonly Section[] {
  if (rows.length < 2) return [];
  const varies = (key: keyof GridPoint) => new Set(rows.map(({ point }) => point[key])).size > 1;
  const metric = [SHOWN, ...Object.keys(rows[0]!.energyJ)].find((name) => rows[0]!.energyJ[name] !== undefined);
  const axes: readonly (readonly [keyof GridPoint, Column])[] = [
    ["teacher", { title: "teacher" }],
    ["student", { title: "student" }],
    ["alpha", { title: "α", align: "right" }],
    ["temperature", { title: "T", align: "right" }],
  ];
  const shown = axes.filter(([key]) => varies(key));
  const columns: readonly Column[] = [
    ...shown.map(([, column]) => column),
    { title: isAccuracy ? "validation accuracy" : "validation loss", align: "right" },
    { title: "joules to train", align: "right" },
    { title: "MACs", align: "right" },
    ...(metric === undefined ? [] : [{ title: `joules per inference (${metric})`, align: "right" } as const]),
    { title: "" },
  ];
  const table = rows.map(({ point, isBest, validation, training, macs, energyJ }) => [
    ...shown.map(([key]) =>
      typeof point[key] === "number" ? numberWithoutUnitCell(point[key]) : textCell(point[key]),
    ),
    spreadCell(validation, isAccuracy),
    joulesCell(training),
    countCell(macs),
    ...(metric === undefined ? [] : [quantityCell(energyJ[metric], "J")]),
    textCell(isBest ? "chosen" : ""),
  ]);
  const spread = seeds > 1 ? `mean ± standard deviation over ${seeds} seeds; ` : "";
  return [
    {
      kind: "table",
      name: "grid",
      title: "The grid",
      caption: `${spread}the best mean on validation data is chosen`,
      columns,
      rows: table,
    },
  ];
}

const VERDICTS: Readonly<Record<PairedDifference["verdict"], string>> = {
  a: "the teacher helps",
  b: "the teacher does harm",
  "no difference": "no difference was seen",
  refused: "one seed tells nothing: give several with --seed",
};

/** "the teacher helps: +0.42 points, 95 % interval 0.11 to 0.73, 5 seeds". */
export function comparisonText({ mean, low, high, pairs, verdict }: PairedDifference, isAccuracy: boolean): string {
  const shown = (value: number): string =>
    isAccuracy ? `${value > 0 ? "+" : ""}${(100 * value).toFixed(2)}` : formatNumber(value);
  const interval = low === undefined || high === undefined ? "" : `, 95 % interval ${shown(low)} to ${shown(high)}`;
  const unit = isAccuracy ? " points" : " of loss";
  return `${VERDICTS[verdict]}: ${shown(mean)}${unit} against the same student from scratch${interval}, ${pairs} seeds`;
}

/**
 * One row for everything that tells what an inference saves: a meter by its kind, and the metrics.
 * @param read joules spent as a meter told them; undefined: each metric's own model of them stands in
 * @param modelledJ joules spent, by metric
 */
export function payBackRows(
  read: { readonly by: string; readonly energyJ: number } | undefined,
  modelledJ: Readonly<Record<string, number>>,
  record: ReductionRecord,
): readonly PayBackRow[] {
  const [before, after] = [joulesOf(record.before), joulesOf(record.after)];
  return Object.keys(after).flatMap((savedBy) => {
    const paid = payBack(read?.energyJ ?? modelledJ[savedBy], before[savedBy], after[savedBy]);
    if (paid === undefined) return [];
    const clear = savedBy !== record.after.measured?.kind || isClear(record) !== false;
    return [
      {
        spentBy: read?.by ?? savedBy,
        savedBy,
        isClear: clear,
        payBack: clear ? paid : { ...paid, inferences: undefined },
      },
    ];
  });
}

/** When the joules spent have been saved. */
export function payBackSection(rows: readonly PayBackRow[]): readonly Section[] {
  if (rows.length === 0) return [];
  return [
    {
      kind: "table",
      name: "payback",
      title: "When it has paid",
      caption:
        "joules of all trainings (but those from scratch) and of the teacher's answers, over what one inference saves against the teacher",
      columns: [
        { title: "spent by" },
        { title: "spent", align: "right" },
        { title: "saved by" },
        { title: "saved per inference", align: "right" },
        { title: "inferences", align: "right" },
      ],
      rows: rows.map(({ spentBy, savedBy, isClear, payBack: { spentJ, savedJ, inferences } }) => [
        textCell(spentBy),
        quantityCell(spentJ, "J"),
        textCell(savedBy),
        quantityCell(savedJ, "J"),
        inferences === undefined
          ? textCell(isClear ? "never" : "no clear saving", "warning")
          : { text: formatCount(inferences), value: inferences },
      ]),
    },
  ];
}
