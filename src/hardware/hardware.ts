// What a machine COSTS: the record of one device, every number with its source. Data are in data/hardware/*.json;
// parsing is parse.ts. Not a benchmark database: only what the energy metrics need.

/** A number with its origin. `low` and `high` span what sources say or what the part's variants do; it is no confidence interval. */
export interface Sourced {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  /** A key of REFERENCES.md in brackets, then the place: "[IntelARK] Xeon Gold 5220". */
  readonly source: string;
}

export type DeviceKind = "cpu" | "gpu" | "tpu" | "npu" | "soc" | "memory" | "process";

/** Arithmetic the device has peak rates for. */
export type ArithmeticType =
  | "float64"
  | "float32"
  | "tf32"
  | "float16"
  | "bfloat16"
  | "float8"
  | "int8"
  | "int4"
  | "int32";

/** Energy of one operation [Horowitz2014], joules. */
export interface ArithmeticEnergy {
  readonly addJ: Sourced;
  readonly mulJ: Sourced;
}

/** One level of the memory hierarchy, smallest first. */
export interface MemoryLevel {
  readonly name: string;
  /** Capacity; DRAM may leave it out (unbounded). */
  readonly sizeBytes?: Sourced;
  /** Energy of reading one bit, joules. */
  readonly energyPerBitJ?: Sourced;
}

export interface Hardware {
  /** Kebab-case, the name on the command line: "rtx-2080-ti". */
  readonly id: string;
  readonly name: string;
  readonly kind: DeviceKind;
  /** Other names people type. */
  readonly aliases: readonly string[];
  /** Notes on what the numbers cover: module or chip, boost or base. */
  readonly note?: string;
  /** Peak arithmetic rate by type, operations per second, 1 MAC = 2; dense, no sparsity. */
  readonly peakFlopsPerS: Partial<Readonly<Record<ArithmeticType, Sourced>>>;
  /** Thermal design power or board power, W. */
  readonly tdpW?: Sourced;
  /** Power when on and doing nothing, W. */
  readonly idleW?: Sourced;
  /** Physical cores (CPU) or multiprocessors (GPU). */
  readonly cores?: Sourced;
  /** Sustained all-core clock under vector load, Hz; base and boost are its low and high. */
  readonly clockHz?: Sourced;
  /** Operations per core and clock by type, from the instruction set, not from peak/(n·f). */
  readonly flopsPerClockPerCore: Partial<Readonly<Record<ArithmeticType, Sourced>>>;
  /** Effective switched capacitance κ per core in P = n·κ·f³, W/Hz³, from a source other than TDP/(n·f³). */
  readonly switchedCapacitance?: Sourced;
  /** Main-memory bandwidth, bytes/s. */
  readonly memoryBytesPerS?: Sourced;
  /** Main memory, bytes. */
  readonly memoryBytes?: Sourced;
  readonly memoryLevels: readonly MemoryLevel[];
  /** Energy of single operations by type, where the device is described so (process nodes). */
  readonly arithmetic: Partial<Readonly<Record<ArithmeticType, ArithmeticEnergy>>>;
  /** Coefficients of the mac-linear metric, from a published calibration. */
  readonly macLinear?: {
    readonly convJPerMac: Sourced;
    readonly convJPerInput: Sourced;
    readonly denseJPerMac: Sourced;
  };
  /** Greenhouse-gas emissions of making one, kg CO2e. */
  readonly manufacturingKg?: Sourced;
}
