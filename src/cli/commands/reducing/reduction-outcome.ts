// What every reducing command does around its own work: a measuring session, the network before and after judged, timed in turns and
// priced, the file written, and all of it told. The reduction itself comes in as a function.
import type { DataSet } from "../../../learn/data/data-set.ts";
import type { Clock, EpochRow, Score } from "../../../learn/train/plan.ts";
import type { LossSpec } from "../../../learn/training-graph.ts";
import type { Measurement } from "../../../measure/measurement.ts";
import { monotonicS } from "../../../node/clock.ts";
import { withInterrupts } from "../../../node/run/interrupts.ts";
import type { Session } from "../../../node/run/session.ts";
import type { onnxRuntime as OnnxRuntime } from "../../../node/runtime/onnx-runtime.ts";
import type { WeightedNetwork } from "../../../reduce/network.ts";
import { type MeasuredInference, type ReductionRecord, recordNetwork } from "../../../reduce/record.ts";
import { type StopSignal, unlessStopped } from "../../../reduce/stoppable.ts";
import type { TimedNetwork } from "../../../reduce/timing.ts";
import type { Section } from "../../../report/document.ts";
import type { SeedRow } from "../../../report/learning/train-report.ts";
import { type ReductionPoint, reductionDocument } from "../../../report/reducing/reduction-report.ts";
import type { Runtime } from "../../../runtime/runtime.ts";
import type { CommandContext, OptionValues, Outcome } from "../../command.ts";
import { dimensionsOption, flagOption, quantityOption, textOption } from "../../options.ts";
import { metered } from "../learning/learning-energy.ts";
import { oneOf, PROVIDERS } from "../learning/learning-options.ts";
import { epochResult, scoreResult, withWindows } from "../learning/learning-result.ts";
import { outOption, writeNetwork } from "../learning/network-out.ts";
import { measurementResult } from "../measuring/measure-result.ts";
import { threadsOption } from "../threads-option.ts";
import { reductionPricing } from "./reduction-pricing.ts";
import { recordResult } from "./reduction-result.ts";

/** Exit code after Ctrl-C. */
const INTERRUPTED = 130;
/** Turns that each network has by the clock, and the time they take together, s. */
const TURNS = 5;
const CLOCK_S = 1.5;
/** Window of the reduction itself: judging and timing are outside. */
const REDUCING = "reducing";

/** What a reduction is handed. */
export interface ReductionTools {
  readonly runtime: Runtime;
  readonly clock: Clock;
  /** For meters of epochs (sessionMeter); undefined where nothing is read. */
  readonly session: Session | undefined;
  /** Aborted by Ctrl-C: end early and give what there is. */
  readonly signal: AbortSignal;
}

/** What a reduction gives back. */
export interface Reduced {
  readonly before: WeightedNetwork;
  readonly after: WeightedNetwork;
  /** Epochs of the first seed, and the prefix of their windows. Default: nothing was trained. */
  readonly trained?: { readonly rows: readonly EpochRow[]; readonly earlierEpochs: number; readonly prefix: string };
  readonly seeds?: readonly SeedRow[];
  /** Scores that are known already. Default: both networks are judged by `ReductionTask.judge`. */
  readonly scores?: { readonly before: Score | undefined; readonly after: Score | undefined };
  /** Rows at the top of the report. */
  readonly settings: readonly (readonly [label: string, text: string])[];
  readonly notes: readonly string[];
  /** What can be said only with both records at hand: "int8 is slower here". Comes after `notes`. */
  readonly notesOn?: (record: ReductionRecord) => readonly string[];
  readonly points?: readonly ReductionPoint[];
  readonly sections?: readonly Section[];
  /** More fields of the JSON result. */
  readonly result?: Readonly<Record<string, unknown>>;
  /** What can be said only when the recording has ended: joules of windows, what paid back. Comes after the same parts above; seeds replace them. */
  readonly closing?: (told: Told) => Pick<Reduced, "seeds" | "sections" | "result"> & Partial<Pick<Reduced, "notes">>;
  readonly interrupted?: boolean;
  /** Why `after` is not worth writing, such as "interrupted before the first epoch ended"; a file that is there is left alone then. Default: it is. */
  readonly unfinished?: string;
}

