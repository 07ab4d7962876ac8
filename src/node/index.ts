// The public API for Node: what the pure half cannot do without a machine.

export { readCatalogue, readWholeCatalogue, resolveDevice } from "./catalogue.ts";
export { openData } from "./data/open-data.ts";
export { chartSvg } from "./draw.ts";
export { openFile, writeWhole } from "./files.ts";
export {
  closeWindow,
  endMeasuring,
  type MeasureFunctionOptions,
  type MeterOptions,
  measure,
  openWindow,
} from "./measure.ts";
export { drawnWeights, fileWeights, readModel } from "./model.ts";
export { type OpenNetwork, openNetwork } from "./open-network.ts";
export { onnxRuntime } from "./runtime/onnx-runtime.ts";
