// 8-bit weights; ranges of activations are taken anew in each pass, which costs time but no samples.
import { int8Obstacle, int8Text, precisionAction } from "./precision.ts";

export const int8Dynamic = precisionAction({
  id: "int8-dynamic",
  dtype: "int8",
  isOnlyWeights: true,
  risk: "some",
  samples: 0,
  spec: ({ processor }) => ({ to: "int8-dynamic", perChannel: true, reduceRange: processor.saturates }),
  obstacle: int8Obstacle,
  machine: (context) =>
    `${int8Text(context)}; each pass looks for the ranges of activations anew, and ONNX Runtime has no fast convolution so`,
});
