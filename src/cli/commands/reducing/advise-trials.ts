// What `advise` runs here: every action's candidates beside the network, and a few steps of training, all in one measuring session.
import { type DataSplit, limited } from "../../../learn/data/data-set.ts";
import type { LossSpec } from "../../../learn/training-graph.ts";
import { monotonicS } from "../../../node/clock.ts";
import type { Session } from "../../../node/run/session.ts";
import type { Subject } from "../../../reduce/advise/action.ts";
import { ACTIONS } from "../../../reduce/advise/actions/table.ts";
import type { StepTrial } from "../../../reduce/advise/training-step.ts";
import { type Bench, resolved } from "../../../reduce/advise/try.ts";
import { InputError } from "../../../units/input-error.ts";
import type { CommandContext, OptionValues } from "../../command.ts";
import { wallFactorOption } from "../measuring/machine-options.ts";
import { type AdviseMachine, noJoules } from "./advise-machine.ts";
import type { AdviseSettings } from "./advise-options.ts";

const TURNS = 15;
export const TRAINING_BATCH = 32;
/** A trial of training that is likely to take longer is left out, s. */
const LONGEST_TRAINING_S = 30;
/** Before the names of the windows of the trial of training. */
export const TRAINING = "training trial, ";

/** What was run in the session. */
export interface Done {
  readonly bench: Bench | undefined;
  readonly step: StepTrial | undefined;
  /** Ctrl-C: what was tried so far. */
  readonly isInterrupted: boolean;
}

export interface Task {
  readonly model: string;
  readonly settings: AdviseSettings;
  readonly machine: AdviseMachine;
  readonly subject: Omit<Subject, "runtime">;
  readonly data: DataSplit | undefined;
  readonly loss: LossSpec;
  readonly options: OptionValues;
  readonly context: CommandContext;
}

/** Undefined where the network, or what is known of it, does not allow it. */
export async function ifAllowed<T>(make: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** @throws InputError where the network cannot be judged by the data, or nothing could be told in joules */
export async function tryAll(task: Task, session: Session | undefined, signal: AbortSignal): Promise<Done> {
  const { settings, subject, data, loss, options, context, machine } = task;
  if (!settings.isTrying) return { bench: undefined, step: undefined, isInterrupted: false };
  // Nothing that is tried could be told in joules.
  if (subject.isHere && session === undefined && machine.powerW === undefined) throw noJoules(machine);
  const [{ onnxRuntime }, { tryActions }, { trySteps }, { sessionMeter }] = await Promise.all([
    import("../../../node/runtime/onnx-runtime.ts"),
    import("../../../reduce/advise/try.ts"),
    import("../../../reduce/advise/training-step.ts"),
    import("../../../node/runtime/session-meter.ts"),
  ]);
  const runtime = onnxRuntime();
  const clock = { nowS: monotonicS };
  const test = data?.test && limited(data.test, settings.limitTest);
  const bench = await tryActions(ACTIONS, {
    subject: { ...subject, runtime },
    clock,
    turns: TURNS,
    turnS: settings.clockS / (2 * TURNS),
    judge: test && { set: test, loss },
    signal,
    onProgress: (label, done, total) => context.progress({ label, done, total, unit: "actions" }),
    ...(session && { section: async (name, work) => void (await session.window(name, work)) }),
  });
  const seconds = resolved(bench, { windowJ: () => undefined, powerW: () => 1 }).base?.seconds ?? 0;
  // Backward takes about twice the forward pass, for two epochs of four steps.
  const isShort = seconds * 3 * 8 * TRAINING_BATCH < LONGEST_TRAINING_S;
  if (!subject.isHere || data === undefined || !isShort || signal.aborted)
    return { bench, step: undefined, isInterrupted: signal.aborted };
  context.progress("trying a few steps of training");
  const meter = session && sessionMeter(session, { prefix: TRAINING, wallFactor: wallFactorOption(options) });
  const step = await ifAllowed(() =>
    trySteps({
      network: subject.network,
      runtime,
      clock,
      train: data.train,
      loss,
      dims: settings.dims,
      signal,
      ...(meter && { meter }),
    }),
  );
  return { bench, step, isInterrupted: signal.aborted };
}
