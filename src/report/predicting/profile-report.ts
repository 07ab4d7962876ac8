// What `profile` shows: joules and time of the stated number of samples, the sweep over batch sizes, and the joules to an accuracy.
import type { TargetForecast } from "../../predict/profile/learning-curve.ts";
import { formatNumber } from "../../units/format.ts";
import type { Document, Section } from "../document.ts";
import { countCell, durationCell, quantityCell, rangeCell, textCell } from "../show.ts";

/** One batch size; joules and seconds of one sample. */
export interface SweepRow {
  readonly batch: number;
  /** Above idle where idle power was recorded, J. */
  readonly perSampleJ: number;
  readonly lowJ: number;
  readonly highJ: number;
  /** Idle power included, J. */
  readonly grossPerSampleJ: number;
  readonly perSampleS: number;
  /** 95 % interval of the mean; undefined for one section. */
  readonly lowS: number | undefined;
  readonly highS: number | undefined;
  /** Timed sections. */
  readonly sections: number;
}

export interface ProfileReport {
  readonly model: string;
  readonly samples: number;
  readonly runtime: string;
  readonly kind: string;
  /** Joules are above idle. */
  readonly hasBaseline: boolean;
  readonly best: SweepRow;
  readonly sweep: readonly SweepRow[];
  /** Time of all sections, s. */
  readonly measuredS: number;
  readonly interrupted: boolean;
  readonly remarks: readonly string[];
}

const times = (value: number | undefined, count: number): number | undefined =>
  value === undefined ? undefined : value * count;

function modelSections(report: ProfileReport): readonly Section[] {
  const { best, samples, sweep, kind, hasBaseline, measuredS, interrupted } = report;
  const what = hasBaseline ? "above idle" : "idle power included";
  return [
    ...(kind === "measured" || kind === "integrated"
      ? []
      : [
          {
            kind: "notes" as const,
            tone: "warning" as const,
            notes: [`joules are ${kind.toUpperCase()}, not measured; times are measured`],
          },
        ]),
    {
      kind: "facts",
      facts: [
        { label: `energy of ${countCell(samples).text} samples`, cell: quantityCell(best.perSampleJ * samples, "J") },
        { label: "interval (95 %)", cell: rangeCell(best.lowJ * samples, best.highJ * samples, "J") },
        { label: "time", cell: durationCell(best.perSampleS * samples) },
        { label: "interval (95 %)", cell: rangeCell(times(best.lowS, samples), times(best.highS, samples), "s") },
        { label: "batch of least energy", cell: countCell(best.batch) },
        { label: "joules are", cell: textCell(`${kind}, ${what}`) },
        { label: "measured for", cell: durationCell(measuredS) },
      ],
    },
    {
      kind: "table",
      name: "sweep",
      main: true,
      title: "Batch sizes, per sample",
      columns: [
        { title: "batch", align: "right" },
        { title: "energy", align: "right" },
        { title: "95 %", align: "right", priority: 2 },
        { title: "with idle", align: "right", priority: 3 },
        { title: "time", align: "right" },
        { title: "sections", align: "right", priority: 1 },
      ],
      rows: sweep.map((row) => [
        countCell(row.batch),
        quantityCell(row.perSampleJ, "J"),
        rangeCell(row.lowJ, row.highJ, "J"),
        quantityCell(row.grossPerSampleJ, "J"),
        durationCell(row.perSampleS),
        countCell(row.sections),
      ]),
    },
    ...(report.remarks.length > 0 || interrupted
      ? [
          {
            kind: "notes" as const,
            title: "Remarks",
            notes: [...(interrupted ? ["interrupted: from the sections that were whole"] : []), ...report.remarks],
          },
        ]
      : []),
  ];
}

function targetSections(target: TargetForecast): readonly Section[] {
  const { accuracy, epochs, lowEpochs, highEpochs, energyJ, lowJ, highJ, law, deviation, remarks } = target;
  const count = (value: number | undefined) => (value === undefined ? "never" : countCell(value).text);
  const [low, high] = [count(lowEpochs), count(highEpochs)];
  return [
    {
      kind: "facts",
      title: `To an accuracy of ${formatNumber(accuracy)}`,
      facts: [
        { label: "energy", cell: quantityCell(energyJ, "J") },
        {
          label: "range (90 %)",
          cell:
            highJ === undefined && lowJ !== undefined
              ? textCell(`${quantityCell(lowJ, "J").text} or more, without an upper end`)
              : rangeCell(lowJ, highJ, "J"),
        },
        { label: "epochs", cell: textCell(low === high ? low : `${count(epochs)} (${low}–${high})`) },
        {
          label: "learning curve",
          cell: textCell(
            `${formatNumber(law.limit)} − ${formatNumber(law.scale)} · epoch^−${formatNumber(law.exponent)}, ±${formatNumber(deviation)}`,
          ),
        },
      ],
    },
    ...(remarks.length > 0 ? [{ kind: "notes" as const, notes: remarks }] : []),
  ];
}

/** Of a network, of a learning curve, or of both. */
export function profileDocument(report: ProfileReport | undefined, target: TargetForecast | undefined): Document {
  return {
    title: report === undefined ? "Joules to an accuracy" : `Profile of ${report.model}`,
    ...(report && { subtitle: report.runtime }),
    sections: [...(report ? modelSections(report) : []), ...(target ? targetSections(target) : [])],
  };
}
