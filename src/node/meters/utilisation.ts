// How busy the machine is: the load columns of a recording ("cpu/0", "memory", "gpu/card0", "vram/card0"), each a ratio in [0, 1].
// From /proc/stat and /proc/meminfo, amdgpu's files, and the operating system's own numbers where there is no /proc. NVIDIA: nvidia/nvml.ts.
import type { CpuTime, MachineAccess } from "../../measure/power-source.ts";
import type { LoadReader } from "./nvidia/nvml.ts";
import { lastPart, listMatching, openNumber, parseNumber, readNumber, readPositive } from "./sysfs.ts";

/** Enough of /proc/stat for some 600 CPUs. */
const STAT_BYTES = 65_536;
const MEMINFO_BYTES = 4096;
/** USER_HZ: the unit of /proc/stat on every Linux that Node runs on, s. */
const JIFFY_S = 0.01;
const DRM = "/sys/class/drm";

/** Times of "cpuN user nice system idle iowait irq softirq steal …": what the host stole was no work of ours. */
function parseCpuLine(line: string): CpuTime | undefined {
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(parseNumber);
  if (ticks.length < 4 || ticks.includes(undefined)) return undefined;
  const [user, nice, system, idle, iowait = 0, irq = 0, softirq = 0, steal = 0] = ticks as number[];
  const busy = user! + nice! + system! + irq + softirq;
  return { busyS: busy * JIFFY_S, totalS: (busy + idle! + iowait + steal) * JIFFY_S };
}

/** Times of each logical CPU from the text of /proc/stat; CPUs that are off are not in it. Undefined when the text is no such file. */
function parseStat(text: string): ReadonlyMap<number, CpuTime> | undefined {
  const cpus = new Map<number, CpuTime>();
  for (const line of text.split("\n")) {
    const number = /^cpu(\d+) /.exec(line)?.[1];
    const time = number === undefined ? undefined : parseCpuLine(line);
    if (time !== undefined) cpus.set(Number(number), time);
  }
  return cpus.size === 0 ? undefined : cpus;
}

/** Share of memory that programs hold, from the text of /proc/meminfo. */
export function parseMemory(text: string): number | undefined {
  const kilobytes = (name: string) => parseNumber(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]);
  const total = kilobytes("MemTotal");
  const free = kilobytes("MemAvailable") ?? kilobytes("MemFree");
  return total === undefined || total <= 0 || free === undefined ? undefined : 1 - free / total;
}

/** Reads the times of all CPUs, from /proc or the operating system. */
export interface CpuTimes {
  read(): ReadonlyMap<number, CpuTime> | undefined;
  close(): void;
}

function openLong(machine: MachineAccess, path: string, sizeBytes: number) {
  const file = machine.open?.(path, sizeBytes);
  if (file !== undefined) return file;
  const again = () => {
    const got = machine.readText(path);
    return "text" in got ? got.text : undefined;
  };
  return { read: again, close: () => undefined };
}

/** Undefined where neither /proc/stat nor the operating system tells. */
export function openCpuTimes(machine: MachineAccess): CpuTimes | undefined {
  const stat = openLong(machine, "/proc/stat", STAT_BYTES);
  const fromProc = () => {
    const text = stat.read();
    return text === undefined ? undefined : parseStat(text);
  };
  if (fromProc() !== undefined) return { read: fromProc, close: () => stat.close() };
  stat.close();
  const load = machine.load?.bind(machine);
  if (load === undefined) return undefined;
  return { read: () => new Map(load().cpus.entries()), close: () => undefined };
}

/** Busy share between two readings; undefined when no time has passed on the counters or they went back. */
export function busyRatio(before: CpuTime, after: CpuTime): number | undefined {
  const totalS = after.totalS - before.totalS;
  const busyS = after.busyS - before.busyS;
  return totalS > 0 && busyS >= 0 ? Math.min(1, busyS / totalS) : undefined;
}

/** One reader per CPU; they share one reading of the file per round. */
function cpuReaders(machine: MachineAccess): LoadReader[] {
  const times = openCpuTimes(machine);
  const first = times?.read();
  if (times === undefined || first === undefined) return [];
  let snapshot: ReadonlyMap<number, CpuTime> | undefined = first;
  let round = 0;
  let open = first.size;
  return [...first.keys()].map((cpu): LoadReader => {
    let seenRound = 0;
    let before = first.get(cpu);
    return {
      name: `cpu/${cpu}`,
      read() {
        if (seenRound === round) {
          snapshot = times.read();
          round += 1;
        }
        seenRound = round;
        const after = snapshot?.get(cpu);
        const ratio = before === undefined || after === undefined ? undefined : busyRatio(before, after);
        // The counters step every 10 ms: a faster reader waits with its last reading for the next step.
        if (ratio !== undefined || before === undefined || (after !== undefined && after.totalS < before.totalS)) {
          before = after;
        }
        return ratio;
      },
      close() {
        open -= 1;
        if (open === 0) times.close();
      },
    };
  });
}

function memoryReader(machine: MachineAccess): LoadReader[] {
  const file = openLong(machine, "/proc/meminfo", MEMINFO_BYTES);
  const fromProc = () => {
    const text = file.read();
    return text === undefined ? undefined : parseMemory(text);
  };
  if (fromProc() !== undefined) return [{ name: "memory", read: fromProc, close: () => file.close() }];
  file.close();
  const load = machine.load?.bind(machine);
  return load === undefined ? [] : [{ name: "memory", read: () => load().memoryRatio, close: () => undefined }];
}

/** amdgpu tells its load and memory in the card's folder [KernelAmdgpu]. */
function amdReaders(machine: MachineAccess): LoadReader[] {
  return listMatching(machine, DRM, /^card\d+$/).flatMap((card) => {
    const device = `${card}/device`;
    const columns = [
      { name: `gpu/${lastPart(card)}`, path: `${device}/gpu_busy_percent`, whole: 100 },
      {
        name: `vram/${lastPart(card)}`,
        path: `${device}/mem_info_vram_used`,
        whole: readPositive(machine, `${device}/mem_info_vram_total`) ?? 0,
      },
    ];
    return columns
      .filter(({ path, whole }) => whole > 0 && readNumber(machine, path) !== undefined)
      .map(({ name, path, whole }) => {
        const file = openNumber(machine, path);
        const read = () => {
          const value = file.read();
          return value === undefined ? undefined : Math.min(1, value / whole);
        };
        return { name, read, close: () => file.close() };
      });
  });
}

/** All load columns that this machine's files give; join with openNvmlLoad of nvidia/nvml.ts for NVIDIA GPUs. */
export function openLoad(machine: MachineAccess): readonly LoadReader[] {
  return [...cpuReaders(machine), ...memoryReader(machine), ...amdReaders(machine)];
}
