// What advice says to people: how the network is used and what it takes now, every action with what it would save and cost, best first, and
// why. Modelled joules are called estimated in every row; nothing here decides anything.
import type { Advised, Basis } from "../../reduce/advise/action.ts";
import type { Advice } from "../../reduce/advise/advise.ts";
import { lostAccuracy } from "../../reduce/advise/verdict.ts";
import { formatDuration, formatNumber, formatRatio } from "../../units/format.ts";
import type { Range } from "../../units/range.ts";
import type { BarsChart, Cell, Document, Fact, Section } from "../document.ts";
import {
  durationCell,
  electricityCell,
  massCell,
  moneyCell,
  NOT_KNOWN_CELL,
  quantityCell,
  rangeText,
  ratioCell,
  textCell,
} from "../show.ts";

export interface AdvisedRow extends Advised {
  /** Saved until the horizon, kg CO2e; undefined where joules are not known. */
  readonly co2eKg: number | undefined;
  readonly cost: { readonly amount: number; readonly currency: string } | undefined;
}

export interface AdviseReport {
  readonly model: string;
  readonly device: string;
  /** What the joules are, in words. */
  readonly joules: string;
  readonly ratePerS: number;
  readonly horizonS: number;
  readonly before: Range;
  readonly beforeBasis: Basis;
  /** Share of the time that the device is busy at this rate; undefined where the time is not known. */
  readonly loadRatio: number | undefined;
  readonly bottleneck: string | undefined;
  readonly accuracy: number | undefined;
  readonly rows: readonly AdvisedRow[];
  readonly unsaid: Advice["unsaid"];
  readonly notes: readonly string[];
}

function facts(report: AdviseReport): readonly Fact[] {
  const { device, joules, ratePerS, horizonS, before, beforeBasis, loadRatio, bottleneck, accuracy } = report;
  const inferences = ratePerS * horizonS;
  const interval = before.low === before.high ? "" : ` (${rangeText(before.low, before.high, "J")})`;
  return [
    { label: "runs on", cell: textCell(device) },
    { label: "joules", cell: textCell(joules) },
    {
      label: "used",
      cell: textCell(
        `${formatNumber(ratePerS)} inferences a second for ${formatDuration(horizonS)}: ${formatNumber(inferences)}`,
      ),
    },
    {
      label: "now",
      cell: {
        ...quantityCell(before.value, "J"),
        text: `${quantityCell(before.value, "J").text} per inference${interval}, ${beforeBasis}; ${electricityCell(before.value * inferences).text} in all`,
      },
    },
    ...(loadRatio === undefined
      ? []
      : [
          {
            label: "busy",
            cell:
              loadRatio > 1
                ? textCell(`${formatRatio(loadRatio)} of the time: it cannot keep up with this rate`, "warning")
                : textCell(`${formatRatio(loadRatio)} of the time`),
          },
        ]),
    ...(bottleneck === undefined ? [] : [{ label: "bound by", cell: textCell(bottleneck) }]),
    ...(accuracy === undefined ? [] : [{ label: "accuracy", cell: ratioCell(accuracy) }]),
  ];
}

function accuracyCell({ accuracy, risk }: Advised): Cell {
  const lost = lostAccuracy(accuracy);
  if (lost === undefined) return textCell(risk === "none" ? "same" : `${risk} risk`);
  return { text: `${lost === 0 ? "" : lost > 0 ? "-" : "+"}${(100 * Math.abs(lost)).toFixed(2)} pts`, value: -lost };
}

function payBackCell({ payBack, costJ }: Advised): Cell {
  if (payBack === undefined) return NOT_KNOWN_CELL;
  return costJ === 0 ? { text: "at once", value: 0 } : durationCell(payBack.seconds);
}

function savedCell({ saving }: Advised): Cell {
  if (saving === undefined) return NOT_KNOWN_CELL;
  const ratio = saving.saved.value / saving.before;
  return ratio < 0 ? { ...ratioCell(ratio), tone: "warning" } : ratioCell(ratio);
}

