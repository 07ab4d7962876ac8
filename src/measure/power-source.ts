// Where joules are read: the one shape of every meter, real, fake or replayed. One meter per file in node/meters; this is the
// interface and its vocabulary. A source only reads; time, wraps, gaps and baselines are the business of trace.ts and energy.ts.

/** What a source's number covers. Nested domains (core in package) are never summed: see `partOf`. */
export type Domain =
  | "package"
  | "core"
  | "uncore"
  | "dram"
  | "platform"
  | "gpu"
  | "soc"
  | "rail"
  | "battery"
  | "wall"
  | "cpu"
  | "other";

/** "measured": an energy counter in hardware. "integrated": power readings summed over time. "modelled": computed from load or specification. */
export type Kind = "measured" | "integrated" | "modelled";

/** What a read gives. A failed read is `undefined`: missing, never 0. */
export type Reading =
  /** Energy since some start, J; wraps at the source's `wrapJ`. */
  | { readonly energyJ: number }
  /** Power at or around now, W. */
  | { readonly powerW: number };

/** Where readings come from that were not taken of this machine now: a recording, or files below another root. */
export interface Origin {
  readonly kind: "replay" | "other root";
  /** The recording's file, or the folder that stands for "/". */
  readonly where: string;
}

/** What is known of a source before it is read. */
export interface SourceInfo {
  /** Unique and stable: "rapl/package-0", "nvml/GPU-5f3c…/total-energy". */
  readonly id: string;
  /** For people: "CPU package 0". */
  readonly name: string;
  readonly domain: Domain;
  readonly kind: Kind;
  /** Counter or gauge: which Reading it gives. */
  readonly reads: "energy" | "power";
  /** Id of the source that already contains this one's energy: it is shown but not added. */
  readonly partOf?: string;
  /** false: covers the whole machine beside finer sources that are added instead; shown, never added. Default true. */
  readonly counted?: boolean;
  /** Range of the counter, J: after this it starts again at 0. */
  readonly wrapJ?: number;
  /** Most power the source can report, W: bounds how soon a counter wraps. */
  readonly maxPowerW?: number;
  /** Where no limit is stated: a power that is surely not passed, W. Bounds how soon a counter wraps, no reading is judged by it. */
  readonly assumedPowerW?: number;
  /** Time between two new values, s, where it is known beforehand. */
  readonly updatePeriodS?: number;
  /** Share of time that a power gauge really looks, in (0, 1]: 0.25 for nvidia-smi on A100 and H100. */
  readonly dutyRatio?: number;
  /** Least step of the number, J or W. */
  readonly resolution?: number;
  /** Relative error that the maker or literature states, a ratio: 0.05. */
  readonly toleranceRatio?: number;
  /** How the number is made and what is outside it, with its source key. */
  readonly provenance: string;
  /** Absent: read of this machine, now. */
  readonly origin?: Origin;
}

/** A meter that is open. Reading is synchronous: a sampler thread reads several in a row at one instant. */
export interface PowerSource {
  readonly info: SourceInfo;
  /** One reading, now; undefined when it failed. Never throws for a failed read. */
  read(): Reading | undefined;
  close(): void;
}

/** A source that is there but cannot be read, or is not there at all: why, and what would mend it. */
export interface Unusable {
  readonly id: string;
  readonly domain: Domain;
  /** In words, with file, mode and errno: "/sys/…/energy_uj: EACCES (mode 0400, owner root)". */
  readonly reason: string;
  /** The command or step that mends it, without root where there is a way; "" when there is none. */
  readonly fix: string;
}

export type Found = { readonly source: PowerSource } | { readonly unusable: Unusable };

/** A program that keeps running, for a meter that listens to it. */
export interface ProgramStream {
  /** Why it runs no more, or undefined while it does. */
  ended(): string | undefined;
  close(): void;
}

/** A file that stays open, so that reading it again costs one system call. */
export interface OpenText {
  /** The text now; undefined when the read failed. */
  read(): string | undefined;
  /** The text now as one decimal number, without making a string of it; undefined when the read failed or it is no number. */
  readNumber(): number | undefined;
  close(): void;
}

/** A counter of the kernel's perf events, in its own unit since it was opened. */
export interface PerfCounter {
  readCount(): bigint | undefined;
  close(): void;
}

/** Busy and total time of one logical CPU since some start, s. */
export interface CpuTime {
  readonly busyS: number;
  readonly totalS: number;
}

/** Everything of the machine that a meter may touch, so that tests can hand in another: fake /sys, fake time, fake programs. */
export interface MachineAccess {
  /** Text of a file below the root, or the reason why not. `path` is absolute: "/sys/class/powercap". */
  readText(path: string): { readonly text: string } | { readonly errno: string; readonly mode?: string };
  /** Names in a folder; empty when it is not there. */
  list(path: string): readonly string[];
  /** Target of symbolic links resolved, or undefined. */
  realPath(path: string): string | undefined;
  /** Output of a program, or why it did not run. At most some seconds. */
  run(
    program: string,
    args: readonly string[],
  ): { readonly stdout: string } | { readonly errno: string; readonly stderr: string };
  /**
   * A program that keeps running and prints: each line to `onLine` as it comes, between two reads of the sampler. For meters whose
   * program is too slow to be started at every read. Absent where programs cannot be kept running.
   */
  stream?(program: string, args: readonly string[], onLine: (line: string) => void): ProgramStream;
  /** Keeps a file open for reading again and again; undefined when it cannot be opened. `sizeBytes`: most that is read, default 256. */
  open?(path: string, sizeBytes?: number): OpenText | undefined;
  /** Opens a counter of perf events for one CPU, all processes; errno "no-koffi" when the native bridge is not installed. */
  openPerf?(type: number, config: number, cpu: number): PerfCounter | { readonly errno: string };
  /** What the operating system says of its CPUs and memory where there is no /proc; absent for a fake root. */
  load?(): { readonly model: string; readonly cpus: readonly CpuTime[]; readonly memoryRatio: number };
  /** The folder that stands for "/"; absent for this machine itself. */
  readonly root?: string;
  /** false for a made-up machine: native libraries (NVML, EMI) of the real one do not belong to it, unless named outright. Default true. */
  readonly nativeLibraries?: boolean;
  /** Monotonic time, s. */
  nowS(): number;
  readonly platform: "linux" | "darwin" | "win32";
}

/** A family of meters: finds its sources on a machine. */
export interface Meter {
  readonly id: string;
  /** Looks for sources; says why not for those it finds closed. Empty when the hardware is plainly not there. */
  find(machine: MachineAccess): readonly Found[];
}