/** The rest of a reduction: looking at what was made. Done outside of the window, since its joules are not those of reducing. */
export type Look = () => Promise<Reduced>;

/** What is known at the end. */
export interface Told {
  readonly record: ReductionRecord;
  /** The reduction itself; undefined where nothing was read. */
  readonly measurement: Measurement | undefined;
  /** Gross joules of a window by name; undefined where nothing was read in it. */
  readonly windowJ: (name: string) => number | undefined;
}

export interface ReductionTask {
  /** "quantize". */
  readonly command: string;
  /** As the user named it. */
  readonly model: string;
  readonly title: string;
  /** Test data and the loss to judge by; undefined: no accuracy is told. */
  readonly judge: { readonly set: DataSet; readonly loss: LossSpec } | undefined;
  reduce(tools: ReductionTools): Promise<Look>;
}

/** What happens in the session. */
interface Done {
  readonly reduced: Reduced;
  readonly scores: { readonly before: Score | undefined; readonly after: Score | undefined };
  readonly timed: Readonly<Record<"before" | "after", TimedNetwork>> | undefined;
  readonly interrupted: boolean;
}

const NOT_JUDGED: Done["scores"] = { before: undefined, after: undefined };

function measuredOf(
  timed: TimedNetwork,
  repeatsOf: (names: readonly string[]) => Measurement | undefined,
): MeasuredInference | undefined {
  const mean = repeatsOf(timed.turns.map(({ name }) => name));
  if (mean?.netJ === undefined || mean.netLowJ === undefined || mean.netHighJ === undefined) return undefined;
  const passes = timed.turns.reduce((sum, turn) => sum + turn.passes, 0) / timed.turns.length;
  const inferences = passes * timed.time.batch;
  return {
    perInferenceJ: mean.netJ / inferences,
    lowJ: mean.netLowJ / inferences,
    highJ: mean.netHighJ / inferences,
    kind: mean.kind,
    isNet: mean.baselineJ !== undefined,
  };
}

async function judged(
  task: ReductionTask,
  reduced: Reduced,
  runtime: Runtime,
  options: OptionValues,
  context: CommandContext,
  signal: StopSignal,
): Promise<Done["scores"]> {
  if (reduced.scores !== undefined) return reduced.scores;
  if (task.judge === undefined || signal.aborted) return NOT_JUDGED;
  const { judgeNetwork } = await import("../../../reduce/judge.ts");
  const threads = threadsOption(options);
  const plan = {
    ...task.judge,
    runtime,
    signal,
    dims: dimensionsOption(options, "--dim"),
    ...(threads !== undefined && { threads }),
  };
  context.progress("judging both networks");
  return { before: await judgeNetwork(reduced.before, plan), after: await judgeNetwork(reduced.after, plan) };
}

async function timed(
  { before, after }: Reduced,
  runtime: Runtime,
  clock: Clock,
  session: Session | undefined,
  options: OptionValues,
  context: CommandContext,
  signal: StopSignal,
): Promise<Done["timed"]> {
  const clockS = quantityOption(options, "--clock", "s") ?? CLOCK_S;
  if (clockS === 0 || signal.aborted) return undefined;
  const { timeNetworks } = await import("../../../reduce/timing.ts");
  const threads = threadsOption(options);
  context.progress("timing both networks");
  return timeNetworks(
    { before, after },
    {
      runtime,
      clock,
      signal,
      turns: TURNS,
      turnS: clockS / TURNS,
      dims: dimensionsOption(options, "--dim"),
      ...(threads !== undefined && { threads }),
      ...(session && { section: async (name, passes) => void (await session.window(name, passes)) }),
    },
  );
}

