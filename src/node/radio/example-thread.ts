// The thread that draws slots to learn from, batch by batch into arrays that travel to and fro. Started by example-stream.ts.
import { parentPort, workerData } from "node:worker_threads";
import { type ExampleArrays, type ExampleSetup, openExamples } from "../../link/examples.ts";

export interface ExampleOrder extends ExampleArrays {
  /** Number of the first example; as many are drawn as the arrays hold. */
  readonly from: number;
}

const { setup, batch } = workerData as { readonly setup: ExampleSetup; readonly batch: number };
const examples = openExamples(setup);

parentPort!.on("message", (order: ExampleOrder) => {
  const { from, planes, bits, mask } = order;
  for (let i = 0; i < batch; i++) examples.write(from + i, i, { planes, bits, mask });
  parentPort!.postMessage(order, [planes.buffer, bits.buffer, mask.buffer] as ArrayBuffer[]);
});
