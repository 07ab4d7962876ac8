// From the recording of a training run to its epochs, what each foretold, and whether the limit was kept. The measurement itself is
// measuring/measure-outcome.ts.
import { openLedger } from "../../../measure/ledger.ts";
import type { Window } from "../../../measure/trace.ts";
import type { FinishedSession } from "../../../node/run/session.ts";
import type { Epoch } from "../../../predict/step/epochs.ts";
import { type EpochRange, epochBorders, epochsOf } from "../../../predict/step/marked-epochs.ts";
import { type Projection, projectRange } from "../../../predict/step/project.ts";
import { formatQuantity } from "../../../units/format.ts";
import type { Stop, TrainingDone, TrainingPlan } from "./run-session.ts";

export interface Training {
  readonly before: Epoch;
  readonly epochs: readonly Epoch[];
  readonly projections: readonly Projection[];
  /** How the limit was exceeded, in words; undefined when it was kept, or none was set. */
  readonly exceeded: string | undefined;
}

function exceededWords(
  limitJ: number | undefined,
  spentJ: number | undefined,
  stop: Stop | undefined,
): string | undefined {
  if (limitJ === undefined) return undefined;
  const limit = `more than --stop-above ${formatQuantity(limitJ, "J")}`;
  if (stop === undefined)
    return spentJ !== undefined && spentJ > limitJ ? `${formatQuantity(spentJ, "J")} were spent, ${limit}` : undefined;
  const { reason, state } = stop;
  const what =
    reason === "spent"
      ? `${formatQuantity(state.spentJ, "J")} were spent`
      : `at least ${formatQuantity(state.projection?.lowJ, "J")} were projected`;
  return `${what}, ${limit}: the program was asked to end after epoch ${state.epochs.length}`;
}

/** @param own window of the run in the recording */
export function trainingOf(
  { recording }: FinishedSession,
  { done, stop }: TrainingDone,
  own: Window,
  { range, step, wallFactor, sight, limitJ }: TrainingPlan,
): Training {
  const ledger = openLedger(recording, done.idle, wallFactor);
  // What runs when the program ends is an epoch only if it began as one and was not cut off.
  const isLastWhole = done.exitCode === 0 && stop === undefined && !sight.atEnd && sight.everyS === undefined;
  const { before, epochs } = epochsOf(ledger, own.fromS, epochBorders(recording.marks, own), own.toS, isLastWhole);
  const projections = (Number.isNaN(before.energyJ) ? [] : epochs)
    .map((_, i) => projectRange(epochs.slice(0, i + 1), before, range, step))
    .filter((projection) => projection !== undefined);
  return { before, epochs, projections, exceeded: exceededWords(limitJ, ledger.window(own).netJ, stop) };
}

const projectionResult = ({ atEpoch, totalJ, lowJ, highJ, powerFormJ, durationS, remarks }: Projection) => ({
  atEpoch,
  totalJ,
  lowJ,
  highJ,
  stepPowerJ: powerFormJ,
  projectedDurationS: durationS,
  remarks,
});

/** What `run` adds to the result of `measure`. */
export function trainingResult(
  { before, epochs, projections, exceeded }: Training,
  { range: [least, most], limitJ }: TrainingPlan,
  stop: Stop | undefined,
): Readonly<Record<string, unknown>> {
  const limit = { limitJ, exceeded: exceeded !== undefined, stoppedAtEpoch: stop?.state.epochs.length ?? null };
  return {
    plannedEpochs: { least, most },
    beforeEpochs: { energyJ: Number.isNaN(before.energyJ) ? null : before.energyJ, seconds: before.durationS },
    epochs: epochs.map(({ energyJ, durationS }, i) => ({ epoch: i + 1, energyJ, seconds: durationS })),
    projections: projections.map(projectionResult),
    limit: limitJ === undefined ? null : limit,
  };
}

/** What is odd about the number of epochs. */
export function epochWarnings(seen: number, [least, most]: EpochRange, isStopped: boolean): string[] {
  if (seen === 0 && !isStopped)
    return [
      "no epoch was seen: let the program set marks (`joulecast mark epoch 3`), or give --epoch-pattern or --epoch-seconds",
    ];
  if (isStopped || (seen >= least && seen <= most)) return [];
  return [`${seen} epochs were seen, ${least === most ? most : `${least} to ${most}`} were planned`];
}
