// A network measured in a session: random inputs, warm-up, then passes in ONNX Runtime for a while, batch by batch.
// The passes run in a process of their own (model-process.ts); the windows are its own times on the shared clock.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { batchOf, bindDimensions } from "../../graph/bind.ts";
import { sizeBytesOf } from "../../graph/dtype.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Window } from "../../measure/trace.ts";
import { writeOnnx } from "../../onnx/write.ts";
import { formatQuantity } from "../../units/format.ts";
import { InputError } from "../../units/input-error.ts";
import { ZOO_PREFIX } from "../../zoo/network.ts";
import { Worker } from "../child.ts";
import { writeWhole } from "../files.ts";
import { drawnWeights, fileWeights, readModel } from "../model.ts";
import { withInterrupts } from "./interrupts.ts";
import type { InputSpec, ModelAnswer, ModelOrder, TimedPasses } from "./model-protocol.ts";
import type { Session } from "./session.ts";

export interface ModelPlan {
  /** An .onnx file, or "zoo:NAME". */
  readonly model: string;
  /** Samples in one pass, one measurement each. Default: what the file says, 1 where it is open. */
  readonly batches?: readonly number[];
  /** Lengths of symbolic dimensions. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Idle time before the passes, s. Default 10; 0 for none. */
  readonly idleS?: number;
  /** Idle time after them, s. Default 0. */
  readonly idleAfterS?: number;
  /** Passes before each timed section. Default 3. */
  readonly warmup?: number;
  /** Length of a timed section, s. Default 5. */
  readonly durationS?: number;
  /** Passes in a timed section, instead of a duration. */
  readonly passes?: number;
  /** Timed sections of each batch; they take turns. Default 1. */
  readonly repeat?: number;
  /** Threads within an operator. Default: ONNX Runtime's. */
  readonly threads?: number;
  /** Execution provider. Default "cpu". */
  readonly provider?: string;
  /** Seed of the inputs. Default 0. */
  readonly seed?: number;
  /** Give what there is when a batch fails or Ctrl-C cuts a section short, instead of throwing or leaving it out. Default false. */
  readonly keepPartial?: boolean;
  readonly onProgress?: (text: string) => void;
}

/** One timed section. */
export interface ModelRun {
  /** Samples in one pass. */
  readonly batch: number;
  readonly round: number;
  /** The timed section in recording time: warm-up is outside. */
  readonly window: Window;
  readonly timing: TimedPasses;
  readonly assumptions: readonly string[];
  /** Ctrl-C ended the section before its time. Only with keepPartial. */
  readonly isCut: boolean;
}

export interface ModelResult {
  readonly idle: readonly Window[];
  readonly runs: readonly ModelRun[];
  /** Version of ONNX Runtime. */
  readonly runtimeVersion: string;
  readonly interrupted?: NodeJS.Signals;
  /** Why a batch could not be run; nothing after it was. Only with keepPartial, and when a section had ended before. */
  readonly problem?: InputError;
}

/** A network with its dimensions bound, and how to feed it. */
interface Prepared {
  readonly batch: number;
  readonly inputs: readonly InputSpec[];
  readonly assumptions: readonly string[];
  /** The .onnx file that takes these shapes. */
  readonly path: string;
}

/** After Ctrl-C the pass that is going on may end: so long is waited for it, or to a second Ctrl-C, s. */
const LAST_PASS_S = 30;
const DEFAULTS = { idleS: 10, idleAfterS: 0, warmup: 3, durationS: 5, repeat: 1, seed: 0 } as const;

type FullPlan = ModelPlan & { readonly [K in keyof typeof DEFAULTS]: number };

