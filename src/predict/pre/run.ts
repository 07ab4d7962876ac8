// One training run as PRE sees it [DelRey2025]: what was known before it (set-up) and what it took. Not a measurement: no trace, no meters.

/** What is known of a training run before it starts, as numbers above 0. */
export const FEATURE_NAMES = [
  "batch",
  "ramBytes",
  "trainSize",
  "validationSize",
  "gflops",
  "image",
  "gpuCores",
  "gpuMemoryBytes",
  "gpuTdpW",
  "params",
  "activationBytes",
  "trainingGflops",
  "peakFlopsPerS",
  "memoryBytesPerS",
] as const;
export type FeatureName = (typeof FEATURE_NAMES)[number];

export interface FeatureMeaning {
  /** For people. */
  readonly label: string;
  /** Of a value, SI; "" for plain numbers. */
  readonly unit: "" | "B" | "W" | "FLOP/s" | "B/s";
  /** What a value belongs to: the network, the machine, or how training is set up. */
  readonly of: "network" | "machine" | "training";
  /** The nine features of the published method; the others are ours. */
  readonly published: boolean;
}

export const FEATURES: Readonly<Record<FeatureName, FeatureMeaning>> = {
  batch: { label: "batch size", unit: "", of: "training", published: true },
  ramBytes: { label: "RAM", unit: "B", of: "machine", published: true },
  trainSize: { label: "training samples", unit: "", of: "training", published: true },
  validationSize: { label: "validation samples", unit: "", of: "training", published: true },
  /** 10⁹ FLOPs of one forward pass of one sample, 1 MAC = 2 FLOPs. */
  gflops: { label: "GFLOPs per sample", unit: "", of: "network", published: true },
  /** Side of the square image, pixels. */
  image: { label: "image size", unit: "", of: "training", published: true },
  gpuCores: { label: "GPU cores", unit: "", of: "machine", published: true },
  gpuMemoryBytes: { label: "GPU memory", unit: "B", of: "machine", published: true },
  gpuTdpW: { label: "GPU TDP", unit: "W", of: "machine", published: true },
  params: { label: "parameters", unit: "", of: "network", published: false },
  /** Most bytes of activations alive at once in a training step, per sample. */
  activationBytes: { label: "activations per sample", unit: "B", of: "network", published: false },
  /** 10⁹ FLOPs of forward, backward and optimiser, per sample. */
  trainingGflops: { label: "training GFLOPs per sample", unit: "", of: "network", published: false },
  peakFlopsPerS: { label: "peak float32 rate", unit: "FLOP/s", of: "machine", published: false },
  memoryBytesPerS: { label: "GPU memory bandwidth", unit: "B/s", of: "machine", published: false },
};

export type Features = Readonly<Partial<Record<FeatureName, number>>>;

/** What is to be trained, and where. */
export interface SetUp {
  readonly architecture: string;
  readonly environment: string;
  readonly features: Features;
}

/** A run of the past. */
export interface PastRun extends SetUp {
  /** Line in the file it came from (the header is line 1), or its number in the store. */
  readonly row: number;
  /** Name of the accelerator as the history writes it. */
  readonly gpu?: string;
  readonly energyJ: number;
  /** Mean over the run; undefined when the history does not say how long it took. */
  readonly powerW?: number;
  readonly durationS?: number;
  readonly epochs?: number;
  /** Accuracy, F1, …: ratios in [0, 1], by our name. */
  readonly quality: Readonly<Record<string, number>>;
}

/**
 * Samples that one epoch passes through the network, in training samples: a validation pass has no backward pass, which is
 * two thirds of the work [Hobbhahn2021]. 1 when the size of the data set is not known: then an epoch is the unit.
 */
export function samplesPerEpoch({ trainSize, validationSize = 0 }: Features): number {
  return trainSize === undefined ? 1 : trainSize + validationSize / 3;
}
