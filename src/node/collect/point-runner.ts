// Runs one network after the other in one process of ONNX Runtime (run/model-process.ts), each in timed repetitions.
// Which networks, and what becomes of the times, is collect.ts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Graph } from "../../graph/graph.ts";
import { writeOnnx } from "../../onnx/write.ts";
import { isSteady, type Repetition } from "../../predict/collect/sample-row.ts";
import { Worker } from "../child.ts";
import { writeWhole } from "../files.ts";
import { drawnWeights } from "../model.ts";
import { inputsOf } from "../run/model.ts";
import type { ModelAnswer, ModelOrder, TimedPasses } from "../run/model-protocol.ts";

export interface RunningOptions {
  /** Length of one repetition, s. */
  readonly targetS: number;
  /** Least passes of one repetition. */
  readonly leastPasses: number;
  /** Repetitions; more where they disagree. */
  readonly repeats: number;
  /** Threads within an operator. Default: ONNX Runtime's. */
  readonly threads?: number;
  /** Execution provider. Default "cpu". */
  readonly provider?: string;
}

export interface PointRunner {
  /** Repetitions of a network whose dimensions are bound; `onSection` is told of each start and end, monotonic s. */
  run(graph: Graph, onSection: (kind: "start" | "end", timeS: number) => void): Promise<readonly TimedPasses[]>;
  /** Version of ONNX Runtime, once a network was run. */
  readonly runtimeVersion: string;
  /** Ends the process, also in the middle of a run. */
  stop(): Promise<void>;
}

/** Repetitions go on while others are running or the fastest two disagree, up to so many times as many. */
const PATIENCE = 2;

export const repetitionOf = ({ medianS, startS, endS, othersS }: TimedPasses): Repetition => ({
  passS: medianS,
  durationS: endS - startS,
  othersS,
});

/** Length of the passes before the first repetition, as a share of one. */
const TRIAL_SHARE = 0.2;

/** Starts the process. A network that it cannot run rejects and leaves it usable; its end rejects all that follows. */
export function startRunner(options: RunningOptions): PointRunner {
  const { targetS, leastPasses, repeats, threads, provider } = options;
  const folder = mkdtempSync(join(tmpdir(), "joulecast-collect-"));
  const path = join(folder, "point.onnx");
  const worker = new Worker<ModelOrder, ModelAnswer>("run/model-process.js");
  let listener: (answer: ModelAnswer) => void = () => undefined;
  worker.onAnswer((answer) => listener(answer));
  let runtimeVersion = "";
  const ask = <K extends ModelAnswer["kind"]>(order: ModelOrder, kind: K) => {
    const coming = worker.next(kind);
    void worker.send(order);
    return coming;
  };
  return {
    get runtimeVersion() {
      return runtimeVersion;
    },
    async run(graph, onSection) {
      await writeWhole(path, writeOnnx(graph, drawnWeights));
      const load = { path, ...(threads !== undefined && { threads }), ...(provider !== undefined && { provider }) };
      runtimeVersion = (await ask({ kind: "load", options: load }, "loaded")).version;
      const inputs = inputsOf(graph);
      const order = (options: { readonly durationS: number; readonly passes?: number }): ModelOrder => ({
        kind: "run",
        options: { inputs, seed: 0, warmup: 1, ...options },
      });
      // The first passes allocate and warm up; they also tell how many fill the time.
      const { passes: trial } = await ask(order({ durationS: targetS * TRIAL_SHARE }), "done");
      const passes = Math.max(leastPasses, Math.ceil(targetS / trial.medianS));
      const sections: TimedPasses[] = [];
      listener = (answer) => {
        if (answer.kind === "started") onSection("start", answer.startS);
        if (answer.kind === "done") onSection("end", answer.passes.endS);
      };
      try {
        while (
          sections.length < repeats ||
          (sections.length < repeats * PATIENCE && !isSteady(sections.map(repetitionOf)))
        )
          sections.push((await ask(order({ durationS: targetS, passes }), "done")).passes);
      } finally {
        listener = () => undefined;
      }
      return sections;
    },
    async stop() {
      worker.kill();
      await worker.ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
