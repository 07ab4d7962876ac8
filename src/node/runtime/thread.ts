// The thread behind threaded-runtime.ts: one session, its orders answered one after the other.
import { parentPort } from "node:worker_threads";
import type { Session } from "../../runtime/runtime.ts";
import { failedAnswer } from "../child.ts";
import { openBytes } from "./onnx-runtime.ts";
import type { ThreadOrder } from "./thread-protocol.ts";

let session: Session | undefined;

function opened(): Session {
  if (session === undefined) throw new Error("an order before the session was opened");
  return session;
}

/** Each order's work; what it gives goes back as it is, copied between the threads. */
const ORDERS: {
  readonly [K in ThreadOrder["kind"]]: (order: Extract<ThreadOrder, { kind: K }>) => Promise<unknown>;
} = {
  open: async ({ bytes, graph, session: how, runtime }) => {
    session = await openBytes(bytes, graph, how, runtime);
  },
  run: ({ feeds }) => opened().run(feeds),
  carried: () => opened().carried(),
  carriedBefore: () => opened().carriedBefore(),
  setCarried: ({ values }) => opened().setCarried(values),
  close: () => opened().close(),
};

parentPort?.on("message", (order: ThreadOrder) => {
  (ORDERS[order.kind] as (order: ThreadOrder) => Promise<unknown>)(order).then(
    (value) => parentPort?.postMessage({ kind: "done", value }),
    (error) => parentPort?.postMessage(failedAnswer(error)),
  );
});
