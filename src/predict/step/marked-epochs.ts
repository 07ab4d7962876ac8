// The epochs of a run that is measured: cut at marks, each with the net joules of its stretch. Used while it goes on and at its end;
// what they foretell is project.ts.
import type { Ledger } from "../../measure/ledger.ts";
import type { Mark, Window } from "../../measure/trace.ts";
import type { Epoch } from "./epochs.ts";

/** Mark where the last planned epoch ends, when the ends are what is seen. */
export const EPOCHS_END = "epochs-end";
/** Mark at the start of a run; its value is the number of epochs that are planned: "90", or "30-90" when it may stop early. */
export const PLANNED_EPOCHS = "planned-epochs";

/** Fewest and most epochs that the run may have: equal when there is no early stopping. */
export type EpochRange = readonly [least: number, most: number];

/** The plan that a recording's marks tell of; undefined where there is none. */
export function plannedEpochs(marks: readonly Mark[]): EpochRange | undefined {
  const value = marks.find(({ name }) => name === PLANNED_EPOCHS)?.value;
  const [, least, most = least] = /^(\d+)(?:-(\d+))?$/u.exec(String(value ?? "")) ?? [];
  return least === undefined ? undefined : [Number(least), Number(most)];
}

/** Times at which epochs begin, and at which the last one ends where that is marked; a number that is said again begins nothing. */
export function epochBorders(marks: readonly Mark[], { fromS, toS }: Window): number[] {
  const own = marks
    .filter(({ name, timeS }) => (name === "epoch" || name === EPOCHS_END) && timeS >= fromS && timeS < toS)
    .sort((a, b) => a.timeS - b.timeS);
  return own.filter(({ value }, i) => value === undefined || value !== own[i - 1]?.value).map(({ timeS }) => timeS);
}

/** Epochs up to the first of which nothing was read: what comes after a hole cannot be counted from the start. */
function readEpochs(epochs: readonly Epoch[]): readonly Epoch[] {
  const hole = epochs.findIndex(({ energyJ }) => Number.isNaN(energyJ));
  return hole < 0 ? epochs : epochs.slice(0, hole);
}

/** Joules of epochs that begin at `startsS`; the last one ends at `endS` when `isOver`, else it is going on and left out. Joules of which nothing was read are NaN. */
export function epochsOf(ledger: Ledger, runS: number, startsS: readonly number[], endS: number, isOver: boolean) {
  const piece = (fromS: number, toS: number): Epoch => ({
    energyJ: toS > fromS ? (ledger.window({ name: "epoch", fromS, toS }).netJ ?? Number.NaN) : 0,
    durationS: Math.max(0, toS - fromS),
  });
  const ends = [...startsS.slice(1), ...(isOver ? [endS] : [])];
  return {
    before: piece(runS, startsS[0] ?? endS),
    epochs: readEpochs(ends.flatMap((toS, i) => (toS > startsS[i]! ? [piece(startsS[i]!, toS)] : []))),
  };
}
