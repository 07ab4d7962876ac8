// A training program in a measuring session: its epochs are seen, the line for people is written, and a broken limit ends it politely.
// What came out of it is run-outcome.ts.
import { co2eKg } from "../../../carbon/emissions.ts";
import type { CommandsResult } from "../../../node/run/commands.ts";
import type { Session } from "../../../node/run/session.ts";
import { epochSignals } from "../../../predict/step/epoch-signals.ts";
import { EPOCHS_END, type EpochRange, PLANNED_EPOCHS } from "../../../predict/step/marked-epochs.ts";
import type { StepPlan } from "../../../predict/step/project.ts";
import { liveLine } from "../../../report/projecting/run-report.ts";
import { exact } from "../../../units/range.ts";
import type { CommandContext, OptionValues } from "../../command.ts";
import type { CarbonChoice } from "../estimate-carbon.ts";
import { planOptions } from "../measuring/in-session.ts";
import { checkRuns, idleProgress, programStdio } from "../measuring/measure-command.ts";
import type { EpochSight } from "./run-options.ts";
import { type RunState, watchRun } from "./run-watch.ts";
import { post } from "./webhook.ts";

/** What the user asked for. */
export interface TrainingPlan {
  readonly argv: readonly string[];
  /** As a person would type it. */
  readonly command: string;
  readonly range: EpochRange;
  readonly sight: EpochSight;
  readonly step: StepPlan;
  readonly limitJ: number | undefined;
  readonly webhook: URL | undefined;
  readonly wallFactor: number;
  readonly carbon: CarbonChoice;
}

/** The program was asked to end. */
export interface Stop {
  readonly reason: "spent" | "projected";
  readonly state: RunState;
}

export interface TrainingDone {
  readonly done: CommandsResult;
  readonly stop: Stop | undefined;
  /** Live projection or webhook that failed: the run itself is whole. */
  readonly problems: readonly string[];
}

/** Asks the program to end; it may save what it has. */
function endPolitely(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    // It has ended by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

const twoDigits = (value: number): string => String(value).padStart(2, "0");

/** "14:32", of this machine's time zone. */
function clockTime(date: Date): string {
  return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
}

/** The line for people after an epoch. */
function lineOf({ epochs, projection, spentJ }: RunState, elapsedS: number, { range, carbon }: TrainingPlan): string {
  const leftS = projection && Math.max(0, projection.durationS - elapsedS);
  const totalJ = Math.max(0, projection?.totalJ ?? spentJ);
  return liveLine({
    done: epochs.length,
    range,
    projection,
    lastJ: epochs.at(-1)?.energyJ,
    endsAt: leftS === undefined ? undefined : clockTime(new Date(Date.now() + leftS * 1000)),
    co2eKg: co2eKg(exact(totalJ), carbon.kgPerKwh, carbon.pueRatio).value,
  });
}

/** What a webhook is told. */
function toldOf({ reason, state: { spentJ, projection, epochs } }: Stop, { command, limitJ }: TrainingPlan) {
  return {
    event: "stop-above",
    command,
    reason,
    limitJ,
    spentJ,
    atEpoch: epochs.length,
    projectedJ: projection?.totalJ ?? null,
    lowJ: projection?.lowJ ?? null,
    highJ: projection?.highJ ?? null,
  };
}

/** Runs the program to its end, or to the limit. @throws InputError when it cannot be run at all */
export async function runTraining(
  session: Session,
  plan: TrainingPlan,
  options: OptionValues,
  context: CommandContext,
): Promise<TrainingDone> {
  const { argv, range, step, limitJ, wallFactor, sight } = plan;
  const { runCommands } = await import("../../../node/run/commands.ts");
  let pid: number | undefined;
  let startedS = 0;
  let stop: Stop | undefined;
  let told: Promise<string | undefined> | undefined;
  let clock: NodeJS.Timeout | undefined;
  let count = 0;
  const watch = watchRun({
    session,
    range,
    step,
    wallFactor,
    ...(limitJ !== undefined && { limitJ }),
    onLook: (state, isNew) => {
      if (isNew) context.progress(`${lineOf(state, session.nowS() - startedS, plan)}\n`);
    },
    onOver: (state, reason) => {
      stop = { reason, state };
      told = plan.webhook && post(plan.webhook, toldOf(stop, plan));
      if (pid !== undefined) endPolitely(pid);
    },
  });
  const epochBegins = (timeS: number, isMarked = false): void => {
    count++;
    // The program's own marks are in the recording already.
    const isAfter = sight.atEnd && count > range[1];
    if (!isMarked) void session.mark(isAfter ? EPOCHS_END : "epoch", count, timeS);
    watch.epoch(timeS);
  };
  const seen = epochSignals(sight, epochBegins);
  const onSpawn = (started: number): void => {
    pid = started;
    startedS = session.nowS();
    // For whoever looks on: the page's live view.
    void session.mark(PLANNED_EPOCHS, range.join("-"), startedS);
    watch.begin(startedS);
    seen.begin(startedS);
    if (sight.everyS === undefined) return;
    epochBegins(startedS);
    clock = setInterval(() => epochBegins(session.nowS()), sight.everyS * 1000);
  };
  try {
    const result = await runCommands(session, {
      programs: [{ name: "run", argv }],
      ...planOptions(options),
      command: {
        stdio: programStdio(options),
        onSpawn,
        ...(sight.pattern && {
          onOutput: (bytes: Buffer, stream: string) => seen.output(stream, bytes.toString("utf8"), session.nowS()),
          // Through a pipe Python keeps its lines back by the kilobyte: epochs would be seen late, and in heaps.
          env: { PYTHONUNBUFFERED: process.env.PYTHONUNBUFFERED ?? "1" },
        }),
      },
      onMark: ({ name, value }, timeS) => seen.mark(name, value, timeS),
      onProgress: idleProgress(context),
    });
    const done = checkRuns(result);
    const lookProblem = await watch.end();
    const webhookProblem = await told;
    return {
      done,
      stop,
      problems: [
        ...(lookProblem === undefined ? [] : [`the live projection failed: ${lookProblem}`]),
        ...(webhookProblem === undefined ? [] : [webhookProblem]),
      ],
    };
  } finally {
    clearInterval(clock);
    await watch.end();
  }
}
