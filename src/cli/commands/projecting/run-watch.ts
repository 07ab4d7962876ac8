// A training run while it goes on: what its epochs took so far, what the whole will take, and whether the user's limit is broken.
// It reads the session's journal when an epoch begins and now and then between; how a projection is made is predict/step/.
import { openLedger } from "../../../measure/ledger.ts";
import type { Recording, Window } from "../../../measure/trace.ts";
import { windowsFrom } from "../../../measure/windows.ts";
import type { Session } from "../../../node/run/session.ts";
import type { Epoch } from "../../../predict/step/epochs.ts";
import { type EpochRange, epochsOf } from "../../../predict/step/marked-epochs.ts";
import { type Projection, projectRange, type StepPlan } from "../../../predict/step/project.ts";

/** What a run is, seen at some moment. */
export interface RunState {
  readonly before: Epoch;
  /** Epochs that have ended. */
  readonly epochs: readonly Epoch[];
  /** All since the start, J; NaN when nothing was read: then no limit is seen to be broken. */
  readonly spentJ: number;
  readonly projection: Projection | undefined;
}

const idleOf = ({ marks }: Recording, endS: number): readonly Window[] =>
  windowsFrom(marks, endS).windows.filter(({ name, fromS, toS }) => name === "idle" && toS > fromS);

export interface WatchPlan {
  readonly session: Session;
  readonly range: EpochRange;
  readonly step: StepPlan;
  readonly wallFactor: number;
  /** Net joules that must not be exceeded. */
  readonly limitJ?: number;
  /** Told after each look. `isNew`: an epoch has ended since the last one. */
  onLook(state: RunState, isNew: boolean): void;
  /** The limit is, or will be, exceeded. Told once. */
  onOver(state: RunState, reason: "spent" | "projected"): void;
}

/** Looking may take this share of the time at most: it draws power that belongs to the run. */
const LOOKING_RATIO = 0.05;
/** Time between two looks while no epoch ends, s. */
const QUIET_S = 5;

export interface RunWatch {
  /** The program has started. */
  begin(timeS: number): void;
  /** An epoch begins. */
  epoch(timeS: number): void;
  /** Looks no more; resolves when the last look is over, with why a look failed, if one did. */
  end(): Promise<string | undefined>;
}

/** Why a limit is broken; undefined while it is not. The program is stopped only when even the low end of the interval lies above. */
function whyOver({ spentJ, projection }: RunState, limitJ: number): "spent" | "projected" | undefined {
  if (spentJ > limitJ) return "spent";
  return projection !== undefined && projection.lowJ > limitJ ? "projected" : undefined;
}

export function watchRun(plan: WatchPlan): RunWatch {
  const { session, range, step, wallFactor, limitJ } = plan;
  const startsS: number[] = [];
  let runS: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let ended = false;
  let told = false;
  let problem: string | undefined;
  let epochsSeen = 0;
  let nextS = 0;

  const look = async (): Promise<void> => {
    if (runS === undefined) return;
    const fromS = session.nowS();
    const bordersSeen = startsS.length - 1;
    const recording = await session.read();
    const ledger = openLedger(recording, idleOf(recording, fromS), wallFactor);
    const { before, epochs } = epochsOf(ledger, runS, startsS.slice(0, bordersSeen + 1), fromS, false);
    const spentJ = fromS > runS ? (ledger.window({ name: "run", fromS: runS, toS: fromS }).netJ ?? Number.NaN) : 0;
    const state = {
      before,
      epochs,
      spentJ,
      projection: Number.isNaN(before.energyJ) ? undefined : projectRange(epochs, before, range, step),
    };
    nextS = session.nowS() + (session.nowS() - fromS) / LOOKING_RATIO;
    plan.onLook(state, bordersSeen > epochsSeen);
    epochsSeen = bordersSeen;
    const reason = limitJ === undefined || told ? undefined : whyOver(state, limitJ);
    if (reason === undefined) return;
    told = true;
    plan.onOver(state, reason);
  };
  /** A look that fails must not end the training: the recording goes on, and what failed is told at the end. */
  const lookAt = (atS: number): void => {
    clearTimeout(timer);
    if (ended) return;
    timer = setTimeout(
      () => {
        looking ??= look()
          .catch((error: Error) => {
            problem ??= error.message;
          })
          .finally(() => {
            looking = undefined;
            if (startsS.length - 1 > epochsSeen) lookAt(nextS);
            else if (limitJ !== undefined) lookAt(Math.max(nextS, session.nowS() + QUIET_S));
          });
      },
      Math.max(0, (atS - session.nowS()) * 1000),
    );
  };
  return {
    begin(timeS) {
      runS = timeS;
      if (limitJ !== undefined) lookAt(timeS + QUIET_S);
    },
    epoch(timeS) {
      startsS.push(timeS);
      if (startsS.length > 1) lookAt(nextS);
    },
    async end() {
      ended = true;
      clearTimeout(timer);
      await looking;
      return problem;
    },
  };
}
