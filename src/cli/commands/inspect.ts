// `joulecast inspect MODEL`: what a network does, in counts alone. No joules: those need a device (estimate).
import { inspectDocument } from "../../report/inspect-report.ts";
import type { Command } from "../command.ts";
import { countModel, countOptions, MODEL_ARGUMENT, MODEL_OPTIONS } from "./model-options.ts";
import { blockResults, incompleteRemarks, layerResults, modelResult } from "./model-result.ts";

export const inspect: Command = {
  name: "inspect",
  summary: "count a network's layers, MACs, FLOPs, parameters and bytes",
  arguments: [MODEL_ARGUMENT],
  options: MODEL_OPTIONS,
  examples: ["joulecast inspect zoo:resnet50", "joulecast inspect model.onnx --batch 8 --dim seq=128 --json"],
  run: async ([model = ""], options) => {
    const work = await countModel(model, countOptions(options));
    return {
      result: { model: modelResult(work), layers: layerResults(work), blocks: blockResults(work) },
      get document() {
        return inspectDocument({ work });
      },
      remarks: incompleteRemarks(work),
    };
  },
};
