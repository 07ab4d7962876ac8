// From causes of doubt to a 95 % interval, by the rules of the GUM [JCGM100]: standard uncertainties add as squares unless they
// share a cause, and few readings widen the interval through Student's t with the effective degrees of Welch and Satterthwaite.
import { studentQuantile } from "../math/distribution.ts";
import { rootSumSquare } from "./energy-curve.ts";
import type { Doubt } from "./measurement.ts";

/** Share of intervals that should hold the truth. */
export const CONFIDENCE = 0.95;

/** A span in J around a value. */
export interface Interval {
  readonly lowJ: number;
  readonly highJ: number;
}

/** Combined standard deviation, J, and its effective degrees of freedom (Welch and Satterthwaite). */
export function combined(doubts: readonly Doubt[]): { sigmaJ: number; degrees: number } {
  const sigmaJ = rootSumSquare(doubts.map((doubt) => doubt.sigmaJ));
  const weight = doubts.reduce((total, { sigmaJ: s, degrees }) => total + (degrees ? s ** 4 / degrees : 0), 0);
  return { sigmaJ, degrees: weight > 0 ? sigmaJ ** 4 / weight : Number.POSITIVE_INFINITY };
}

/**
 * 95 % interval of the whole window's joules around a value that was measured. Joules expected in gaps move the interval, not
 * the value; the value always lies inside.
 */
export function intervalAround(valueJ: number, doubts: readonly Doubt[]): Interval {
  const { sigmaJ, degrees } = combined(doubts);
  const missingJ = doubts.reduce((total, doubt) => total + (doubt.missingJ ?? 0), 0);
  const halfJ = studentQuantile((1 + CONFIDENCE) / 2, Math.max(1, degrees)) * sigmaJ;
  return {
    lowJ: Math.min(valueJ, valueJ + missingJ - halfJ),
    highJ: Math.max(valueJ, valueJ + missingJ + halfJ),
  };
}

/** Meters of one family err alike: "rapl/package-0" and "rapl/package-1" share their calibration. */
const familyOf = (id: string): string => id.split("/")[0]!;

/**
 * Doubts of a sum over sources. Tolerances add straight within a family of meters and as squares between families; all other
 * causes are independent between sources. Joules missing in gaps add.
 */
export function sumDoubts(sources: readonly { readonly id: string; readonly doubts: readonly Doubt[] }[]): Doubt[] {
  const causes = [...new Set(sources.flatMap(({ doubts }) => doubts.map(({ cause }) => cause)))];
  return causes.map((cause) => {
    const same = sources.flatMap(({ id, doubts }) =>
      doubts.filter((doubt) => doubt.cause === cause).map((doubt) => ({ id, doubt })),
    );
    const missingJ = same.reduce((total, { doubt }) => total + (doubt.missingJ ?? 0), 0);
    const extra = missingJ === 0 ? {} : { missingJ };
    if (cause === "tolerance") {
      const families = new Map<string, number>();
      for (const { id, doubt } of same) families.set(familyOf(id), (families.get(familyOf(id)) ?? 0) + doubt.sigmaJ);
      return { cause, sigmaJ: rootSumSquare([...families.values()]), ...extra };
    }
    const { sigmaJ, degrees } = combined(same.map(({ doubt }) => doubt));
    return Number.isFinite(degrees) ? { cause, sigmaJ, degrees, ...extra } : { cause, sigmaJ, ...extra };
  });
}
