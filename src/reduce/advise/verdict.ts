// The one law of all advice: what is saved until the horizon, when it has paid for itself, and what follows from that. Arithmetic only.
//   saved = (before − after) · rate · horizon        pay-back · saving = cost
// "will not help" where an obstacle is known, where nothing or too little is saved, where accuracy falls too far, or where the
// pay-back lies beyond the horizon (what saves CO2e without any joule is not judged by joules); "do" only for what was run here and saved
// joules at the low end of its interval too; all else is "perhaps".
import { formatDuration, formatNumber, formatRatio } from "../../units/format.ts";
import type { Verdict } from "../levers/sweep.ts";
import type { Advised, PayBack, Proposal, Saving, Tried, Use } from "./action.ts";

/** Savings below are not worth a change. */
export const WORTH_RATIO = 0.03;

/** Inferences until the horizon. */
export const inferencesOf = ({ ratePerS, horizonS }: Use): number => ratePerS * horizonS;

/** Undefined where nothing is saved, or the cost is not known. */
export function payBackOf(
  costJ: number | undefined,
  savedJ: number | undefined,
  { ratePerS }: Use,
): PayBack | undefined {
  if (costJ === undefined || savedJ === undefined || !(savedJ > 0)) return undefined;
  const inferences = costJ / savedJ;
  return { inferences, seconds: inferences / ratePerS };
}

/** Loss of accuracy as a share, or undefined where none was judged; a loss function without accuracy tells nothing of a share. */
export function lostAccuracy(score: Tried["score"]): number | undefined {
  const { accuracy: before } = score?.before ?? { accuracy: undefined };
  const { accuracy: after } = score?.after ?? { accuracy: undefined };
  return before === undefined || after === undefined ? undefined : before - after;
}

export interface Limits {
  readonly use: Use;
  /** Largest loss of accuracy that is accepted, as a share. */
  readonly maxLoss: number;
}

/** Why not; undefined where nothing speaks against it. */
function against(proposal: Proposal, payBack: PayBack | undefined, { use, maxLoss }: Limits): string | undefined {
  const { saving, obstacle, accuracy, costJ, why } = proposal;
  if (obstacle !== undefined) return obstacle;
  if (proposal.carbonRatio !== undefined && proposal.carbonRatio > 0) return undefined;
  const lost = lostAccuracy(accuracy);
  if (saving !== undefined && saving.saved.value <= 0) return `it needs no fewer joules: ${why}`;
  if (saving !== undefined && saving.saved.value < WORTH_RATIO * saving.before)
    return `it saves less than ${100 * WORTH_RATIO} %: ${why}`;
  if (lost !== undefined && lost > maxLoss)
    return `accuracy falls by ${formatNumber(100 * lost)} points, more than ${formatNumber(100 * maxLoss)}: ${why}`;
  if (saving !== undefined && costJ !== undefined && payBack !== undefined && payBack.seconds > use.horizonS)
    return `it has paid only after ${formatDuration(payBack.seconds)}, beyond the horizon of ${formatDuration(use.horizonS)}: ${why}`;
  return undefined;
}

function verdictOf(proposal: Proposal, reason: string | undefined): Verdict {
  if (reason !== undefined) return "will not help";
  const { saving, risk, atMost, accuracy, costJ } = proposal;
  const isSafe = risk === "none" || lostAccuracy(accuracy) !== undefined;
  const isProven = saving?.isTried === true && saving.saved.low > 0;
  return isProven && isSafe && atMost === undefined && costJ !== undefined ? "do" : "perhaps";
}

/** A saving whose interval holds none: likely, not sure. */
function doubtOf({ saving }: Proposal): string {
  if (saving === undefined || saving.saved.low > 0 || saving.saved.value <= 0) return "";
  const [likely, begins] = [saving.saved.value, saving.saved.low].map((joules) => formatRatio(joules / saving.before));
  return `; the saving, ${likely}, cannot be told from none (its interval begins at ${begins}; a quiet machine may tell)`;
}

/** A proposal judged. */
export function advised(action: string, proposal: Proposal, limits: Limits): Advised {
  const { saving, costJ } = proposal;
  const { use } = limits;
  const savedJ = saving && saving.saved.value * inferencesOf(use);
  const payBack = payBackOf(costJ, saving?.saved.value, use);
  const reason = against(proposal, payBack, limits);
  return {
    ...proposal,
    action,
    savedJ,
    payBack,
    verdict: verdictOf(proposal, reason),
    why: reason ?? `${proposal.why}${doubtOf(proposal)}`,
  };
}

const ORDER: readonly Verdict[] = ["do", "perhaps", "will not help"];

/** Joules left over at the horizon once the cost is paid; actions without joules come after those with. */
export const gainJ = ({ savedJ, costJ }: Advised): number =>
  savedJ === undefined ? Number.NEGATIVE_INFINITY : savedJ - (costJ ?? 0);

/** By verdict, then by the joules left over; equal ones keep their order. */
export function ranked(all: readonly Advised[]): readonly Advised[] {
  const gap = (a: Advised, b: Advised): number => (gainJ(a) === gainJ(b) ? 0 : gainJ(b) - gainJ(a));
  return all.toSorted((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) || gap(a, b));
}

/** The saving of one inference from a ratio of joules, after over before. */
export function savingOf(before: number, tried: Tried): Saving | undefined {
  const { ratio, basis } = tried;
  if (ratio === undefined) return undefined;
  const after = { value: before * ratio.value, low: before * ratio.low, high: before * ratio.high };
  const saved = { value: before - after.value, low: before - after.high, high: before - after.low };
  return { before, after, saved, basis, isTried: true };
}

/**
 * The saving by a metric. Low and high of both come from the same numbers of the device, so they are compared low with low and high with
 * high, and never crosswise.
 */
export function estimatedSaving(
  before: { readonly value: number; readonly low: number; readonly high: number },
  after: { readonly value: number; readonly low: number; readonly high: number },
): Saving {
  const gaps = [before.low - after.low, before.value - after.value, before.high - after.high];
  return {
    before: before.value,
    after,
    saved: { value: gaps[1]!, low: Math.min(...gaps), high: Math.max(...gaps) },
    basis: "estimated",
    isTried: false,
  };
}
