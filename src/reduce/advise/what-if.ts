// Work as it would be after a change, without making the change: for devices that are not here. Counts only; what they cost the metrics say.
import type { DataType } from "../../graph/dtype.ts";
import { sumWork } from "../../work/total.ts";
import type { LayerWork, WorkReport } from "../../work/work.ts";

/** The report with other layers, its totals made anew. */
export function withLayers(work: WorkReport, layers: readonly LayerWork[]): WorkReport {
  return { ...work, layers, total: sumWork(layers) };
}

const BYTES: Readonly<Partial<Record<DataType, number>>> = { float32: 4, float16: 2, int8: 1, float64: 8 };

const hasWeights = ({ macs, params }: LayerWork): boolean => macs > 0 && params > 0;

/** Products with weights in another type: as many operations, fewer bytes. Layers that are not in float32 stay. */
export function inType(work: WorkReport, dtype: "int8" | "float16", isOnlyWeights = false): WorkReport {
  const ratio = BYTES[dtype]! / BYTES.float32!;
  const change = (layer: LayerWork): LayerWork => {
    if (!hasWeights(layer) || layer.dtype !== "float32") return layer;
    const weightBytes = layer.weightBytes * ratio;
    const activations = isOnlyWeights ? 1 : ratio;
    return {
      ...layer,
      dtype,
      weightBytes,
      readBytes: (layer.readBytes - layer.weightBytes) * activations + weightBytes,
      writtenBytes: layer.writtenBytes * activations,
    };
  };
  return withLayers(work, work.layers.map(change));
}

/**
 * The network with fewer channels everywhere but at its ends: `widthRatio` of them in each layer.
 * MACs and weights between two narrowed layers fall with the square, all else with the ratio.
 */
export function narrower(work: WorkReport, widthRatio: number): WorkReport {
  const products = work.layers.filter(hasWeights);
  const [first, last] = [products[0], products.at(-1)];
  const change = (layer: LayerWork): LayerWork => {
    const isEnd = layer === first || layer === last;
    const square = hasWeights(layer) && !isEnd ? widthRatio ** 2 : widthRatio;
    const weightBytes = layer.weightBytes * square;
    const activationBytes = Math.max(0, layer.readBytes - layer.weightBytes);
    return {
      ...layer,
      macs: layer.macs * square,
      muls: layer.muls * widthRatio,
      adds: layer.adds * widthRatio,
      others: layer.others * widthRatio,
      flops: 2 * layer.macs * square + (layer.muls + layer.adds + layer.others) * widthRatio,
      params: layer.params * square,
      buffers: layer.buffers * widthRatio,
      weightBytes,
      readBytes: activationBytes * widthRatio + weightBytes,
      writtenBytes: layer.writtenBytes * widthRatio,
      inputElements: layer.inputElements * widthRatio,
      outputElements: layer.outputElements * widthRatio,
    };
  };
  return withLayers(work, work.layers.map(change));
}
