// Half precision: for devices with a rate of its own. CPUs seldom have one.
import { precisionAction } from "./precision.ts";

const ON_CPU = "ONNX Runtime computes most half-precision operators on a CPU in float32 and casts to and fro";

export const float16 = precisionAction({
  id: "float16",
  dtype: "float16",
  isOnlyWeights: false,
  risk: "low",
  samples: 0,
  spec: () => ({ to: "float16" }),
  obstacle: () => ON_CPU,
  machine: () => ON_CPU,
});
