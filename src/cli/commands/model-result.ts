// The `model` and `layers` fields of the JSON contract: a WorkReport in the contract's words.
import { plural } from "../../report/work-sections.ts";
import type { WorkReport } from "../../work/work.ts";

export function modelResult(work: WorkReport): Readonly<Record<string, unknown>> {
  const { macs, flops, params, buffers, weightBytes, readBytes, writtenBytes } = work.total;
  return {
    name: work.name,
    phase: work.phase,
    batch: work.batch,
    layers: work.layers.length,
    macs,
    flops,
    params,
    buffers,
    weightBytes,
    readBytes,
    writtenBytes,
    peakActivationBytes: work.peakActivationBytes,
    macsPerParam: params > 0 ? macs / params : null,
    complete: work.unknown.length === 0,
    unknown: work.unknown,
    assumptions: work.assumptions,
  };
}

export function layerResults(work: WorkReport): readonly Readonly<Record<string, unknown>>[] {
  return work.layers.map((layer) => ({
    name: layer.name,
    op: layer.op,
    block: layer.block,
    dtype: layer.dtype,
    macs: layer.macs,
    flops: layer.flops,
    params: layer.params,
    buffers: layer.buffers,
    weightBytes: layer.weightBytes,
    readBytes: layer.readBytes,
    writtenBytes: layer.writtenBytes,
    inputShape: layer.inputShape ?? null,
    outputShape: layer.outputShape ?? null,
  }));
}

export function blockResults(work: WorkReport): readonly Readonly<Record<string, unknown>>[] {
  return work.blocks.map(({ name, layers, macs, flops, params, weightBytes, readBytes, writtenBytes }) => ({
    name,
    layers,
    macs,
    flops,
    params,
    weightBytes,
    readBytes,
    writtenBytes,
  }));
}

/** For stderr: that the totals are too small, whatever form they are printed in. */
export function incompleteRemarks(work: WorkReport): readonly string[] {
  const count = work.unknown.length;
  if (count === 0) return [];
  const ops = [...new Set(work.unknown.map(({ op }) => op))].slice(0, 5).join(", ");
  return [`${plural(count, "layer")} could not be counted (${ops}): every total is a lower bound`];
}
