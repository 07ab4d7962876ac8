// 8-bit integers with ranges of activations from samples.
import { InputError } from "../../../units/input-error.ts";
import { CALIBRATION_SAMPLES, int8Obstacle, int8Text, precisionAction } from "./precision.ts";

export const int8Static = precisionAction({
  id: "int8-static",
  dtype: "int8",
  isOnlyWeights: false,
  risk: "some",
  samples: CALIBRATION_SAMPLES,
  spec: ({ train, runtime, dims, processor, signal }) => {
    if (train === undefined)
      throw new InputError("no-data", "int8-static needs samples to calibrate by", "give --data FOLDER");
    const calibration = { runtime, set: train, samples: CALIBRATION_SAMPLES, seed: 0, dims, ...(signal && { signal }) };
    return { to: "int8-static", perChannel: true, reduceRange: processor.saturates, calibration };
  },
  obstacle: int8Obstacle,
  machine: int8Text,
});
