// A training run: the line while it goes on, and what is added to its measurement at the end: epochs, and what each foretold.
import type { Epoch } from "../../predict/step/epochs.ts";
import type { Projection } from "../../predict/step/project.ts";
import { formatNumber, formatQuantity } from "../../units/format.ts";
import type { Document, Section } from "../document.ts";
import { countCell, durationCell, quantityCell, rangeCell, rangeText } from "../show.ts";

export interface LiveState {
  /** Epochs that have ended. */
  readonly done: number;
  readonly range: readonly [least: number, most: number];
  readonly projection: Projection | undefined;
  /** Of the last epoch, J. */
  readonly lastJ: number | undefined;
  /** "14:32" */
  readonly endsAt: string | undefined;
  readonly co2eKg: number;
}

/** Below this mass grams are shown, kg. */
const KG_FROM = 0.1;

/** "1.66 MJ (1.58–1.78)": the unit once where it is the same. */
function withRange({ totalJ, lowJ, highJ }: Projection): string {
  const total = formatQuantity(totalJ, "J");
  const range = rangeText(lowJ, highJ, "J");
  const unit = total.slice(total.indexOf(" "));
  const bare = range.endsWith(unit) ? range.slice(0, -unit.length) : range;
  return `${total} (${bare.includes(" ") && !bare.includes(" to ") ? range : bare})`;
}

/** "epoch 4/90 · 18.2 kJ each · projected 1.66 MJ (1.58–1.78) · done 14:32 · 0.11 kg"; early, it says so. */
export function liveLine({ done, range: [least, most], projection, lastJ, endsAt, co2eKg }: LiveState): string {
  const each = projection?.typical.energyJ ?? lastJ;
  const planned = least === most ? `${most}` : `${least}–${most}`;
  const forecast =
    projection === undefined
      ? ["no projection before the second epoch"]
      : [
          `projected ${withRange(projection)}`,
          ...(endsAt === undefined ? [] : [`done ${endsAt}`]),
          co2eKg < KG_FROM ? formatQuantity(co2eKg * 1000, "g") : `${formatNumber(co2eKg, 2)} kg`,
          ...projection.remarks.filter((remark) => remark.startsWith("not yet")),
        ];
  return [`epoch ${done}/${planned}`, `${formatQuantity(each, "J")} each`, ...forecast].join(" · ");
}

export interface TrainingInput {
  readonly range: readonly [least: number, most: number];
  readonly before: Epoch;
  readonly epochs: readonly Epoch[];
  readonly projections: readonly Projection[];
}

function epochsTable({ epochs, before, projections }: TrainingInput): Section {
  const told = new Map(projections.map((projection) => [projection.atEpoch, projection]));
  return {
    kind: "table",
    name: "epochs",
    title: "Epochs",
    caption: `net; before the first one: ${formatQuantity(before.energyJ, "J")} in ${formatQuantity(before.durationS, "s")}`,
    limit: 20,
    columns: [
      { title: "epoch", align: "right" },
      { title: "energy", align: "right" },
      { title: "time", align: "right" },
      { title: "projected", align: "right" },
      { title: "90 % interval", align: "right", only: "screen", priority: 1 },
      { title: "low", only: "data" },
      { title: "high", only: "data" },
    ],
    rows: epochs.map(({ energyJ, durationS }, i) => {
      const projection = told.get(i + 1);
      return [
        countCell(i + 1),
        quantityCell(energyJ, "J"),
        durationCell(durationS),
        quantityCell(projection?.totalJ, "J"),
        rangeCell(projection?.lowJ, projection?.highJ, "J"),
        quantityCell(projection?.lowJ, "J"),
        quantityCell(projection?.highJ, "J"),
      ];
    }),
  };
}

function projectionChart({ projections, range: [, most] }: TrainingInput): Section[] {
  if (projections.length < 2) return [];
  const line = (name: string, value: (projection: Projection) => number) => ({
    name,
    points: projections.map((projection) => [projection.atEpoch, value(projection)] as const),
  });
  return [
    {
      kind: "chart",
      chart: {
        kind: "lines",
        title: "What was projected, epoch by epoch",
        note: `Joules of the whole run of ${most} epochs, with the 90 % interval.`,
        x: "epoch",
        y: "energy of the whole run",
        yUnit: "J",
        series: [
          line("projected", ({ totalJ }) => totalJ),
          line("low", ({ lowJ }) => lowJ),
          line("high", ({ highJ }) => highJ),
        ],
      },
    },
  ];
}

/** The document of `measure` with epochs and projections behind its first numbers. */
export function runDocument(measured: Document, training: TrainingInput): Document {
  const own = training.epochs.length === 0 ? [] : [epochsTable(training), ...projectionChart(training)];
  const at = measured.sections.findIndex(({ kind }) => kind === "facts") + 1;
  return { ...measured, sections: [...measured.sections.slice(0, at), ...own, ...measured.sections.slice(at)] };
}
