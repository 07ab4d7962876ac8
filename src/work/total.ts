// Sums of work: the one place where work is added and FLOPs follow from operations.
import { FLOPS_PER_MAC } from "../units/quantity.ts";
import type { BlockWork, LayerWork, Operations, Work } from "./work.ts";

/** 2 × MACs + multiplications + additions + function evaluations. */
export function flopsOf({ macs, muls, adds, others }: Operations): number {
  return FLOPS_PER_MAC * macs + muls + adds + others;
}

/** Sum of all fields. */
export function sumWork(parts: Iterable<Work>): Work {
  const sum = {
    macs: 0,
    muls: 0,
    adds: 0,
    others: 0,
    flops: 0,
    params: 0,
    buffers: 0,
    weightBytes: 0,
    readBytes: 0,
    writtenBytes: 0,
    outputElements: 0,
  };
  for (const part of parts) {
    sum.macs += part.macs;
    sum.muls += part.muls;
    sum.adds += part.adds;
    sum.others += part.others;
    sum.flops += part.flops;
    sum.params += part.params;
    sum.buffers += part.buffers;
    sum.weightBytes += part.weightBytes;
    sum.readBytes += part.readBytes;
    sum.writtenBytes += part.writtenBytes;
    sum.outputElements += part.outputElements;
  }
  return sum;
}

/** Layers gathered by block, in order of first appearance. */
export function sumBlocks(layers: readonly LayerWork[]): BlockWork[] {
  const members = new Map<string, LayerWork[]>();
  for (const layer of layers) {
    const block = members.get(layer.block);
    if (block === undefined) members.set(layer.block, [layer]);
    else block.push(layer);
  }
  return [...members].map(([name, inside]) => ({ ...sumWork(inside), name, layers: inside.length }));
}

/** Multiply-accumulates per trained weight: how often a weight is used in one pass. Undefined without weights. */
export function macsPerParam(work: Pick<Work, "macs" | "params">): number | undefined {
  return work.params === 0 ? undefined : work.macs / work.params;
}
