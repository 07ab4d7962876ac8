// One trial, measured: a session around the process that does it (trial-process.ts), and the rows that come of its windows above the
// idle power, which is looked at for long once and shortly before each trial. The recording is kept with the record, so that anybody can compute the joules again (verify-study.ts).

import { type IdleStretch, takeBaseline } from "../../measure/baseline.ts";
import { loadIn } from "../../measure/load.ts";
import { accountsOf, measureWindow } from "../../measure/measure.ts";
import type { Measurement } from "../../measure/measurement.ts";
import { decodeRecording, encodeRecording } from "../../measure/recording-json.ts";
import type { Recording, Window } from "../../measure/trace.ts";
import type { StudyPlan } from "../../study/plan.ts";
import { type Claim, LEASE_LOST, type TrialRecord, type TrialRunner } from "../../study/record.ts";
import type { StudyRow } from "../../study/study-row.ts";
import type { Trial } from "../../study/trials.ts";
import { InputError } from "../../units/input-error.ts";
import { Worker } from "../child.ts";
import { monotonicS } from "../clock.ts";
import { openSession, type SessionOptions } from "../run/session.ts";
import type { TrialAnswer, TrialCounts, TrialOrder, TrialPart, TrialSettings } from "./trial-protocol.ts";

/** Name of the window before a trial, in which nothing runs. */
const IDLE = /^idle/;
/** How often a runner looks whether it is to stop, ms. */
const LOOK_MS = 200;
/** What is added to the kind of joules that hold idle power too. */
const GROSS = ", idle power included";

export interface RunTrialOptions {
  readonly machine: string;
  /** The plan that a trial is of: its settings, and the idle time before it, which cools the machine and is its baseline. */
  readonly planOf: (claim: Claim) => StudyPlan;
  /** What is read. Default: this machine. */
  readonly session?: SessionOptions;
  readonly wallFactor?: number;
  readonly onProgress?: (claim: Claim, done: number, total: number) => void;
  /** Wall time, for records. */
  readonly nowIso: () => string;
}

const settingsOf = (plan: StudyPlan): TrialSettings => ({
  optimiser: plan.optimiser,
  loss: plan.loss,
  epochs: plan.epochs,
  inferencePasses: plan.inferencePasses,
  limitTrain: plan.limitTrain,
  limitTest: plan.limitTest,
  warmUpSteps: plan.warmUpSteps,
});

const nameOf = (network: string): string => network.replace(/^zoo:/, "");

/** Mean share in use, of the first column that has samples. */
function loadOf(recording: Recording, window: Window, columns: readonly RegExp[]): number | undefined {
  const load = loadIn(recording, [window]);
  return columns.map((pattern) => load.find(({ name }) => pattern.test(name))).find((one) => one !== undefined)
    ?.meanRatio;
}

