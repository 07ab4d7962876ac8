// What sending in fewer bits costs in accuracy: a data set goes through the device's half, is packed and unpacked sample by sample as on the
// air, and goes on through the server's half. Classification only: the answer is the largest output.
import type { Column, DataSet } from "../../learn/data/data-set.ts";
import type { Tensors } from "../../runtime/runtime.ts";
import { lengthOf, type Tensor } from "../../runtime/tensor.ts";
import { FEATURE_BITS, type FeatureBits, packFeatures, unpackFeatures } from "../../split/features.ts";
import { InputError } from "../../units/input-error.ts";
import type { HalvesCache } from "./halves.ts";

export interface BitsAccuracy {
  readonly bits: FeatureBits;
  /** Share of the samples whose largest output is the label's, in [0, 1]. */
  readonly accuracy: number;
  /** Share of the samples that get the answer of the unsplit network. */
  readonly agreement: number;
}

export interface AccuracyPlan {
  readonly halves: HalvesCache;
  /** A bit per layer. */
  readonly onDevice: Uint8Array;
  readonly set: DataSet;
  /** Samples of one pass: what the network is bound to. */
  readonly batch: number;
}

/** Every sample of a batch rounded on its own, as it is when it is sent alone. */
function throughAir(tensor: Tensor, bits: FeatureBits, batch: number): Tensor {
  if (tensor.dtype !== "float32" || bits === 32 || tensor.shape[0] !== batch) return tensor;
  const data = (tensor.data as Float32Array).slice();
  const size = data.length / batch;
  for (let i = 0; i < batch; i++) {
    const own = data.subarray(i * size, (i + 1) * size);
    own.set(unpackFeatures(packFeatures(own, bits), size, bits));
  }
  return { ...tensor, data };
}

function classesOf({ data, shape }: Tensor, batch: number): number[] {
  const size = data.length / batch;
  if (shape[0] !== batch || !Number.isInteger(size))
    throw new InputError("bad-output", "the first output has no row per sample", "accuracy is for classifiers");
  return Array.from({ length: batch }, (_, i) => {
    let best = 0;
    for (let j = 1; j < size; j++) if (data[i * size + j]! > data[i * size + best]!) best = j;
    return best;
  });
}

function batchOf({ values, scale, shape }: Column, from: number, input: Tensor["shape"]): Tensor {
  const size = lengthOf(shape);
  const count = lengthOf(input);
  if (count !== size * input[0]!)
    throw new InputError(
      "bad-data",
      `samples are ${shape.join("×")}, the network takes ${input.slice(1).join("×")}`,
      "give the data set that the network is for",
    );
  const data = Float32Array.from({ length: count }, (_, i) => values[from * size + i]! * scale);
  return { dtype: "float32", shape: input, data };
}

/** Accuracy at every number of bits, over whole batches of the set. @throws InputError for data that do not fit */
export async function bitsAccuracy({ halves, onDevice, set, batch }: AccuracyPlan): Promise<readonly BitsAccuracy[]> {
  const { graph } = halves.shaped;
  const [inputs, labels] = ["data", "label"].map((role) => set.columns.find((column) => column.role === role));
  const [input] = graph.inputs;
  if (inputs === undefined || labels === undefined || input === undefined || graph.inputs.length > 1)
    throw new InputError(
      "bad-data",
      `${set.name} has no pictures with labels for one input`,
      "give a classification data set",
    );
  const shape = graph.tensors.get(input)!.shape as readonly number[];
  const { device, server } = halves.of(onDevice);
  const [answer] = graph.outputs as [string];
  const right = new Map(FEATURE_BITS.map((bits) => [bits, { label: 0, whole: 0 }]));
  const passes = Math.floor(set.samples / batch);
  for (let pass = 0; pass < passes; pass++) {
    const feeds: Tensors = { [input]: batchOf(inputs, pass * batch, shape) };
    const truth = classesOf((await halves.whole(feeds))[answer]!, batch);
    const own = { ...feeds, ...(await device.run(feeds)) };
    for (const [bits, sums] of right) {
      const sent = Object.fromEntries(server.graph.inputs.map((name) => [name, throughAir(own[name]!, bits, batch)]));
      const outputs: Tensors = { ...own, ...(await server.run(sent)) };
      classesOf(outputs[answer]!, batch).forEach((one, i) => {
        if (one === labels.values[pass * batch + i]) sums.label++;
        if (one === truth[i]) sums.whole++;
      });
    }
  }
  const count = passes * batch;
  return [...right].map(([bits, { label, whole }]) => ({
    bits,
    accuracy: count === 0 ? Number.NaN : label / count,
    agreement: count === 0 ? Number.NaN : whole / count,
  }));
}
