// The devices of @huggingface/tasks as Hardware: two numbers each, peak rate and watts. Approximate by its own account, so our own
// sourced files come first (mergeDevices). Loaded only when asked for: the package costs about 40 ms to import.
import type { ArithmeticType, DeviceKind, Hardware } from "./hardware.ts";

/** What one entry of the package states. */
interface TailEntry {
  /** 10^12 operations per second; "FP16 whenever possible for GPUs and FP32 for CPUs". */
  readonly tflops: number;
  /** Variants in GiB. */
  readonly memory?: readonly number[];
  /** Maximum sustained power, W, of the variant that draws most. */
  readonly power: number;
  /** CUDA compute capability, NVIDIA only. */
  readonly computeCapability?: number;
  readonly aliases?: readonly string[];
}

/** The package's table: type → maker → name → entry. */
export type TailTable = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, TailEntry>>>>>>;

const GIBIBYTE = 2 ** 30;
/** Makers ("-" is Apple) of chips whose GPU rate in the package equals the float32 rate they publish. */
const FLOAT32_MAKERS: readonly string[] = ["QUALCOMM", "-"];
/** NVIDIA generations without fast float16 (1/64 of float32): the package gives their float32 rate. */
const SLOW_FLOAT16: readonly number[] = [5, 5.2, 6.1];

const kebab = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, "-")
    .replaceAll(/^-+|-+$/gu, "");

function arithmeticOf(type: string, maker: string, entry: TailEntry): ArithmeticType {
  if (type === "CPU" || FLOAT32_MAKERS.includes(maker)) return "float32";
  return SLOW_FLOAT16.includes(entry.computeCapability ?? 0) ? "float32" : "float16";
}

function kindOf(type: string, maker: string, name: string): DeviceKind {
  if (type === "CPU") return "cpu";
  return FLOAT32_MAKERS.includes(maker) || /^(?:jetson|ryzen)/iu.test(name) ? "soc" : "gpu";
}

function toHardware(type: string, maker: string, name: string, entry: TailEntry): Hardware {
  const arithmetic = arithmeticOf(type, maker, entry);
  const source = `[HFTasks] ${name}`;
  const sizes = (entry.memory ?? []).map((gib) => gib * GIBIBYTE);
  const most = Math.max(...sizes);
  return {
    id: kebab(name),
    name: maker === "-" || name.toLowerCase().startsWith(maker.toLowerCase()) ? name : `${maker} ${name}`,
    kind: kindOf(type, maker, name),
    aliases: entry.aliases ?? [],
    note: "From @huggingface/tasks, which calls its rates approximate; GPU rates are mostly without tensor cores.",
    peakFlopsPerS: {
      [arithmetic]: { value: entry.tflops * 1e12, source: `${source}: tflops, taken as ${arithmetic}` },
    },
    tdpW: { value: entry.power, source: `${source}: maximum sustained power` },
    flopsPerClockPerCore: {},
    ...(sizes.length > 0 && {
      memoryBytes: { value: most, low: Math.min(...sizes), high: most, source: `${source}: variants` },
    }),
    memoryLevels: [],
    arithmetic: {},
  };
}

/** Every entry of the table that has both numbers, in its order. */
export function tailDevices(table: TailTable): readonly Hardware[] {
  return Object.entries(table).flatMap(([type, makers]) =>
    Object.entries(makers).flatMap(([maker, entries]) =>
      Object.entries(entries)
        .filter(([, entry]) => entry.tflops > 0 && entry.power > 0)
        .map(([name, entry]) => toHardware(type, maker, name, entry)),
    ),
  );
}

/** The about 250 devices of @huggingface/tasks. */
export async function loadTailDevices(): Promise<readonly Hardware[]> {
  const { SKUS } = await import("@huggingface/tasks");
  return tailDevices(SKUS);
}