/** What computes: the first accelerator, else all cores. */
const COMPUTING = [/^gpu\//, /^cpu$/, /^cpu\/0$/];

export interface TrialWindows {
  readonly trial: Trial;
  readonly machine: string;
  readonly parts: readonly TrialPart[];
  readonly counts: TrialCounts;
  readonly windows: readonly Window[];
  readonly wallFactor: number;
}

/** All that the rows of a trial are made of. */
export interface TrialSamples {
  readonly recording: Recording;
  /** Idle time at the start of the session; undefined where the plan has none. */
  readonly idle: IdleStretch | undefined;
  readonly of: TrialWindows;
}

/** Hyperparameters, where they matter. */
const hyperparametersOf = ({ phase, learningRate, weightDecay, momentum }: Trial) =>
  phase === "training" ? { learningRate, weightDecay, momentum } : {};

const powerOf = ({ sources }: Measurement, domains: readonly string[]): number | undefined => {
  const own = sources.filter(({ info, counted }) => counted && domains.includes(info.domain));
  const known = own.map(({ meanPowerW }) => meanPowerW).filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((a, b) => a + b, 0);
};

/** Without idle time nothing can be subtracted: then the joules are not above idle, and say so. */
const kindOf = ({ kind, sources }: Measurement): string => {
  const isNet = sources.filter(({ counted }) => counted).every(({ baselineJ }) => baselineJ !== undefined);
  return isNet ? kind : `${kind}${GROSS}`;
};

/**
 * The rows of a trial from its recording: joules above idle, part by part.
 * @throws InputError "no-energy" when nothing was read in a window
 */
export function rowsFrom({ recording, idle, of }: TrialSamples): readonly StudyRow[] {
  const { trial, machine, parts, counts, windows, wallFactor } = of;
  const stretches = [
    ...(idle === undefined ? [] : [idle]),
    ...windows.filter(({ name }) => IDLE.test(name)).map((window) => ({ recording, window })),
  ];
  const accounts = accountsOf(recording);
  const baseline = stretches.length === 0 ? undefined : takeBaseline(stretches);
  return parts.map(({ window: name, ...part }) => {
    const window = windows.find((one) => one.name === name);
    const measured = window && measureWindow(accounts, window, { wallFactor, ...(baseline && { baseline }) });
    if (window === undefined || measured?.netJ === undefined || measured.kind === "missing")
      throw new InputError("no-energy", `nothing was read during ${name}`, "run `joulecast doctor`, or raise --rate");
    const known = {
      grossPowerW: measured.meanPowerW,
      cpuPowerW: powerOf(measured, ["package", "cpu", "core", "soc"]),
      gpuPowerW: powerOf(measured, ["gpu"]),
      dramPowerW: powerOf(measured, ["dram"]),
      utilisationRatio: loadOf(recording, window, COMPUTING),
      // How much memory there is in all is not in a recording.
      vramRatio: loadOf(recording, window, [/^vram\//]),
    };
    return {
      network: nameOf(trial.network),
      phase: trial.phase,
      machine,
      data: trial.data,
      repetition: trial.repetition,
      trial: trial.id,
      batch: trial.batch,
      ...hyperparametersOf(trial),
      ...part,
      durationS: window.toS - window.fromS,
      energyJ: measured.netJ,
      kind: kindOf(measured),
      ...counts,
      ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
    };
  });
}

const plainRecording = (recording: Recording): unknown => JSON.parse(encodeRecording(recording));

/** What is kept of a recording: the readings, and what is needed to make the rows of them again. */
export function encodeSamples({ recording, idle, of }: TrialSamples): string {
  return JSON.stringify({
    recording: plainRecording(recording),
    ...(idle && { idle: { recording: plainRecording(idle.recording), window: idle.window } }),
    of,
  });
}

/** What encodeSamples wrote. @param name for messages. @throws SyntaxError or InputError for anything else */
export function decodeSamples(text: string, name: string): TrialSamples {
  const { recording, idle, of } = JSON.parse(text) as Record<"recording" | "of", unknown> & {
    readonly idle?: { readonly recording: unknown; readonly window: Window };
  };
  const decoded = (one: unknown) => decodeRecording(JSON.stringify(one), name);
  return {
    recording: decoded(recording),
    idle: idle && { recording: decoded(idle.recording), window: idle.window },
    of: of as TrialWindows,
  };
}

/** Makes sure that power can be read, before a trial is taken. @throws InputError "no-sources" */
export async function checkSources(session?: SessionOptions): Promise<void> {
  const opened = await openSession(session);
  await opened.close();
}

/** Records some time in which nothing runs. */
async function idleStretch(
  session: SessionOptions | undefined,
  idleS: number,
  signal: AbortSignal,
): Promise<IdleStretch> {
  const opened = await openSession(session);
  const window = await opened.idle(idleS, { signal });
  return { recording: (await opened.close()).recording, window };
}

/** A signal that is aborted when the other is, which may be a plain flag; and when `stop` is called. */
function following(signal: { readonly aborted: boolean }): {
  readonly signal: AbortSignal;
  readonly stop: () => void;
  readonly end: () => void;
} {
  const controller = new AbortController();
  const stop = () => controller.abort();
  if (signal.aborted) stop();
  const looking = setInterval(() => signal.aborted && stop(), LOOK_MS);
  return { signal: controller.signal, stop, end: () => clearInterval(looking) };
}

/** Tells again and again that a trial is still being done. @param onLost when it was given to somebody else. @returns ends it */
function renewing(claim: Claim, onLost: () => void): () => void {
  if (claim.renewEveryS === undefined) return () => undefined;
  let isUnderWay = false;
  const renew = async () => {
    if (isUnderWay) return;
    isUnderWay = true;
    try {
      await claim.renew();
    } catch (error) {
      // Anything else may pass: the database is away, say.
      if (error instanceof InputError && error.code === LEASE_LOST) onLost();
    } finally {
      isUnderWay = false;
    }
  };
  const timer = setInterval(() => void renew(), claim.renewEveryS * 1000);
  return () => clearInterval(timer);
}

type Done = Extract<TrialAnswer, { kind: "done" }>;
type Ended = (status: TrialRecord["status"], rows: readonly StudyRow[], reason?: string) => TrialRecord;
interface Measuring {
  readonly claim: Claim;
  readonly plan: StudyPlan;
  readonly idle: IdleStretch | undefined;
  readonly signal: AbortSignal;
  readonly ended: Ended;
}
interface Measured {
  readonly record: TrialRecord;
  readonly samples: string | undefined;
}

/** Does trials on this machine. */
export function trialRunner(options: RunTrialOptions): TrialRunner {
  const { machine, planOf, wallFactor = 1, nowIso } = options;
  /** By length: made before the first trial that asks for so long. */
  const idles = new Map<number, IdleStretch>();
  const idleOf = async ({ idleS }: StudyPlan, signal: AbortSignal): Promise<IdleStretch | undefined> => {
    if (idleS === 0 || idles.has(idleS)) return idles.get(idleS);
    const stretch = await idleStretch(options.session, idleS, signal);
    if (!signal.aborted) idles.set(idleS, stretch);
    return stretch;
  };
  const measured = async ({ claim, plan, idle, signal, ended }: Measuring): Promise<Measured> => {
    const { trial } = claim;
    const session = await openSession(options.session);
    let done: Done | undefined;
    let reason = "interrupted";
    if (plan.coolDownS > 0) await session.idle(plan.coolDownS, { signal });
    if (!signal.aborted) {
      const worker = new Worker<TrialOrder, TrialAnswer>("study/trial-process.js");
      const kill = () => worker.kill();
      signal.addEventListener("abort", kill);
      worker.onAnswer((answer) => {
        if (answer.kind === "progress") options.onProgress?.(claim, answer.done, answer.total);
        if (answer.kind !== "window") return;
        session[answer.isOpen ? "openWindow" : "closeWindow"](answer.name, session.timeOf(answer.atS));
      });
      try {
        const coming = worker.next("done");
        void worker.send({ kind: "trial", trial, settings: settingsOf(plan) });
        done = await coming;
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      } finally {
        signal.removeEventListener("abort", kill);
        worker.kill();
        await worker.ended;
      }
    }
    const { recording, windows } = await session.close();
    if (done === undefined) return { record: ended("failed", [], reason), samples: undefined };
    const of = { trial, machine, parts: done.parts, counts: done.counts, windows, wallFactor };
    const kept = { recording, idle, of };
    try {
      return { record: ended("done", rowsFrom(kept)), samples: encodeSamples(kept) };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return { record: ended("failed", [], error.message), samples: undefined };
    }
  };
  return async (claim, signal) => {
    const { trial, attempt } = claim;
    const startedAt = nowIso();
    let startS = monotonicS();
    const ended: Ended = (status, rows, reason) => ({
      trial,
      status,
      reason,
      attempts: attempt,
      machine,
      startedAt,
      durationS: monotonicS() - startS,
      rows,
    });
    const plan = planOf(claim);
    const stopping = following(signal);
    let isLost = false;
    const endRenewing = renewing(claim, () => {
      isLost = true;
      stopping.stop();
    });
    try {
      const idle = await idleOf(plan, stopping.signal);
      // The idle time is the session's and not the trial's.
      startS = monotonicS();
      const { record, samples } = await measured({ claim, plan, idle, signal: stopping.signal, ended });
      return isLost ? { record: undefined, samples: undefined } : { record, samples };
    } finally {
      endRenewing();
      stopping.end();
    }
  };
}
