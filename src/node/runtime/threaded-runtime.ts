// ONNX Runtime in a thread of its own, one per session: for servers and pages, whose event loop must go on while a network runs.
// Feeds and outputs are copied between the threads; training, where nothing else has to run, takes onnx-runtime.ts itself.
import { Worker } from "node:worker_threads";
import type { Runtime, Session, Tensors } from "../../runtime/runtime.ts";
import { builtEntry, errorFrom } from "../child.ts";
import { type OnnxRuntimeOptions, onnxBytes } from "./onnx-runtime.ts";
import type { ThreadAnswer, ThreadOrder } from "./thread-protocol.ts";

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A thread that answers orders in turn. */
function startThread() {
  const worker = new Worker(builtEntry("runtime/thread.js"));
  const waiting: Waiting[] = [];
  let end: Error | undefined;
  const fail = (error: Error) => {
    end ??= error;
    for (const { reject } of waiting.splice(0)) reject(end);
  };
  worker.on("message", (answer: ThreadAnswer) => {
    const next = waiting.shift();
    if (waiting.length === 0) worker.unref();
    if (answer.kind === "done") next?.resolve(answer.value);
    else next?.reject(errorFrom(answer));
  });
  worker.on("error", fail);
  worker.on("exit", (code) => fail(new Error(`the thread that runs the network ended with code ${code}`)));
  return {
    ask: (order: ThreadOrder): Promise<unknown> =>
      new Promise((resolve, reject) => {
        if (end !== undefined) return reject(end);
        worker.ref();
        waiting.push({ resolve, reject });
        worker.postMessage(order);
      }),
    end: async (): Promise<void> => {
      await worker.terminate();
    },
  };
}

/** The runtime; a thread starts with every session and ends when it is closed. */
export function threadedRuntime(runtime: OnnxRuntimeOptions = {}): Runtime {
  return {
    name: "onnxruntime",
    open: async (graph, { weights, ...session } = {}) => {
      const bytes = await onnxBytes(graph, weights);
      const tensors = new Map([...graph.tensors].filter(([name]) => graph.outputs.includes(name)));
      const thread = startThread();
      const ask = <T>(order: ThreadOrder) => thread.ask(order) as Promise<T>;
      try {
        await ask({
          kind: "open",
          bytes,
          graph: { name: graph.name, outputs: graph.outputs, tensors },
          session,
          runtime,
        });
      } catch (error) {
        await thread.end();
        throw error;
      }
      const opened: Session = {
        run: (feeds) => ask<Tensors>({ kind: "run", feeds }),
        carried: () => ask<Tensors>({ kind: "carried" }),
        carriedBefore: () => ask<Tensors>({ kind: "carriedBefore" }),
        setCarried: (values) => ask<void>({ kind: "setCarried", values }),
        close: async () => {
          await ask({ kind: "close" });
          await thread.end();
        },
      };
      return opened;
    },
  };
}
