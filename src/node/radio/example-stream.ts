// Slots to learn from as the batches of a training: drawn by a thread while the step before is being run, so that training never waits for the
// radio. The same epoch gives the same slots, whoever asks and when.
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Batches } from "../../learn/data/batches.ts";
import type { FedTensor } from "../../learn/training-graph.ts";
import { type ExampleSetup, type ExampleSizes, openExamples } from "../../link/examples.ts";
import type { Tensors } from "../../runtime/runtime.ts";
import { lengthOf } from "../../runtime/tensor.ts";
import { InputError } from "../../units/input-error.ts";
import { builtEntry } from "../child.ts";
import type { ExampleOrder } from "./example-thread.ts";

/** Batches that are drawn before they are wanted. */
const AHEAD = 3;

export interface ExampleStream extends Batches {
  close(): Promise<void>;
}

export interface StreamOptions {
  /** Slots in a batch. */
  readonly batch: number;
  readonly batchesPerEpoch: number;
  /** Batches in all: the last epoch is shorter where they are no whole number of epochs. Default: no end. */
  readonly batches?: number;
  /** Inputs of the training graph: one for the planes, and those of its loss. */
  readonly inputs: readonly FedTensor[];
}

const shapeText = (shape: readonly unknown[]): string => shape.join("×");

/** The shape of each input's tensor by role. @throws InputError "bad-planes" where the network takes something else */
function checkInputs({ inputs, batch }: StreamOptions, sizes: ExampleSizes): void {
  const wanted = { data: sizes.planes, label: sizes.bits, mask: sizes.bits } as const;
  for (const { role, type } of inputs) {
    // What a teacher says is made inside the step: slots have no end.
    if (role === "teacher") throw new Error("a teacher's answers cannot be streamed");
    const shape = [batch, ...wanted[role]];
    if (shapeText(shape) === shapeText(type.shape ?? [])) continue;
    throw new InputError(
      "bad-planes",
      `the network's ${role} is ${shapeText(type.shape ?? [])}, the slots are ${shapeText(shape)}`,
      "give the network the antennas, bits, symbols and subcarriers of the grid",
    );
  }
}

/** Opens the stream and its thread. Close it when done. @throws InputError for what cannot be, before the thread starts */
export function exampleStream(setup: ExampleSetup, options: StreamOptions): ExampleStream {
  const { batch, batchesPerEpoch, batches = Number.POSITIVE_INFINITY, inputs } = options;
  const { sizes } = openExamples(setup);
  checkInputs(options, sizes);
  const worker = new Worker(builtEntry("radio/example-thread.js"), { workerData: { setup, batch } });
  const free: ExampleOrder[] = Array.from({ length: AHEAD }, () => ({
    from: 0,
    planes: new Float32Array(batch * lengthOf(sizes.planes)),
    bits: new Float32Array(batch * lengthOf(sizes.bits)),
    mask: new Float32Array(batch * lengthOf(sizes.bits)),
  }));
  const waiting: { resolve: (order: ExampleOrder) => void; reject: (error: Error) => void }[] = [];
  let end: Error | undefined;
  const fail = (error: Error) => {
    end ??= error;
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  worker.on("message", (order: ExampleOrder) => {
    waiting.shift()?.resolve(order);
    if (waiting.length === 0) worker.unref();
  });
  worker.on("error", fail);
  worker.on("exit", (code) => fail(new Error(`the thread that draws slots ended with code ${code}`)));
  worker.unref();

  const draw = (order: ExampleOrder, from: number): Promise<ExampleOrder> => {
    const drawn = new Promise<ExampleOrder>((resolve, reject) => {
      if (end !== undefined) return reject(end);
      worker.ref();
      waiting.push({ resolve, reject });
      const { planes, bits, mask } = order;
      worker.postMessage({ ...order, from }, [planes.buffer, bits.buffer, mask.buffer] as ArrayBuffer[]);
    });
    drawn.catch(() => undefined); // told by whoever awaits it; a batch that nobody wants any more may fail
    return drawn;
  };
  // A loss of several terms asks for labels and mask more than once: each gets the same arrays.
  const feeds = (order: ExampleOrder): Tensors => {
    const arrays: Readonly<Partial<Record<FedTensor["role"], Float32Array>>> = {
      data: order.planes,
      label: order.bits,
      mask: order.mask,
    };
    const entries = inputs.map(({ name, role, type }) => {
      return [name, { dtype: "float32", shape: type.shape as readonly number[], data: arrays[role]! }] as const;
    });
    return Object.fromEntries(entries);
  };

  return {
    batch,
    batchesPerEpoch,
    async *epoch(epoch, from = 0) {
      const first = (epoch - 1) * batchesPerEpoch;
      const flying: Promise<ExampleOrder>[] = [];
      const count = Math.min(batchesPerEpoch, batches - first);
      let next = from;
      const launch = () => {
        while (next < count && free.length > 0) flying.push(draw(free.pop()!, (first + next++) * batch));
      };
      try {
        for (launch(); flying.length > 0; launch()) {
          const order = await flying.shift()!;
          // A step holds this thread: what was asked for meanwhile, such as to stop, is heard before the next one.
          await setImmediate();
          try {
            yield feeds(order);
          } finally {
            free.push(order);
          }
        }
      } finally {
        for (const order of await Promise.all(flying)) free.push(order);
      }
    },
    close: async () => {
      await worker.terminate();
    },
  };
}
