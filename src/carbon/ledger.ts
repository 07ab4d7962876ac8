// The whole bill of a network beside the split that a large operator reports: 10 % experimentation, 20 % training, 70 %
// inference [Wu2022]. That split is of computing capacity in data centres, not of joules: a yardstick, not a law.
import { InputError } from "../units/input-error.ts";

export type Phase = "experimentation" | "training" | "inference";

/** Shares of experimentation, training and inference [Wu2022]; sum 1. */
const TYPICAL_RATIO: Readonly<Record<Phase, number>> = { experimentation: 0.1, training: 0.2, inference: 0.7 };

const PHASES = Object.keys(TYPICAL_RATIO) as Phase[];

export interface LedgerRow {
  readonly phase: Phase;
  readonly energyJ: number;
  /** Of the sum of all three, in [0, 1]; undefined when the sum is 0. */
  readonly shareRatio: number | undefined;
  readonly typicalRatio: number;
  /** "given": the user's number. "projected": from the given ones by the typical split. */
  readonly basis: "given" | "projected";
}

/**
 * Energy of the three phases; what is not given is projected with the typical split from what is.
 * @param given energies in J of the phases that are known, at least one
 * @throws InputError "empty-ledger" when none is given
 */
export function ledger(given: Readonly<Partial<Record<Phase, number>>>): LedgerRow[] {
  const known = PHASES.filter((phase) => given[phase] !== undefined);
  if (known.length === 0)
    throw new InputError("empty-ledger", "no energy is given for any phase", "give that of training or of inference");
  const knownJ = known.reduce((sum, phase) => sum + given[phase]!, 0);
  const wholeJ = knownJ / known.reduce((sum, phase) => sum + TYPICAL_RATIO[phase], 0);
  const energies = PHASES.map((phase) => given[phase] ?? wholeJ * TYPICAL_RATIO[phase]);
  const sumJ = energies.reduce((a, b) => a + b, 0);
  return PHASES.map((phase, i) => ({
    phase,
    energyJ: energies[i]!,
    shareRatio: sumJ === 0 ? undefined : energies[i]! / sumJ,
    typicalRatio: TYPICAL_RATIO[phase],
    basis: given[phase] === undefined ? "projected" : "given",
  }));
}
