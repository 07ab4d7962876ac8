// One measurement of a study: a network in a phase on a machine, once, whole or one epoch of it. What a study's own runs, imported
// tables and reports have in common. A number that is not known is left out; nothing here is computed from anything else.

export type Phase = "training" | "inference";

/** Numbers of a row that may be known, SI. */
export interface StudyNumbers {
  /** Samples in one pass. */
  readonly batch?: number;
  /** Hyperparameters of training; left out for inference, which does not depend on them. */
  readonly learningRate?: number;
  readonly weightDecay?: number;
  readonly momentum?: number;
  /** From 1; left out for a whole run. */
  readonly epoch?: number;
  /** Samples that were gone through. */
  readonly samples?: number;
  /** In [0, 1], after the row. */
  readonly accuracy?: number;
  readonly loss?: number;
  /** Multiply-accumulates of one forward pass of one sample. */
  readonly macs?: number;
  readonly params?: number;
  readonly trainableParams?: number;
  /** Running statistics and other tensors that are kept but not trained, elements. */
  readonly buffers?: number;
  /** Parameters and buffers in memory. */
  readonly sizeBytes?: number;
  /** Mean power of all parts, idle power left in, W. */
  readonly grossPowerW?: number;
  /** Mean powers of the parts, idle power left in, W. */
  readonly cpuPowerW?: number;
  readonly gpuPowerW?: number;
  readonly dramPowerW?: number;
  /** Mean utilisation of the processor that computes, in [0, 1]. */
  readonly utilisationRatio?: number;
  /** Memory in use on the accelerator: bytes where they are known, and its share of all there is, in [0, 1]. */
  readonly vramBytes?: number;
  readonly vramRatio?: number;
}

export interface StudyRow extends StudyNumbers {
  /** "cifar/resnet18", or as an imported table calls it. */
  readonly network: string;
  readonly phase: Phase;
  readonly machine: string;
  /** Data set. */
  readonly data?: string;
  /** Which time, from 0; rows with equal names differ by it. */
  readonly repetition: number;
  /** Id of the trial that it is of; left out where a table has none. */
  readonly trial?: string;
  readonly durationS: number;
  /** Above idle where a baseline is known; where none is, the kind says so. */
  readonly energyJ: number;
  /** "measured", "modelled", "measured, idle power included", …; "imported" where a table does not say. */
  readonly kind: string;
}

/** What a measurement was made with besides network, phase and machine: rows that differ in it are never taken together. */
export type Setting = Pick<StudyRow, "data" | "batch" | "learningRate" | "weightDecay" | "momentum">;

const SETTING_KEYS = ["data", "batch", "learningRate", "weightDecay", "momentum"] as const;

/** What settings are called where people read. */
export const SETTING_NAMES: Readonly<Record<keyof Setting, string>> = {
  data: "data",
  batch: "batch",
  learningRate: "learning rate",
  weightDecay: "weight decay",
  momentum: "momentum",
};

/** The setting of a row: what is not known is left out. */
export const settingOf = (row: Setting): Setting =>
  Object.fromEntries(SETTING_KEYS.flatMap((key) => (row[key] === undefined ? [] : [[key, row[key]]])));

/** "batch 16, learning rate 0.1" of the keys that are asked for. */
export const settingText = (setting: Setting, keys: readonly (keyof Setting)[] = SETTING_KEYS): string =>
  keys.flatMap((key) => (setting[key] === undefined ? [] : [`${SETTING_NAMES[key]} ${setting[key]}`])).join(", ");

/** Keys in which these settings differ. */
export const settingsThatVary = (settings: readonly Setting[]): readonly (keyof Setting)[] =>
  SETTING_KEYS.filter((key) => new Set(settings.map((setting) => setting[key])).size > 1);

/** What a quantity is called, and how it is read from a row. */
export interface Quantity {
  readonly name: string;
  /** SI: "J"; "" for plain numbers, "ratio" for shares. */
  readonly unit: string;
  readonly of: (row: StudyRow) => number | undefined;
}

const over = (value: number | undefined, by: number | undefined): number | undefined =>
  value === undefined || by === undefined || by === 0 ? undefined : value / by;

/** Quantities that are compared with each other, by key. */
export const QUANTITIES = {
  energy: { name: "energy", unit: "J", of: ({ energyJ }) => energyJ },
  duration: { name: "duration", unit: "s", of: ({ durationS }) => durationS },
  power: { name: "mean power above idle", unit: "W", of: ({ energyJ, durationS }) => over(energyJ, durationS) },
  grossPower: { name: "mean power", unit: "W", of: ({ grossPowerW }) => grossPowerW },
  macs: { name: "MACs", unit: "", of: ({ macs }) => macs },
  params: { name: "parameters", unit: "", of: ({ params }) => params },
  macsPerParam: { name: "MACs per parameter", unit: "", of: ({ macs, params }) => over(macs, params) },
  size: { name: "model size", unit: "B", of: ({ sizeBytes }) => sizeBytes },
  trainableParams: { name: "trainable parameters", unit: "", of: ({ trainableParams }) => trainableParams },
  buffers: { name: "buffers", unit: "", of: ({ buffers }) => buffers },
  utilisation: { name: "utilisation", unit: "ratio", of: ({ utilisationRatio }) => utilisationRatio },
  vram: { name: "accelerator memory", unit: "B", of: ({ vramBytes }) => vramBytes },
  vramShare: { name: "share of accelerator memory", unit: "ratio", of: ({ vramRatio }) => vramRatio },
  gpuPower: { name: "accelerator power", unit: "W", of: ({ gpuPowerW }) => gpuPowerW },
  accuracy: { name: "accuracy", unit: "ratio", of: ({ accuracy }) => accuracy },
  batch: { name: "batch", unit: "", of: ({ batch }) => batch },
} as const satisfies Readonly<Record<string, Quantity>>;

export type QuantityKey = keyof typeof QUANTITIES;
