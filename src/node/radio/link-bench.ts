// A link with its open receivers, ready to simulate chunks: what runs in this thread and in every other one.
import { type LinkSetup, openLink, runChunk } from "../../link/ber/chunk.ts";
import type { ChunkOrder } from "../../link/ber/sweep.ts";
import type { Tally } from "../../link/ber/tally.ts";
import { openReceivers } from "./network-receiver.ts";

export interface LinkBench {
  /** One tally per receiver asked for. Orders that come together are done in turn. */
  run(order: ChunkOrder): Promise<readonly Tally[]>;
  close(): Promise<void>;
}

/** @throws InputError for a link that cannot be, or a receiver that does not fit it */
export async function openBench(setup: LinkSetup, names: readonly string[]): Promise<LinkBench> {
  const link = openLink(setup);
  const receivers = await openReceivers(names, link);
  let last: Promise<unknown> = Promise.resolve();
  return {
    // one chunk after the other: a session has one set of buffers
    run: ({ receivers: wanted, ...chunk }) => {
      const those = wanted.map((r) => receivers[r]!);
      const run = last.then(() => runChunk(link, those, chunk));
      last = run.catch(() => undefined);
      return run;
    },
    close: async () => {
      await last;
      await Promise.all(receivers.map((receiver) => receiver.close()));
    },
  };
}
