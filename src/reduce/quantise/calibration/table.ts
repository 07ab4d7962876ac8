// Every calibration rule, by its name on the command line. To add one: write its file, list it here.
import { entropy } from "./entropy.ts";
import { minmax } from "./minmax.ts";
import { percentile } from "./percentile.ts";
import type { CalibrationRule } from "./rule.ts";

export const CALIBRATIONS = { minmax, percentile, entropy } as const satisfies Readonly<
  Record<string, CalibrationRule>
>;

export type CalibrationKind = keyof typeof CALIBRATIONS;
export const CALIBRATION_KINDS = Object.keys(CALIBRATIONS) as readonly CalibrationKind[];
