// What a thread of the link simulator is told, and what it answers: one answer per order, in order.
import type { LinkSetup } from "../../link/ber/chunk.ts";
import type { ChunkOrder } from "../../link/ber/sweep.ts";
import type { Tally } from "../../link/ber/tally.ts";
import type { FailedAnswer } from "../child.ts";

export type LinkOrder =
  | { readonly kind: "open"; readonly setup: LinkSetup; readonly receivers: readonly string[] }
  | { readonly kind: "run"; readonly order: ChunkOrder };

export type LinkAnswer = { readonly kind: "done"; readonly tallies: readonly Tally[] } | FailedAnswer;
