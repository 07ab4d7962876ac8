// What is recorded of the machine that a run ran on: enough to compare two runs, nothing that names its owner. No variables of
// the environment, no host or user name, no addresses.
import { cpus, release, totalmem } from "node:os";
import type { MachineAccess } from "../../measure/power-source.ts";
import { parseCpuInfo } from "../meters/models/cpu-load.ts";

/** Only the program's version is always known: a run that another tool recorded (`joulecast import`) ran who knows where. */
export interface Environment {
  /** Version of this program. */
  readonly joulecast: string;
  readonly node?: string;
  readonly platform?: string;
  /** "x64", "arm64". */
  readonly architecture?: string;
  /** Name and version of the system: "Debian GNU/Linux 12 (bookworm)". */
  readonly os?: string;
  readonly kernel?: string;
  readonly cpuModel?: string;
  /** Logical cores. */
  readonly cores?: number;
  readonly memoryBytes?: number;
  /** Frequency governor of the first core: "performance". */
  readonly governor?: string;
  /** "docker", "podman", "kubernetes", "lxc", or "container" when only that much is known. Undefined: none seen. */
  readonly container?: string;
  /** Names of the GPUs; empty when none was found. */
  readonly gpus: readonly string[];
}

/** What Node knows of the machine without reading files. */
export interface HostFacts {
  readonly node: string;
  readonly architecture?: string;
  readonly kernel?: string;
  readonly cpuModel?: string;
  readonly cores?: number;
  readonly memoryBytes?: number;
}

function thisHost(): HostFacts {
  const cores = cpus();
  const model = cores[0]?.model.trim();
  return {
    node: process.versions.node,
    architecture: process.arch,
    kernel: release(),
    ...(model && model !== "unknown" && { cpuModel: model }),
    cores: cores.length,
    memoryBytes: totalmem(),
  };
}

type Reads = Pick<MachineAccess, "readText">;

/** What the files below another root tell of their machine. Node's own words are of the machine we run on and are left out. */
function hostBelow({ readText }: Reads): HostFacts {
  const text = (path: string) => {
    const found = readText(path);
    return "text" in found ? found.text : "";
  };
  const cpu = text("/proc/cpuinfo");
  const { model } = parseCpuInfo(cpu);
  const cores = cpu.match(/^processor\s*:/gm)?.length;
  const memoryKib = /^MemTotal:\s*(\d+) kB/m.exec(text("/proc/meminfo"))?.[1];
  const kernel = text("/proc/sys/kernel/osrelease").trim();
  return {
    node: process.versions.node,
    ...(kernel && { kernel }),
    ...(model && { cpuModel: model }),
    ...(cores !== undefined && { cores }),
    ...(memoryKib !== undefined && { memoryBytes: Number(memoryKib) * 1024 }),
  };
}

/** What in the control groups of process 1 gives a container away. */
const CGROUP_WORDS: readonly (readonly [RegExp, string])[] = [
  [/kubepods/, "kubernetes"],
  [/docker/, "docker"],
  [/libpod/, "podman"],
  [/lxc/, "lxc"],
  [/containerd/, "container"],
];

function containerOf(text: (path: string) => string | undefined): string | undefined {
  const groups = text("/proc/1/cgroup") ?? "";
  const named = CGROUP_WORDS.find(([word]) => word.test(groups))?.[1];
  if (named) return named;
  if (text("/.dockerenv") !== undefined) return "docker";
  const podman = text("/run/.containerenv");
  return podman === undefined ? undefined : "podman";
}

const osName = (release: string | undefined): string | undefined =>
  release?.match(/^PRETTY_NAME="?([^"\n]*)"?$/m)?.[1] || undefined;

/** Of a recording's machine only the recording itself knows. */
const withoutMachine = (version: string): Environment => ({
  joulecast: version,
  node: process.versions.node,
  gpus: [],
});

/**
 * Describes the machine whose joules are read: the one that the files below the root tell of.
 * @param version of this program
 * @param gpus names that the meters found
 * @param replayed the readings come from a recording: nothing of this machine is said beside them. Default false
 */
export function readEnvironment(
  machine: Pick<MachineAccess, "readText" | "platform" | "root">,
  options: { version: string; gpus?: readonly string[]; host?: HostFacts; replayed?: boolean },
): Environment {
  const { version, gpus = [], replayed = false } = options;
  if (replayed) return withoutMachine(version);
  const host = options.host ?? (machine.root === undefined ? thisHost() : hostBelow(machine));
  const text = (path: string): string | undefined => {
    if (machine.platform !== "linux") return undefined;
    const found = machine.readText(path);
    return "text" in found ? found.text : undefined;
  };
  const os = osName(text("/etc/os-release"));
  const governor = text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")?.trim();
  const container = containerOf(text);
  return {
    joulecast: version,
    ...host,
    platform: machine.platform,
    ...(os !== undefined && { os }),
    ...(governor && { governor }),
    ...(container !== undefined && { container }),
    gpus,
  };
}
