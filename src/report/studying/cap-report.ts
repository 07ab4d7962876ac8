// Which power cap to choose, for people; and how well such advice did on sweeps that it had not seen.
import type { CapAdvice } from "../../study/power-cap.ts";
import type { Document, Section } from "../document.ts";
import { countCell, quantityCell, ratioCell, textCell } from "../show.ts";

/** How good the advice is with some settings measured. */
export interface CapScore {
  /** Settings that were measured besides the highest, over it. */
  readonly probes: readonly number[];
  readonly sweeps: number;
  /** Of the choices within the slow-down; null where there is none. */
  readonly meanRegretRatio: number | null;
  readonly worstRegretRatio: number | null;
  readonly meanSavedRatio: number | null;
  /** Choices that turned out beyond the slow-down: failures, with no regret of their own. */
  readonly tooSlow: number;
  readonly tooSlowRatio: number;
}

export interface CapReport {
  readonly advised: readonly { readonly name: string; readonly advice: CapAdvice }[];
  readonly scores: readonly CapScore[];
  readonly longestRatio: number | undefined;
  /** What a user would type; nothing is set. */
  readonly commands: readonly string[];
}

const probesText = (probes: readonly number[]): string =>
  probes.length === 0
    ? "the highest only"
    : `the highest and ${probes.map((one) => `${Math.round(100 * one)} %`).join(", ")}`;

export function capDocument({ advised, scores, longestRatio, commands }: CapReport): Document {
  const [only] = advised.length === 1 ? advised : [];
  const choices: readonly Section[] =
    only === undefined
      ? []
      : [
          {
            kind: "table",
            name: "choices",
            title: "Every setting",
            columns: [
              { title: "cap", align: "right" },
              { title: "time", align: "right" },
              { title: "energy", align: "right" },
              { title: "spread", align: "right", priority: 1 },
              { title: "basis" },
            ],
            rows: only.advice.choices.map((choice) => [
              quantityCell(choice.capW, "W"),
              ratioCell(choice.slowDownRatio),
              ratioCell(choice.energyRatio),
              ratioCell(choice.spreadRatio),
              textCell(choice.basis),
            ]),
          },
        ];
  return {
    title: "Power caps",
    subtitle:
      longestRatio === undefined
        ? "least joules, however slow"
        : `least joules within ${Math.round(100 * (longestRatio - 1))} % more time`,
    sections: [
      {
        kind: "table",
        name: "advice",
        main: true,
        columns: [
          { title: "work", wrap: true },
          { title: "cap", align: "right" },
          { title: "saved", align: "right" },
          { title: "more time", align: "right" },
          { title: "basis" },
        ],
        rows: advised.map(({ name, advice: { best } }) => [
          textCell(name),
          quantityCell(best.capW, "W"),
          ratioCell(1 - best.energyRatio),
          ratioCell(best.slowDownRatio - 1),
          textCell(best.basis),
        ]),
      },
      ...choices,
      ...(scores.length === 0
        ? []
        : [
            {
              kind: "table",
              name: "score",
              title: "How good such advice is: each group left out in turn",
              columns: [
                { title: "measured of it" },
                { title: "sweeps", align: "right" },
                { title: "too slow", align: "right" },
                { title: "mean regret of the rest", align: "right" },
                { title: "worst", align: "right" },
                { title: "saved", align: "right" },
              ],
              rows: scores.map((score) => [
                textCell(probesText(score.probes)),
                countCell(score.sweeps),
                ratioCell(score.tooSlowRatio),
                ratioCell(score.meanRegretRatio ?? undefined),
                ratioCell(score.worstRegretRatio ?? undefined),
                ratioCell(score.meanSavedRatio ?? undefined),
              ]),
            } satisfies Section,
          ]),
      {
        kind: "notes",
        notes: [
          "joulecast sets nothing. To set a cap yourself (it needs rights, and holds for every program on the card):",
          ...commands,
        ],
      },
    ],
  };
}