async function doAll(
  task: ReductionTask,
  options: OptionValues,
  context: CommandContext,
  session: Session | undefined,
  signal: AbortSignal,
): Promise<Done> {
  const { onnxRuntime } = await import("../../../node/runtime/onnx-runtime.ts");
  const runtime = onnxRuntime(runtimeOf(options));
  const clock: Clock = { nowS: monotonicS };
  const reduce = () => task.reduce({ runtime, clock, session, signal });
  const look = session === undefined ? await reduce() : (await session.window(REDUCING, reduce)).value;
  const reduced = await look();
  const scores = (await unlessStopped(() => judged(task, reduced, runtime, options, context, signal))) ?? NOT_JUDGED;
  const times = await unlessStopped(() => timed(reduced, runtime, clock, session, options, context, signal));
  return { reduced, scores, timed: times, interrupted: signal.aborted || reduced.interrupted === true };
}

/** What ONNX Runtime runs on, as `train` understands it; one memory plan for all runs costs what recomputation is to save. */
function runtimeOf(options: OptionValues): Parameters<typeof OnnxRuntime>[0] {
  return {
    ...(textOption(options, "--provider") !== undefined && {
      provider: oneOf(options, "--provider", PROVIDERS, "cpu"),
    }),
    ...(flagOption(options, "--recompute") && { memoryPattern: false }),
  };
}

/**
 * Does a reduction and tells of it. Options read here: --out, --force, --on, --dim, --threads, --clock and those of the session.
 * @throws InputError before any work when --out exists; else what the task throws
 */
export async function reductionOutcome(
  task: ReductionTask,
  options: OptionValues,
  context: CommandContext,
): Promise<Outcome> {
  const out = outOption(options);
  const { device, hardware, process, notes: priceNotes } = await reductionPricing(options);
  const { value, windowJ, windowOf, repeatsOf, remarks } = await metered(
    `${task.command} ${task.model}`,
    options,
    context,
    (session) => withInterrupts((signal) => doAll(task, options, context, session, signal)),
  );
  context.progress("");
  const { reduced, scores } = value;
  const dims = dimensionsOption(options, "--dim");
  const recordOf = (which: "before" | "after") => {
    const times = value.timed?.[which];
    return recordNetwork(reduced[which], {
      dims,
      device: hardware,
      process,
      score: scores[which],
      time: times?.time,
      measured: times && measuredOf(times, repeatsOf),
    });
  };
  const record: ReductionRecord = { before: await recordOf("before"), after: await recordOf("after") };
  const epochs = reduced.trained ? withWindows(reduced.trained, reduced.trained.prefix, windowJ) : [];
  const measurement = windowOf(REDUCING);
  const closing = reduced.closing?.({ record, measurement, windowJ });
  const seeds = closing?.seeds ?? reduced.seeds ?? [];
  const notes = [
    ...reduced.notes,
    ...(reduced.notesOn?.(record) ?? []),
    ...(closing?.notes ?? []),
    ...priceNotes,
    ...remarks,
  ];
  const { written, left, remarks: told } = await writeNetwork(out, reduced.after, reduced.unfinished);
  return {
    result: {
      model: task.model,
      out: written ?? null,
      epochs: epochs.map(epochResult),
      before: recordResult(record.before),
      after: recordResult(record.after),
      seeds: seeds.map(({ seed, end, score, seconds, energyJ }) => ({
        seed,
        end,
        metric: scoreResult(score),
        seconds,
        energyJ: energyJ ?? null,
      })),
      metricName: record.after.score?.accuracy === undefined ? "loss" : "accuracy",
      device: device ?? null,
      energy: measurement === undefined ? null : measurementResult(measurement),
      ...reduced.result,
      ...closing?.result,
      remarks: [...notes, ...left],
    },
    document: reductionDocument({
      title: task.title,
      out: written,
      settings: reduced.settings,
      record,
      epochs,
      seeds,
      points: reduced.points,
      sections: [...(reduced.sections ?? []), ...(closing?.sections ?? [])],
      measurement,
      device,
      notes: [...notes, ...left],
    }),
    exitCode: value.interrupted ? INTERRUPTED : 0,
    remarks: told,
  };
}
