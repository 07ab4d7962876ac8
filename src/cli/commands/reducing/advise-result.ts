// The JSON contract's words for advice. More fields than it asks for, none renamed.
import { lostAccuracy } from "../../../reduce/advise/verdict.ts";
import type { AdvisedRow } from "../../../report/reducing/advise-report.ts";
import { JOULES_PER_KWH } from "../../../units/quantity.ts";

export function advisedResult(row: AdvisedRow): Readonly<Record<string, unknown>> {
  const { action, change, saving, savedJ, costJ, costBasis, payBack, risk, accuracy, verdict, why, numbers } = row;
  return {
    action,
    change,
    perInferenceJ: {
      before: saving?.before ?? null,
      after: saving?.after.value ?? null,
      lowJ: saving?.after.low ?? null,
      highJ: saving?.after.high ?? null,
    },
    saving:
      saving === undefined ? null : { valueJ: saving.saved.value, lowJ: saving.saved.low, highJ: saving.saved.high },
    savedJ: savedJ ?? null,
    savedKwh: savedJ === undefined ? null : savedJ / JOULES_PER_KWH,
    co2eKg: row.co2eKg ?? null,
    cost: row.cost ?? null,
    costJ: costJ ?? null,
    costBasis,
    payBack: { inferences: payBack?.inferences ?? null, seconds: payBack?.seconds ?? null },
    accuracyRisk: risk,
    accuracy:
      accuracy === undefined
        ? null
        : {
            before: accuracy.before.accuracy ?? null,
            after: accuracy.after.accuracy ?? null,
            lost: lostAccuracy(accuracy) ?? null,
            lossBefore: accuracy.before.loss,
            lossAfter: accuracy.after.loss,
          },
    basis: saving?.basis ?? "estimated",
    isTried: saving?.isTried ?? false,
    verdict,
    why,
    numbers: numbers ?? {},
  };
}
