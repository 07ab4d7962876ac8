// The thread behind link-pool.ts: one link with its receivers, chunks simulated one after the other.
import { parentPort } from "node:worker_threads";
import { failedAnswer } from "../child.ts";
import { type LinkBench, openBench } from "./link-bench.ts";
import type { LinkAnswer, LinkOrder } from "./link-thread-protocol.ts";

let bench: LinkBench | undefined;

async function answer(order: LinkOrder): Promise<LinkAnswer> {
  if (order.kind === "run") {
    if (bench === undefined) throw new Error("an order before the link was opened");
    return { kind: "done", tallies: await bench.run(order.order) };
  }
  bench = await openBench(order.setup, order.receivers);
  return { kind: "done", tallies: [] };
}

parentPort?.on("message", (order: LinkOrder) => {
  answer(order).then(
    (value) => parentPort?.postMessage(value),
    (error) => parentPort?.postMessage(failedAnswer(error)),
  );
});
