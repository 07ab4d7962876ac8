// What `calibrate` shows: how well each layer type is predicted, whole networks measured beside predicted, what is left out.
import type { NetworkCheck, ProfileRecord } from "../../predict/collect/calibrate.ts";
import { MODELLED_KIND } from "../../predict/collect/sample-row.ts";
import type { OpFit } from "../../predict/layerwise/fit.ts";
import type { Document, Section } from "../document.ts";
import { countCell, durationCell, quantityCell, rangeCell, ratioCell, textCell } from "../show.ts";

export interface CalibrateReport extends ProfileRecord {
  readonly path: string;
  readonly fits: readonly OpFit[];
  readonly left: readonly { readonly op: string; readonly reason: string }[];
  readonly checks: readonly NetworkCheck[];
  /** Samples during which something else was running. */
  readonly disturbed: number;
  readonly interrupted: boolean;
}

/** predicted / measured − 1. */
const errorOf = ({ predictedS, measuredS }: NetworkCheck): number | undefined =>
  predictedS === undefined ? undefined : predictedS / measuredS - 1;

function checkSection(checks: readonly NetworkCheck[]): readonly Section[] {
  if (checks.length === 0) return [];
  return [
    {
      kind: "table",
      name: "networks",
      title: "Whole networks, none of them fitted",
      caption: "Measured end to end, beside the sum of the predicted layers. One pass.",
      columns: [
        { title: "network" },
        { title: "batch", align: "right", priority: 1 },
        { title: "measured", align: "right" },
        { title: "predicted", align: "right" },
        { title: "error", align: "right" },
        { title: "measured energy", align: "right", priority: 3 },
        { title: "predicted energy", align: "right", priority: 4 },
        { title: "90 %", align: "right", priority: 2 },
      ],
      rows: checks.map((check) => [
        textCell(check.complete ? check.network : `${check.network} (lower bound)`),
        countCell(check.batch),
        durationCell(check.measuredS),
        durationCell(check.predictedS),
        ratioCell(errorOf(check)),
        quantityCell(check.measuredJ, "J"),
        quantityCell(check.predictedJ, "J"),
        rangeCell(check.lowJ, check.highJ, "J"),
      ]),
    },
  ];
}

export function calibrateDocument(report: CalibrateReport): Document {
  const { path, fits, left, checks, kind, machine, points, durationS, score, disturbed, interrupted } = report;
  const notes = [
    ...(interrupted ? ["interrupted: fitted to what was measured until then"] : []),
    ...(disturbed > 0
      ? [`other programs were running during ${disturbed} samples: close them and calibrate again for better`]
      : []),
    ...left.map(({ op, reason }) => `no model of ${op}: ${reason}`),
    "joules hold the machine's idle power while a layer runs; errors are those of rows held out from the fit",
  ];
  return {
    title: "This machine, calibrated",
    subtitle: machine,
    sections: [
      ...(kind.includes(MODELLED_KIND)
        ? [
            {
              kind: "notes" as const,
              tone: "warning" as const,
              notes: [
                "no meter can be read here: joules are MODELLED power × measured time; only the time is measured",
              ],
            },
          ]
        : []),
      {
        kind: "facts",
        facts: [
          { label: "profile", cell: textCell(path) },
          { label: "joules are", cell: textCell(kind) },
          { label: "samples", cell: countCell(points) },
          { label: "took", cell: durationCell(durationS) },
          { label: "R²", cell: { text: score.r2.toFixed(4), value: score.r2 } },
          { label: "mean error", cell: ratioCell(score.mape) },
        ],
      },
      {
        kind: "table",
        name: "types",
        main: true,
        title: "Layer types",
        columns: [
          { title: "type" },
          { title: "samples", align: "right" },
          { title: "model" },
          { title: "R²", align: "right", priority: 2 },
          { title: "mean error", align: "right" },
          { title: "beyond the range", align: "right", priority: 3 },
          { title: "features", priority: 1 },
        ],
        rows: fits.map(({ op, model, chosen }) => [
          textCell(op),
          countCell(model.samples),
          textCell(model.regression),
          { text: chosen.cv.r2.toFixed(3), value: chosen.cv.r2 },
          ratioCell(chosen.cv.mape),
          ratioCell(chosen.ranges.count > 0 ? chosen.ranges.mape : undefined),
          textCell(model.features.join(", ")),
        ]),
      },
      ...checkSection(checks),
      { kind: "notes", title: "Remarks", notes },
    ],
  };
}