function checkPlan({ passes, warmup, durationS, repeat, threads, batches }: FullPlan): void {
  const whole: readonly (readonly [string, number | undefined, number])[] = [
    ["--passes", passes, 1],
    ["--warmup", warmup, 0],
    ["--repeat", repeat, 1],
    ["--threads", threads, 1],
  ];
  for (const [name, value, least] of whole) {
    if (value === undefined || (Number.isInteger(value) && value >= least)) continue;
    throw new InputError("bad-count", `${name} is ${value}, expected a whole number from ${least}`, `give ${name} 3`);
  }
  if (!(Number.isFinite(durationS) && durationS > 0))
    throw new InputError("bad-duration", `the duration is ${durationS} s, expected above 0`, "give --duration 5s");
  if (batches?.length === 0) throw new InputError("bad-count", "--batch is empty", "give --batch 1,8,64");
}

/**
 * Runs a network's batches in an open session. Ctrl-C ends it early and gives the sections that are whole.
 * @throws InputError when the model, its dimensions, the plan or ONNX Runtime refuse
 */
export async function runModel(session: Session, plan: ModelPlan): Promise<ModelResult> {
  const full: FullPlan = { ...DEFAULTS, ...plan };
  checkPlan(full);
  const folder = mkdtempSync(join(tmpdir(), "joulecast-model-"));
  try {
    const prepared = await prepareAll(full, folder);
    return await withInterrupts((signal) => measureAll(session, full, prepared, signal));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function prepareAll(plan: ModelPlan, folder: string): Promise<Prepared[]> {
  const graph = await readModel(plan.model);
  const prepared: Prepared[] = [];
  let zooPath: string | undefined;
  for (const batch of plan.batches ?? [undefined]) {
    const bound = bindDimensions(graph, { batch, dims: plan.dims });
    const inputs = inputsOf(bound.graph);
    checkMemory(inputs, batch ?? batchOf(bound.graph));
    const fits = takesShapes(graph, bound.graph);
    let path = plan.model.startsWith(ZOO_PREFIX) ? zooPath : resolve(plan.model);
    if (path === undefined || !fits) {
      plan.onProgress?.(`writing ${graph.name} for ONNX Runtime`);
      path = join(folder, `${prepared.length}.onnx`);
      await writeModel(plan.model, fits ? graph : bound.graph, path);
      if (fits) zooPath = path;
    }
    prepared.push({
      batch: batch ?? batchOf(bound.graph),
      inputs,
      assumptions: bound.assumptions,
      path,
    });
  }
  return prepared;
}

/** @throws InputError "too-large" when the inputs alone do not fit into memory */
function checkMemory(inputs: readonly InputSpec[], batch: number): void {
  const sizeOf = ({ dtype, shape }: InputSpec) =>
    sizeBytesOf(
      dtype,
      shape.reduce((count, length) => count * length, 1),
    );
  const bytes = inputs.reduce((total, input) => total + sizeOf(input), 0);
  const limit = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  if (bytes <= limit) return;
  throw new InputError(
    "too-large",
    `batch ${batch} needs ${formatQuantity(bytes, "B")} for its inputs alone, memory has ${formatQuantity(limit, "B")}`,
    "give a smaller --batch",
  );
}

/** Whether the file as it is takes the bound shapes: only open dimensions were given numbers. */
function takesShapes(file: Graph, bound: Graph): boolean {
  return file.inputs.every((name) => {
    const lengths = bound.tensors.get(name)?.shape;
    return (file.tensors.get(name)?.shape ?? []).every((dim, i) => typeof dim === "string" || dim === lengths?.[i]);
  });
}

/** How to feed a network whose dimensions are bound. @throws InputError for an input of unknown shape */
export function inputsOf(graph: Graph): InputSpec[] {
  return graph.inputs.map((name) => {
    const type = graph.tensors.get(name);
    if (type?.shape === undefined)
      throw new InputError(
        "unsupported-input",
        `the file does not say the shape of input ${name}`,
        "export the network with typed inputs, or measure the program that runs it: measure -- COMMAND",
      );
    return { name, dtype: type.dtype, shape: type.shape as readonly number[] }; // bound: only numbers are left
  });
}

async function writeModel(model: string, graph: Graph, path: string): Promise<void> {
  if (model.startsWith(ZOO_PREFIX)) return writeWhole(path, writeOnnx(graph, drawnWeights));
  const file = fileWeights(model);
  try {
    await writeWhole(path, writeOnnx(graph, file.weights));
  } finally {
    file.close();
  }
}

/** The runner's process is gone: what ONNX Runtime does then is not ours to mend, memory most of the time. */
function explained(error: unknown, section: string): unknown {
  if (!(error instanceof Error) || !/process ended with/.test(error.message)) return error;
  return new InputError(
    "onnxruntime",
    `ONNX Runtime did not outlive ${section || "loading the network"}: ${error.message}`,
    "memory may have run out: give a smaller --batch",
  );
}

async function measureAll(
  session: Session,
  plan: FullPlan,
  prepared: readonly Prepared[],
  signal: AbortSignal,
): Promise<ModelResult> {
  const { threads, provider, warmup, durationS, passes, seed, onProgress = () => undefined } = plan;
  const worker = new Worker<ModelOrder, ModelAnswer>("run/model-process.js");
  let inSection = false;
  let killing: NodeJS.Timeout | undefined;
  const kill = () => worker.kill();
  const stop = () => {
    if (!inSection || !plan.keepPartial) return kill();
    void worker.send({ kind: "finish" });
    killing = setTimeout(kill, LAST_PASS_S * 1000);
    process.once("SIGINT", kill);
  };
  signal.addEventListener("abort", stop);
  worker.onAnswer((answer) => {
    inSection = answer.kind === "started";
    if (answer.kind === "started") session.openWindow(current, session.timeOf(answer.startS));
    if (answer.kind === "done") session.closeWindow(current, session.timeOf(answer.passes.endS));
  });
  const ask = <K extends ModelAnswer["kind"]>(order: ModelOrder, kind: K) => {
    const coming = worker.next(kind);
    void worker.send(order);
    return coming;
  };
  let current = "";
  let loadedPath: string | undefined;
  let runtimeVersion = "";
  let problem: InputError | undefined;
  const idle: Window[] = [];
  const runs: ModelRun[] = [];
  const load = async (path: string) => {
    if (path === loadedPath) return;
    const options = { path, ...(threads !== undefined && { threads }), ...(provider !== undefined && { provider }) };
    runtimeVersion = (await ask({ kind: "load", options }, "loaded")).version;
    loadedPath = path;
  };
  const rest = async (seconds: number, name: string) => {
    if (seconds === 0 || signal.aborted) return;
    onProgress(`idle for ${seconds} s`);
    idle.push(await session.idle(seconds, { name, signal }));
  };
  try {
    // A model that cannot be loaded should say so before ten seconds of idle power are recorded for it.
    await load(prepared[0]!.path);
    await rest(plan.idleS, "idle");
    for (let round = 1; round <= plan.repeat; round++) {
      for (const { batch, inputs, assumptions, path } of prepared) {
        if (signal.aborted) break;
        current = `batch ${batch}/${round}`;
        onProgress(`batch ${batch}, run ${round} of ${plan.repeat}`);
        await load(path);
        const options = { inputs, seed, warmup, durationS, ...(passes !== undefined && { passes }) };
        const { passes: timing } = await ask({ kind: "run", options }, "done");
        const window = { name: current, fromS: session.timeOf(timing.startS), toS: session.timeOf(timing.endS) };
        runs.push({ batch, round, window, timing, assumptions, isCut: signal.aborted });
      }
    }
    await rest(plan.idleAfterS, "idle-after");
  } catch (error) {
    // Aborted: it is our own kill that ended the worker.
    if (!signal.aborted) {
      const why = explained(error, current);
      if (!plan.keepPartial || runs.length === 0 || !(why instanceof InputError)) throw why;
      problem = why;
    }
  } finally {
    clearTimeout(killing);
    process.off("SIGINT", kill);
    signal.removeEventListener("abort", stop);
    await worker.send({ kind: "stop" });
    worker.kill();
    await worker.ended;
  }
  return {
    idle,
    runs,
    runtimeVersion,
    ...(signal.aborted && { interrupted: signal.reason as NodeJS.Signals }),
    ...(problem && { problem }),
  };
}
