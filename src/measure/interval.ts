// From causes of doubt to a 95 % interval, by the rules of the GUM [JCGM100]: standard uncertainties add as squares unless they
// share a cause, and few readings widen the interval through Student's t with the effective degrees of Welch and Satterthwaite.
import { studentQuantile } from "../math/distribution.ts";
import { rootSumSquare } from "./energy-curve.ts";
import type { Doubt } from "./measurement.ts";

/** Share of intervals that should hold the truth. */
export const CONFIDENCE = 0.95;

/** Excess kurtosis of an error that lies evenly between two limits. */
export const EVEN_EXCESS = -1.2;
/** By how much the coverage factor shrinks from 1.96 to the 1.65 of an even error: 0.95 × √3 ([EA4/02], S9.14; [JCGM100], G.1.3). */
const EVEN_SHRINK = 1 - (0.95 * Math.sqrt(3)) / 1.96;
/** Between the two: 1.90 for the sum of two equal even errors, whose excess is half and whose 95 % limits are known exactly. */
const SHRINK_POWER = 2.4;

/** A span in J around a value. */
export interface Interval {
  readonly lowJ: number;
  readonly highJ: number;
}

/** Combined standard deviation, J, its effective degrees of freedom (Welch and Satterthwaite) and its excess kurtosis. */
export function combined(doubts: readonly Doubt[]): { sigmaJ: number; degrees: number; excess: number } {
  const sigmaJ = rootSumSquare(doubts.map((doubt) => doubt.sigmaJ));
  const weight = doubts.reduce((total, { sigmaJ: s, degrees }) => total + (degrees ? s ** 4 / degrees : 0), 0);
  const fourth = doubts.reduce((total, { sigmaJ: s, excess = 0 }) => total + excess * s ** 4, 0);
  return {
    sigmaJ,
    degrees: weight > 0 ? sigmaJ ** 4 / weight : Number.POSITIVE_INFINITY,
    excess: fourth === 0 ? 0 : fourth / sigmaJ ** 4,
  };
}

/**
 * 95 % interval of the whole window's joules around a value that was measured. Joules expected in gaps move the interval, not
 * the value; the value always lies inside.
 */
export function intervalAround(valueJ: number, doubts: readonly Doubt[]): Interval {
  const { sigmaJ, degrees, excess } = combined(doubts);
  const evenness = Math.min(1, Math.max(0, excess / EVEN_EXCESS));
  const missingJ = doubts.reduce((total, doubt) => total + (doubt.missingJ ?? 0), 0);
  const halfJ =
    studentQuantile((1 + CONFIDENCE) / 2, Math.max(1, degrees)) * (1 - EVEN_SHRINK * evenness ** SHRINK_POWER) * sigmaJ;
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
      const even = [...families.values()].map((sigmaJ) => ({ cause, sigmaJ, excess: EVEN_EXCESS }));
      const { sigmaJ, excess } = combined(even);
      return { cause, sigmaJ, excess, ...extra };
    }
    const { sigmaJ, degrees, excess } = combined(same.map(({ doubt }) => doubt));
    const shape = { ...(Number.isFinite(degrees) && { degrees }), ...(excess !== 0 && { excess }) };
    return { cause, sigmaJ, ...shape, ...extra };
  });
}
