// Fewer threads within an operator: small layers wait for each other longer than they work. Only a trial can tell.
import { threadCounts } from "../../levers/threads.ts";
import type { Action } from "../action.ts";
import { bestTried } from "../evidence.ts";
import { savingOf } from "../verdict.ts";

const ID = "threads";

export const threads: Action = {
  id: ID,
  candidates: async ({ network, cores, isHere }) =>
    isHere
      ? threadCounts(cores)
          .filter((count) => count < cores)
          .map((count) => ({ name: `threads ${count}`, network, threads: count, isJudged: false }))
      : [],
  consider: (context) => {
    const { isHere, cores, before } = context;
    const tried = bestTried(context, ID);
    if (tried === undefined && !(isHere && cores === 1)) return undefined;
    return {
      change: tried?.candidate.name ?? "threads 1",
      saving: tried && savingOf(before.value, tried),
      costJ: 0,
      costBasis: tried?.basis ?? "estimated",
      risk: "none",
      ...(tried?.basis === "estimated" && { atMost: "perhaps" as const }),
      obstacle: cores === 1 ? "this machine has one core, and one thread is used already" : undefined,
      why: `the runtime uses ${cores} otherwise, which wait for each other${tried?.basis === "estimated" ? "; power by threads in use, by model" : ""}`,
    };
  },
  silence: ({ isHere, refused }) =>
    refused.get(ID) ?? (isHere ? "not tried" : "only a trial on the device itself can tell"),
};
