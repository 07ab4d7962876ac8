// The link simulator in several threads: each has the whole link, chunks go to whichever is free. With one thread it is this one, which pauses
// between chunks so that signals and progress are seen.
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { LinkSetup } from "../../link/ber/chunk.ts";
import type { ChunkOrder } from "../../link/ber/sweep.ts";
import type { Tally } from "../../link/ber/tally.ts";
import { builtEntry, errorFrom } from "../child.ts";
import { type LinkBench, openBench } from "./link-bench.ts";
import type { LinkAnswer, LinkOrder } from "./link-thread-protocol.ts";

interface Waiting {
  readonly resolve: (tallies: readonly Tally[]) => void;
  readonly reject: (error: Error) => void;
}

/** A thread that answers orders in turn. */
function startThread() {
  const worker = new Worker(builtEntry("radio/link-thread.js"));
  const waiting: Waiting[] = [];
  let end: Error | undefined;
  const fail = (error: Error) => {
    end ??= error;
    for (const { reject } of waiting.splice(0)) reject(end);
  };
  worker.on("message", (answer: LinkAnswer) => {
    const next = waiting.shift();
    if (answer.kind === "done") next?.resolve(answer.tallies);
    else next?.reject(errorFrom(answer));
  });
  worker.on("error", fail);
  worker.on("exit", (code) => fail(new Error(`a thread of the simulator ended with code ${code}`)));
  return {
    ask: (order: LinkOrder): Promise<readonly Tally[]> =>
      new Promise((resolve, reject) => {
        if (end !== undefined) return reject(end);
        waiting.push({ resolve, reject });
        worker.postMessage(order);
      }),
    end: () => worker.terminate(),
  };
}

type Thread = ReturnType<typeof startThread>;

async function manyThreads(setup: LinkSetup, receivers: readonly string[], threads: number): Promise<LinkBench> {
  const all = Array.from({ length: threads }, startThread);
  const close = async () => {
    await Promise.all(all.map((thread) => thread.end()));
  };
  try {
    await Promise.all(all.map((thread) => thread.ask({ kind: "open", setup, receivers })));
  } catch (error) {
    await close();
    throw error;
  }
  const free = [...all];
  const waiting: ((thread: Thread) => void)[] = [];
  const take = () => free.pop() ?? new Promise<Thread>((resolve) => waiting.push(resolve));
  return {
    run: async (order: ChunkOrder) => {
      const thread = await take();
      try {
        return await thread.ask({ kind: "run", order });
      } finally {
        const next = waiting.shift();
        if (next === undefined) free.push(thread);
        else next(thread);
      }
    },
    close,
  };
}

async function thisThread(setup: LinkSetup, receivers: readonly string[]): Promise<LinkBench> {
  const bench = await openBench(setup, receivers);
  return {
    run: async (order) => {
      await setImmediate();
      return bench.run(order);
    },
    close: bench.close,
  };
}

/** @param threads 1 or more. @throws InputError as openBench */
export function linkPool(setup: LinkSetup, receivers: readonly string[], threads: number): Promise<LinkBench> {
  return threads === 1 ? thisThread(setup, receivers) : manyThreads(setup, receivers, threads);
}
