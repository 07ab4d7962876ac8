// Many left-out scores in one line per form: the median and the worst group.
import { median } from "../../math/statistics.ts";
import { groupBy } from "./groups.ts";
import type { ScoreRow } from "./score.ts";

export interface ScoreSummary {
  readonly by: string;
  readonly part: ScoreRow["part"];
  readonly model: string;
  readonly groups: number;
  /** Of the groups' mean errors, ratios. */
  readonly medianMape: number;
  readonly worstMape: number;
  readonly worst: string;
  /** Share of the groups' runs inside the interval, groups weighing alike; null where no group had one. */
  readonly coverage: number | null;
}

export function summarise(rows: readonly ScoreRow[]): readonly ScoreSummary[] {
  return [...groupBy(rows, ({ by, model }) => `${by}\n${model}`).values()].map((group) => {
    const { by, part, model } = group[0]!;
    const worst = group.reduce((a, b) => (b.mape > a.mape ? b : a));
    const covered = group.flatMap(({ coverage }) => coverage ?? []);
    return {
      by,
      part,
      model,
      groups: group.length,
      medianMape: median(group.map(({ mape }) => mape)),
      worstMape: worst.mape,
      worst: worst.leftOut,
      coverage: covered.length === 0 ? null : covered.reduce((a, b) => a + b, 0) / covered.length,
    };
  });
}
