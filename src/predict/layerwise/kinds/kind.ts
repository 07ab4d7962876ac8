// The shape of a layer kind: how the work of ONE kind of layer follows from its parameters. One file per kind; table.ts lists them.
// The counts here are what a processor does, beyond multiplications: what is read again, what is written to fresh memory.
import type { Parameters } from "../parameters.ts";

/** Elements of 4 bytes that a fresh buffer needs to come from the system page by page: glibc's largest mmap threshold, 32 MiB [glibc-malloc]. */
const FRESH_ELEMENTS = 2 ** 23;
/** Elements of 4 bytes in 1 GiB: beyond it a tensor outgrows what address translation caches even with large pages. */
export const HUGE_ELEMENTS = 2 ** 28;
/** Numbers of 4 bytes in a vector of 512 bits: channels are computed in blocks of this many. */
export const SIMD_WIDTH = 16;

/** `value` if it is beyond the limit of the allocator, else 0. */
export const fresh = (elements: number): number => (elements > FRESH_ELEMENTS ? elements : 0);
export const blocks = (channels: number): number => Math.ceil(channels / SIMD_WIDTH);

export interface LayerKind {
  readonly id: string;
  /** Layer types it is meant for. */
  readonly matches: RegExp;
  /** Parameters it cannot do without. */
  readonly needs: readonly string[];
  /** Of these, one at least. */
  readonly needsOne?: readonly string[];
  /** Parameters it uses where they are given. */
  readonly takes?: readonly string[];
  /** Counts by name for one pass of the batch; every name in `sets` is among them. undefined: the parameters describe no layer. */
  derive(parameters: Parameters): Readonly<Record<string, number>> | undefined;
  /** Feature sets by name, in order of size; made of derived counts. */
  readonly sets: Readonly<Record<string, readonly string[]>>;
  /** The count that says how large a layer is. */
  readonly size: string;
}

/** One axis of a sliding window. */
export interface Slide {
  readonly outputs: number;
  /** Kernel positions that meet the image, over all outputs: padding is skipped. */
  readonly taps: number;
  /** Input positions that are read at least once. */
  readonly touched: number;
}

/** undefined when no output fits. */
export function slide(size: number, kernel: number, stride: number, padding: number): Slide | undefined {
  const outputs = Math.floor((size + 2 * padding - kernel) / stride) + 1;
  if (!(outputs >= 1) || !Number.isFinite(outputs)) return undefined;
  let taps = 0;
  let touched = 0;
  let seen = 0;
  for (let i = 0; i < outputs; i++) {
    const start = Math.max(0, i * stride - padding);
    const end = Math.min(size, i * stride - padding + kernel);
    taps += Math.max(0, end - start);
    touched += Math.max(0, end - Math.max(start, seen));
    seen = Math.max(seen, end);
  }
  return { outputs, taps, touched };
}
