// The mean of what was seen: the floor that every other regression has to beat.
import { mean } from "../../../math/statistics.ts";
import type { Regression } from "./regression.ts";

export const CONSTANT: Regression = {
  id: "mean",
  fit: (_, target) => {
    const centre = mean(target);
    return () => centre;
  },
};
