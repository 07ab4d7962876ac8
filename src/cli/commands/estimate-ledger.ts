// The ledger of a network's life: experimentation, training and inference on the user's numbers beside the typical 10 : 20 : 70.
import { type LedgerRow, ledger } from "../../carbon/ledger.ts";
import type { Section } from "../../report/document.ts";
import type { EstimateRow } from "../../report/estimate-report.ts";
import { quantityCell, ratioCell, textCell } from "../../report/show.ts";
import { plural } from "../../report/work-sections.ts";
import type { TrainingEnergies } from "./estimate-training.ts";

/** The 10 : 20 : 70 ledger on the user's numbers, by the first device and metric. Undefined while training is not known. */
export function ledgerSection(
  rows: readonly EstimateRow[],
  training: TrainingEnergies,
  runs: number,
):
  | {
      readonly result: { readonly device: string; readonly metric: string; readonly rows: readonly LedgerRow[] };
      readonly sections: readonly Section[];
    }
  | undefined {
  const row = rows[0];
  const energy = row && training.energyOf(row);
  if (row === undefined || energy === undefined) return undefined;
  const entries = ledger({ training: energy.value, inference: runs * row.perInferenceJ });
  return {
    result: { device: row.device, metric: row.metric, rows: entries },
    sections: [
      {
        kind: "table",
        title: "Ledger",
        caption: `By ${row.metric} on ${row.device}, for ${plural(runs, "inference")}; typical shares from [Wu2022], and experimentation from them.`,
        name: "ledger",
        columns: [
          { title: "phase" },
          { title: "energy", align: "right" },
          { title: "share", align: "right" },
          { title: "typical", align: "right" },
          { title: "basis" },
        ],
        rows: entries.map((each) => [
          textCell(each.phase),
          quantityCell(each.energyJ, "J"),
          ratioCell(each.shareRatio),
          ratioCell(each.typicalRatio),
          textCell(each.basis),
        ]),
      },
    ],
  };
}
