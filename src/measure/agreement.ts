// A counter against the integral of a gauge of the same device: two answers to one question, so that a wrong one shows. For `doctor`
// at rest, and for every measured window. Which of the two is right is not decided here.
import type { Account, WindowEnergy } from "./energy.ts";
import { intervalAround } from "./interval.ts";
import type { SourceInfo } from "./power-source.ts";

/** A counter against the integral of a gauge of the same thing. */
export interface Agreement {
  readonly counterJ: number;
  readonly gaugeJ: number;
  /** Mean power of the gauge over that of the counter; undefined when the counter shows 0 J. */
  readonly ratio: number | undefined;
  /** Whether the difference lies within the 95 % interval of the doubts of both, tolerances included. */
  readonly agrees: boolean;
}

/** Two sources of one device, and whether they agree. */
export interface CrossCheck {
  /** Ids of the sources. */
  readonly counter: string;
  readonly gauge: string;
  readonly agreement: Agreement;
}

/** A source with its joules in a window. */
export interface Witness {
  readonly account: Account;
  readonly energy: WindowEnergy;
}

/** Meter and board of a source: "nvml/GPU-5f3c/total-energy" → "nvml/GPU-5f3c". */
const boardOf = ({ id }: SourceInfo): string => id.slice(0, id.lastIndexOf("/"));

const isSameDevice = (a: SourceInfo, b: SourceInfo): boolean =>
  a.domain === b.domain && (boardOf(a) === boardOf(b) || a.partOf === b.id || b.partOf === a.id);

/** Cross-checks two sources over one window; undefined where one of them was not read. @param durationS of the window, s */
function agreementOf(counter: Witness, gauge: Witness, durationS: number): Agreement | undefined {
  const [{ energy: c }, { energy: g }] = [counter, gauge];
  if (c.grossJ === undefined || g.grossJ === undefined) return undefined;
  const doubts = [c, g].flatMap((energy) => energy.doubts.map(({ missingJ: _missing, ...doubt }) => doubt));
  const tolerances = [counter, gauge].map(({ account, energy }) => ({
    cause: "tolerance",
    sigmaJ: ((account.info.toleranceRatio ?? 0) * energy.grossJ!) / Math.sqrt(3),
  }));
  // Compared as mean powers, so that a gap in one of them is no disagreement.
  const differenceJ = (g.meanPowerW! - c.meanPowerW!) * durationS;
  const { lowJ, highJ } = intervalAround(differenceJ, [...doubts, ...tolerances]);
  return {
    counterJ: c.grossJ,
    gaugeJ: g.grossJ,
    ratio: c.meanPowerW! > 0 ? g.meanPowerW! / c.meanPowerW! : undefined,
    agrees: lowJ <= 0 && highJ >= 0,
  };
}

/** All pairs of a counter and a gauge of one device that were both read in the window. Modelled power is no witness. */
export function crossChecksOf(witnesses: readonly Witness[], durationS: number): readonly CrossCheck[] {
  const counters = witnesses.filter(({ account: { info } }) => info.reads === "energy");
  const gauges = witnesses.filter(({ account: { info } }) => info.reads === "power" && info.kind !== "modelled");
  return counters.flatMap((counter) =>
    gauges
      .filter((gauge) => isSameDevice(counter.account.info, gauge.account.info))
      .flatMap((gauge) => {
        const agreement = agreementOf(counter, gauge, durationS);
        return agreement ? [{ counter: counter.account.info.id, gauge: gauge.account.info.id, agreement }] : [];
      }),
  );
}
