// What a plan will take, for people: a line per trial with what the number stands on, and the sums.
import { forecastTotal, type TrialForecast } from "../../study/forecast.ts";
import type { Document } from "../document.ts";
import { durationCell, quantityCell, rangeCell, textCell } from "../show.ts";

/**
 * @param device that published metrics were asked about; undefined where none is known
 * @param idleS idle time at the start, s
 */
export function forecastDocument(
  name: string,
  forecasts: readonly TrialForecast[],
  device: string | undefined,
  idleS = 0,
): Document {
  const total = forecastTotal(forecasts, idleS);
  const isKnown = total.unknown < total.trials;
  const known = (value: number) => (isKnown ? value : undefined);
  return {
    title: `${name}: a forecast`,
    subtitle: "nothing was run; every number is modelled",
    sections: [
      {
        kind: "facts",
        facts: [
          { label: "trials to do", cell: textCell(String(total.trials)) },
          { label: "time", cell: durationCell(known(total.durationS)) },
          { label: "energy", cell: quantityCell(known(total.energyJ), "J") },
          { label: "between", cell: rangeCell(known(total.lowJ), known(total.highJ), "J") },
          ...(total.unknown === 0
            ? []
            : [{ label: "not known", cell: textCell(`${total.unknown} trials`, "warning") }]),
        ],
      },
      {
        kind: "table",
        name: "trials",
        main: true,
        columns: [
          { title: "trial", wrap: true },
          { title: "time", align: "right" },
          { title: "energy", align: "right" },
          { title: "between", align: "right", priority: 1 },
          { title: "stands on", priority: 1 },
        ],
        rows: forecasts.map(({ trial, durationS, energyJ, lowJ, highJ, basis }) => [
          textCell(trial.id),
          durationCell(durationS),
          quantityCell(energyJ, "J"),
          rangeCell(lowJ, highJ, "J"),
          textCell(basis),
        ]),
      },
      {
        kind: "notes",
        notes: [
          device === undefined
            ? "this machine is not in the catalogue: name a device with --on, or run a few trials first"
            : `published metrics are for ${device}: the median of those that can be told, lowest to highest`,
        ],
      },
    ],
  };
}
