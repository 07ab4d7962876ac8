// Fully connected layers: a matrix product whose weights are read (and repacked) once per pass, which decides at small batches.
import type { LayerKind } from "./kind.ts";
import { fresh } from "./kind.ts";

export const dense: LayerKind = {
  id: "dense",
  matches: /^(linear|dense|gemm|matmul|fc|fully)/i,
  needs: ["batch_size", "input_size", "output_size"],
  derive: ({ batch_size: batch, input_size: inputs, output_size: outputs }) => ({
    macs: batch! * inputs! * outputs!,
    weights: inputs! * outputs!,
    inputElements: batch! * inputs!,
    outputElements: batch! * outputs!,
    outputFresh: fresh(batch! * outputs!),
  }),
  sets: {
    macs: ["macs"],
    bytes: ["inputElements", "outputElements", "weights"],
    work: ["macs", "weights"],
    physical: ["macs", "weights", "inputElements", "outputElements", "outputFresh"],
  },
  size: "macs",
};
