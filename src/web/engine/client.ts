// The page's side of the worker: one call, one promise. The worker starts with the first call and lives as long as the page.
import { InputError } from "../../units/input-error.ts";
import type { Call, Replies, Reply, Request } from "./messages.ts";

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

let worker: Worker | undefined;
let lastId = 0;
const waiting = new Map<number, Waiting>();

function started(): Worker {
  if (worker !== undefined) return worker;
  worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "joulecast" });
  worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
    const call = waiting.get(data.id);
    waiting.delete(data.id);
    if ("value" in data) call?.resolve(data.value as never);
    else call?.reject(new InputError(data.problem.code, data.problem.message, data.problem.hint));
  });
  worker.addEventListener("error", (event) => {
    const broken = new InputError("no-worker", `the worker did not start: ${event.message}`, "reload the page");
    for (const { reject } of waiting.values()) reject(broken);
    waiting.clear();
  });
  return worker;
}

/** Asks the worker. @throws InputError as the command line would */
export function ask<K extends Request["kind"]>(request: Extract<Request, { readonly kind: K }>): Promise<Replies[K]> {
  const call: Call = { id: ++lastId, request };
  return new Promise((resolve, reject) => {
    waiting.set(call.id, { resolve: resolve as Waiting["resolve"], reject });
    started().postMessage(call);
  });
}
