// The nearest set-ups of the past, weighted by their distance (Shepard). Never leaves the range of what was seen.
import { CONSTANT } from "./constant.ts";
import type { Regression } from "./regression.ts";

/** @param count neighbours, at least 1 */
export function nearestNeighbours(count: number): Regression {
  return {
    id: `nearest-${count}`,
    fit: (rows, target, parts) => {
      if ((rows[0]?.length ?? 0) === 0) return CONSTANT.fit(rows, target, parts);
      return (row) => {
        const near = rows
          .map((known, i) => ({ distance: Math.hypot(...known.map((value, j) => value - row[j]!)), value: target[i]! }))
          .sort((a, b) => a.distance - b.distance)
          .slice(0, count);
        const weights = near.map(({ distance }) => 1 / (distance + 1e-6) ** 2);
        const total = weights.reduce((a, b) => a + b, 0);
        return near.reduce((sum, { value }, i) => sum + (weights[i]! / total) * value, 0);
      };
    },
  };
}
