// Everything that was seen has a code: no clipping, but one outlier makes all steps coarse.
import type { CalibrationRule } from "./rule.ts";

export const minmax: CalibrationRule = {
  id: "minmax",
  source: "[Jacob2018]",
  needsBins: false,
  rangeOf: ({ low, high }) => ({ low, high }),
};
