// One trial, measured: a session with its own idle baseline around the process that does it (trial-process.ts), and the rows that come
// of its windows. The recording is kept with the record, so that anybody can compute the joules again (verify-study.ts).

import { openLedger } from "../../measure/ledger.ts";
import { loadIn } from "../../measure/load.ts";
import { encodeRecording } from "../../measure/recording-json.ts";
import type { Recording, Window } from "../../measure/trace.ts";
import type { StudyPlan } from "../../study/plan.ts";
import type { Claim, TrialRecord, TrialRunner } from "../../study/record.ts";
import type { StudyRow } from "../../study/study-row.ts";
import type { Trial } from "../../study/trials.ts";
import { InputError } from "../../units/input-error.ts";
import { Worker } from "../child.ts";
import { monotonicS } from "../clock.ts";
import { openSession, type SessionOptions } from "../run/session.ts";
import type { TrialAnswer, TrialCounts, TrialOrder, TrialPart, TrialSettings } from "./trial-protocol.ts";

/** Name of the window before a trial, in which nothing runs. */
const IDLE = /^idle/;
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

/** The load column that computes: the first accelerator's, else all cores'. */
function utilisation(recording: Recording, window: Window): number | undefined {
  const load = loadIn(recording, [window]);
  return (load.find(({ name }) => name.startsWith("gpu/")) ?? load.find(({ name }) => /^cpu(\/0)?$/.test(name)))
    ?.meanRatio;
}

export interface TrialWindows {
  readonly trial: Trial;
  readonly machine: string;
  readonly parts: readonly TrialPart[];
  readonly counts: TrialCounts;
  readonly windows: readonly Window[];
  readonly wallFactor: number;
}

/**
 * The rows of a trial from its recording: joules above idle, part by part.
 * @throws InputError "no-energy" when nothing was read in a window
 */
export function rowsFrom(recording: Recording, of: TrialWindows): readonly StudyRow[] {
  const { trial, machine, parts, counts, windows, wallFactor } = of;
  const ledger = openLedger(
    recording,
    windows.filter(({ name }) => IDLE.test(name)),
    wallFactor,
  );
  return parts.map(({ window: name, ...part }) => {
    const window = windows.find((one) => one.name === name);
    const measured = window && ledger.window(window);
    if (window === undefined || measured?.netJ === undefined || measured.kind === "missing")
      throw new InputError("no-energy", `nothing was read during ${name}`, "run `joulecast doctor`, or raise --rate");
    const powerOf = (domains: readonly string[]): number | undefined => {
      const own = measured.sources.filter(({ info, counted }) => counted && domains.includes(info.domain));
      const known = own.map(({ meanPowerW }) => meanPowerW).filter((value) => value !== undefined);
      return known.length === 0 ? undefined : known.reduce((a, b) => a + b, 0);
    };
    const powers = {
      cpuPowerW: powerOf(["package", "cpu", "core", "soc"]),
      gpuPowerW: powerOf(["gpu"]),
      dramPowerW: powerOf(["dram"]),
      utilisationRatio: utilisation(recording, window),
    };
    return {
      network: nameOf(trial.network),
      phase: trial.phase,
      machine,
      data: trial.data,
      repetition: trial.repetition,
      batch: trial.batch,
      ...part,
      durationS: window.toS - window.fromS,
      energyJ: measured.netJ,
      kind: measured.kind,
      ...counts,
      ...Object.fromEntries(Object.entries(powers).filter(([, value]) => value !== undefined)),
    };
  });
}

/** What is kept of a recording: the readings, and what is needed to make the rows of them again. */
export function encodeSamples(recording: Recording, of: TrialWindows): string {
  return JSON.stringify({ recording: JSON.parse(encodeRecording(recording)), of });
}

/** Does trials on this machine. */
export function trialRunner(options: RunTrialOptions): TrialRunner {
  const { machine, planOf, wallFactor = 1, nowIso } = options;
  return async (claim, signal) => {
    const { trial, attempt } = claim;
    const startedAt = nowIso();
    const startS = monotonicS();
    const ended = (status: TrialRecord["status"], rows: readonly StudyRow[], reason?: string): TrialRecord => ({
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
    const renew = () => claim.renew().catch(() => undefined);
    const renewing = claim.renewEveryS === undefined ? undefined : setInterval(renew, claim.renewEveryS * 1000);
    const session = await openSession(options.session);
    let done: Extract<TrialAnswer, { kind: "done" }> | undefined;
    let reason: string | undefined;
    try {
      await session.idle(plan.coolDownS);
      const worker = new Worker<TrialOrder, TrialAnswer>("study/trial-process.js");
      worker.onAnswer((answer) => {
        if (answer.kind === "progress") options.onProgress?.(claim, answer.done, answer.total);
        if (answer.kind !== "window") return;
        session[answer.isOpen ? "openWindow" : "closeWindow"](answer.name, session.timeOf(answer.atS));
      });
      const watching = setInterval(() => signal.aborted && worker.kill(), 200);
      try {
        const coming = worker.next("done");
        void worker.send({ kind: "trial", trial, settings: settingsOf(plan) });
        done = await coming;
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      } finally {
        clearInterval(watching);
        worker.kill();
        await worker.ended;
      }
    } finally {
      clearInterval(renewing);
    }
    const { recording, windows } = await session.close();
    if (done === undefined) return { record: ended("failed", [], reason), samples: undefined };
    const of = { trial, machine, parts: done.parts, counts: done.counts, windows, wallFactor };
    try {
      return { record: ended("done", rowsFrom(recording, of)), samples: encodeSamples(recording, of) };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return { record: ended("failed", [], error.message), samples: undefined };
    }
  };
}
