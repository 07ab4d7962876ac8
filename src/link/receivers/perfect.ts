// The receiver that is told the channel: LMMSE combining with the true response. The bound of all that have to estimate it.
import type { DemapRule } from "../demap.ts";
import { combine } from "./combine.ts";
import type { Receiver } from "./receiver.ts";

export function perfect(rule: DemapRule): Receiver {
  return {
    name: "perfect",
    batch: 1,
    receive: (slots, llrs) => {
      for (const [i, slot] of slots.entries()) combine(slot, slot.response, llrs[i]!, rule);
    },
  };
}
