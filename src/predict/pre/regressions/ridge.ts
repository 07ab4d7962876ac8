// Ridge regression on centred targets. With a trace of penalty it is plain least squares that also stands collinear features.
import { evaluateLinear, leastSquares } from "../../../math/regression.ts";
import { mean } from "../../../math/statistics.ts";
import { CONSTANT } from "./constant.ts";
import type { Regression } from "./regression.ts";

/** @param penalty relative to a column's squared length, > 0 */
export function ridge(id: string, penalty: number): Regression {
  return {
    id,
    fit: (rows, target, parts) => {
      if ((rows[0]?.length ?? 0) === 0) return CONSTANT.fit(rows, target, parts);
      const centre = mean(target);
      const fit = leastSquares(
        rows,
        target.map((value) => value - centre),
        { ridge: penalty, intercept: false },
      );
      return (row) => centre + evaluateLinear(fit, row);
    },
  };
}
