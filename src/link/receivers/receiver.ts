// What a receiver is: slots in, log-likelihood ratios out. A network behind a runtime is one as well (node/radio), so it may answer later and
// may want several slots at once.
import type { Slot } from "../slot.ts";

export interface Receiver {
  /** As the user writes it: "ls", "deeprx.onnx". */
  readonly name: string;
  /** Slots that it likes to get at once. */
  readonly batch: number;
  /**
   * Fills `llrs[i]` from `slots[i]`: [bit][symbol][subcarrier], positive means 1, of which only data elements and the slot's own bits are read.
   * @param llrs one array per slot, of bits·grid.size numbers
   */
  receive(slots: readonly Slot[], llrs: readonly Float32Array[]): void | Promise<void>;
}