function mainTable(rows: readonly AdvisedRow[]): Section {
  return {
    kind: "table",
    name: "actions",
    main: true,
    title: "What to do, best first",
    caption:
      "saved: per inference, and until the horizon before the cost is taken off; measured: read by a meter here; estimated: modelled, or measured time × modelled power",
    columns: [
      { title: "verdict", group: true },
      { title: "action" },
      { title: "saved", align: "right" },
      { title: "in all", align: "right" },
      { title: "cost", align: "right", priority: 1 },
      { title: "paid after", align: "right" },
      { title: "accuracy", align: "right" },
      { title: "basis" },
    ],
    rows: rows.map((row) => [
      textCell(row.verdict),
      textCell(row.action),
      savedCell(row),
      electricityCell(row.savedJ),
      quantityCell(row.costJ, "J"),
      payBackCell(row),
      accuracyCell(row),
      textCell(row.saving?.basis, row.saving?.basis === "estimated" ? "dim" : undefined),
    ]),
  };
}

function whyTable(rows: readonly AdvisedRow[], unsaid: Advice["unsaid"]): Section {
  return {
    kind: "table",
    name: "why",
    title: "Why",
    columns: [{ title: "action" }, { title: "what" }, { title: "why", wrap: true }],
    rows: [
      ...rows.map(({ action, change, why }) => [
        textCell(action),
        textCell(change === action ? "" : change),
        textCell(why),
      ]),
      ...unsaid.map(({ action, why }) => [
        textCell(action),
        textCell("", "dim"),
        textCell(`nothing is known: ${why}`, "dim"),
      ]),
    ],
  };
}

function footprintTable(rows: readonly AdvisedRow[]): Section {
  const currency = rows.find(({ cost }) => cost !== undefined)?.cost?.currency;
  return {
    kind: "table",
    name: "footprint",
    title: "Joules, CO2e and money",
    columns: [
      { title: "action" },
      { title: "per inference", align: "right" },
      { title: "low–high", align: "right", only: "screen" },
      { title: "low", align: "right", only: "data" },
      { title: "high", align: "right", only: "data" },
      { title: "CO2e saved", align: "right" },
      ...(currency === undefined ? [] : [{ title: `${currency} saved`, align: "right" } as const]),
      { title: "cost told by" },
    ],
    rows: rows.map(({ action, saving, co2eKg, cost, costJ, costBasis }) => [
      textCell(action),
      quantityCell(saving?.after.value, "J"),
      textCell(saving && rangeText(saving.after.low, saving.after.high, "J")),
      quantityCell(saving?.after.low, "J"),
      quantityCell(saving?.after.high, "J"),
      massCell(co2eKg),
      ...(currency === undefined ? [] : [moneyCell(cost, currency)]),
      textCell(costJ === undefined ? undefined : costJ === 0 ? "nothing to pay" : costBasis),
    ]),
  };
}

/** Joules saved, the cost taken off: only what saves. */
function chart(rows: readonly AdvisedRow[]): readonly Section[] {
  const bars = rows.flatMap(({ action, savedJ, costJ, verdict }): BarsChart["bars"] =>
    savedJ !== undefined && savedJ - (costJ ?? 0) > 0
      ? [{ label: action, value: savedJ - (costJ ?? 0), group: verdict }]
      : [],
  );
  if (bars.length === 0) return [];
  return [
    {
      kind: "chart",
      chart: {
        kind: "bars",
        title: "Saved until the horizon",
        note: "joules saved, the cost of doing it taken off; actions do not add up",
        axis: "joules",
        unit: "J",
        bars,
      },
    },
  ];
}

export function adviseDocument(report: AdviseReport): Document {
  const { model, rows, unsaid, notes } = report;
  const first = rows[0];
  const isAny = first !== undefined && first.verdict !== "will not help";
  return {
    title: `${model}: advice`,
    ...(!isAny && { subtitle: "nothing that was looked at is worth doing here" }),
    sections: [
      { kind: "facts", facts: facts(report) },
      mainTable(rows),
      whyTable(rows, unsaid),
      footprintTable(rows),
      ...chart(rows),
      ...(notes.length > 0 ? [{ kind: "notes", title: "Remarks", notes } as const] : []),
    ],
  };
}
