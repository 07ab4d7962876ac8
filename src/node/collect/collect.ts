// Measures one point after the other: timed in one process of ONNX Runtime, joules from the session's sources, each handed out as a
// row when it is done. Ends early by a signal or a deadline; what is done is done. Which points is predict/collect/points.ts.
import type { Graph } from "../../graph/graph.ts";
import { sum } from "../../math/statistics.ts";
import { openLedger } from "../../measure/ledger.ts";
import type { Window } from "../../measure/trace.ts";
import { collectedKind } from "../../predict/collect/kinds/table.ts";
import { oneLayerNetwork } from "../../predict/collect/points.ts";
import {
  type CollectedOn,
  type PointTiming,
  type SampleOf,
  type SampleRow,
  sampleRow,
} from "../../predict/collect/sample-row.ts";
import { InputError } from "../../units/input-error.ts";
import { monotonicS } from "../clock.ts";
import { openSession, type Session, type SessionOptions } from "../run/session.ts";
import { type PointRunner, type RunningOptions, repetitionOf, startRunner } from "./point-runner.ts";

/** Something to run: its row's head, and its network with dimensions bound, made when its turn comes. */
export interface RunnablePoint {
  readonly sample: SampleOf;
  graph(): Graph;
}

export interface CollectPlan extends RunningOptions {
  readonly points: readonly RunnablePoint[];
  readonly session: SessionOptions;
  /** Idle time at the start of each recording, for joules above idle, s; 0: none. */
  readonly idleS: number;
  readonly on: Omit<CollectedOn, "runtime">;
  /** Time after which no new point is begun, s. Default: none. */
  readonly limitS?: number;
  /** Aborted: ends after what is done. */
  readonly signal: AbortSignal;
  onRow(row: SampleRow): void;
  /** @param leftS expected time for the rest, s */
  onProgress(done: number, leftS: number | undefined): void;
}

export interface Collected {
  readonly rows: number;
  /** Points that could not be run, and why. */
  readonly failed: readonly { readonly id: string; readonly reason: string }[];
  readonly interrupted: boolean;
  /** Points that the limit left out. */
  readonly left: number;
}

/** A recording is read anew after each point: it must not grow without bound. */
const POINTS_PER_SESSION = 200;
/** The process ended so often in a row: it is not the points. */
const MOST_CRASHES = 3;
/** Joules over less of the time than this are no joules of the point. */
const LEAST_COVERAGE = 0.8;

/** Calls become faster as the process compiles its code. */
const WARM_UPS = 3;

/** Time of a call that does next to nothing: it is subtracted from every point, s. */
async function overheadOf(runner: PointRunner): Promise<number> {
  const graph = oneLayerNetwork(collectedKind("relu"), { batch_size: 1, input_size: 1 });
  const run = () => runner.run(graph, () => undefined);
  for (let i = 0; i < WARM_UPS; i++) await run();
  return Math.min(...(await run()).map(({ medianS }) => medianS));
}

/** undefined when one of them is not known. */
function totalJ(joules: readonly (number | undefined)[]): number | undefined {
  const known = joules.filter((energyJ) => energyJ !== undefined);
  return known.length === joules.length ? sum(known) : undefined;
}

async function timedPoint(
  session: Session,
  runner: PointRunner,
  point: RunnablePoint,
  idle: readonly Window[],
): Promise<PointTiming> {
  const { id } = point.sample;
  const sections = await runner.run(point.graph(), (kind, timeS) => {
    if (kind === "start") session.openWindow(id, session.timeOf(timeS));
    else session.closeWindow(id, session.timeOf(timeS));
  });
  const ledger = openLedger(await session.read(), idle);
  const measured = sections.map(({ startS, endS }) =>
    ledger.window({ name: id, fromS: session.timeOf(startS), toS: session.timeOf(endS) }),
  );
  const isCovered = measured.every(({ coverage, sources }) => sources.length > 0 && coverage >= LEAST_COVERAGE);
  return {
    repetitions: sections.map(repetitionOf),
    passes: sum(sections.map(({ passes }) => passes)),
    grossJ: isCovered ? totalJ(measured.map(({ grossJ }) => grossJ)) : undefined,
    netJ: isCovered && idle.length > 0 ? totalJ(measured.map(({ netJ }) => netJ)) : undefined,
    kind: measured[0]?.kind ?? "modelled",
  };
}

/**
 * @throws InputError when ONNX Runtime is not there, nothing can be read, or its process ends again and again
 */
export async function collectPoints(plan: CollectPlan): Promise<Collected> {
  const { points, idleS, limitS = Number.POSITIVE_INFINITY, signal } = plan;
  const beganS = monotonicS();
  const failed: { id: string; reason: string }[] = [];
  let [done, rows, crashes] = [0, 0, 0];
  let runner = startRunner(plan);
  const stop = () => void runner.stop();
  signal.addEventListener("abort", stop);
  const goesOn = () => done < points.length && !signal.aborted && monotonicS() - beganS < limitS;
  const progress = () => {
    const spentS = monotonicS() - beganS;
    const byPointsS = done === 0 ? undefined : (spentS / done) * (points.length - done);
    plan.onProgress(done, byPointsS === undefined ? undefined : Math.max(0, Math.min(byPointsS, limitS - spentS)));
  };
  try {
    let overheadS = await overheadOf(runner);
    const on = { ...plan.on, runtime: `onnxruntime ${runner.runtimeVersion}` };
    while (goesOn()) {
      const session = await openSession(plan.session);
      try {
        const idle = idleS > 0 ? [await session.idle(idleS, { signal })] : [];
        for (let i = 0; i < POINTS_PER_SESSION && goesOn(); i++) {
          const point = points[done]!;
          progress();
          try {
            plan.onRow(sampleRow(point.sample, await timedPoint(session, runner, point, idle), on, overheadS));
            rows++;
            crashes = 0;
          } catch (error) {
            if (signal.aborted) break;
            // What ONNX Runtime refuses is one point's matter; its process's end (memory, most likely) is until it happens again.
            const isRefusal = error instanceof InputError && error.code === "onnxruntime";
            const isCrash = error instanceof Error && error.message.startsWith("the run/model-process process ");
            if (!isRefusal && !(isCrash && ++crashes < MOST_CRASHES)) throw error;
            failed.push({ id: point.sample.id, reason: error.message });
            if (isCrash) {
              await runner.stop();
              runner = startRunner(plan);
              overheadS = await overheadOf(runner);
            }
          }
          done++;
        }
      } finally {
        await session.close();
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error; // else it is our own kill that ended the process
  } finally {
    signal.removeEventListener("abort", stop);
    await runner.stop();
  }
  return { rows, failed, interrupted: signal.aborted, left: points.length - done };
}
