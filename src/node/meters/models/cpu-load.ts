// CPU power from how busy it is, for machines where nothing measures it: P = TDP × curve(utilisation). A model: it knows neither
// clock nor instructions, and is labelled so everywhere. Curve: measured on AWS bare-metal Xeons against RAPL [Davy2021].
import type { Found, MachineAccess, Meter } from "../../../measure/power-source.ts";
import { readLine } from "../sysfs.ts";
import { busyRatio, openCpuTimes } from "../utilisation.ts";

/** Share of TDP at a utilisation; straight lines between the points [Davy2021]. */
const LOAD_CURVE: readonly (readonly [loadRatio: number, tdpRatio: number])[] = [
  [0, 0.12],
  [0.1, 0.32],
  [0.5, 0.75],
  [1, 1.02],
];
/** Mean TDP of one server core where the model is not known, W [Lannelongue2021, tool's default]. */
const W_PER_CORE = 12;
/** No source bounds the model on a machine it was not fitted on; ours, wide: idle alone is 0.1 to 0.5 of full load in [SPECpower]. */
const TOLERANCE_KNOWN_TDP = 0.4;
const TOLERANCE_PER_CORE = 0.7;

export interface CpuLoadOptions {
  /** TDP of one socket by the model name of /proc/cpuinfo, W; undefined when not known. Default: never known. */
  readonly tdpW?: (modelName: string) => number | undefined;
}

/** Share of TDP at utilisation `loadRatio` in [0, 1]. */
export function tdpShare(loadRatio: number): number {
  const at = Math.min(1, Math.max(0, loadRatio));
  const next = Math.max(
    1,
    LOAD_CURVE.findIndex(([load]) => load >= at),
  );
  const [x0, y0] = LOAD_CURVE[next - 1]!;
  const [x1, y1] = LOAD_CURVE[next]!;
  const part = (at - x0) / (x1 - x0);
  return (1 - part) * y0 + part * y1;
}

/** What /proc/cpuinfo says: sockets and physical cores (logical CPUs where it does not say), and whether it is a virtual machine. */
export function parseCpuInfo(text: string): { model: string; sockets: number; cores: number; isVirtual: boolean } {
  const all = (name: string) => [...text.matchAll(new RegExp(`^${name}\\s*:\\s*(.*)$`, "gm"))].map((hit) => hit[1]!);
  const sockets = all("physical id");
  const ids = all("core id");
  const pairs = new Set(ids.map((core, index) => `${sockets[index]}/${core}`));
  return {
    model: all("model name")[0] ?? all("Model")[0] ?? "",
    sockets: new Set(sockets).size || 1,
    cores: pairs.size || all("processor").length || 1,
    isVirtual: /^flags\s*:.*\bhypervisor\b/m.test(text),
  };
}

function cpuOf(machine: MachineAccess) {
  const text = readLine(machine, "/proc/cpuinfo");
  if (text !== undefined) return parseCpuInfo(text);
  const load = machine.load?.();
  return { model: load?.model ?? "", sockets: 1, cores: load?.cpus.length ?? 1, isVirtual: false };
}

/** Busy and total time of all CPUs together. */
function sum(times: ReadonlyMap<number, { busyS: number; totalS: number }>) {
  let busyS = 0;
  let totalS = 0;
  for (const time of times.values()) {
    busyS += time.busyS;
    totalS += time.totalS;
  }
  return { busyS, totalS };
}

/** The CPU model as a meter. Use it only where no source measures the CPU. */
export function cpuLoad(options: CpuLoadOptions = {}): Meter {
  return {
    id: "cpu-load",
    find(machine): Found[] {
      const times = openCpuTimes(machine);
      if (times === undefined) {
        const reason = "/proc/stat: the load of the CPUs cannot be read";
        return [{ unusable: { id: "cpu/load", domain: "cpu", reason, fix: "mount /proc in the container" } }];
      }
      const { model, sockets, cores, isVirtual } = cpuOf(machine);
      const socketW = isVirtual ? undefined : options.tdpW?.(model);
      const tdpW = socketW === undefined ? cores * W_PER_CORE : socketW * sockets;
      const basis =
        socketW === undefined
          ? `${cores} cores × ${W_PER_CORE} W [Lannelongue2021]${isVirtual ? ", as a virtual machine's share of its host" : ""}`
          : `${sockets} × ${socketW} W TDP`;
      const first = times.read();
      let before = first === undefined ? undefined : sum(first);
      let last: number | undefined;
      return [
        {
          source: {
            info: {
              id: "cpu/load",
              name: "CPU (model of its load)",
              domain: "cpu",
              kind: "modelled",
              reads: "power",
              maxPowerW: tdpW * 1.02,
              updatePeriodS: 0.01,
              toleranceRatio: socketW === undefined ? TOLERANCE_PER_CORE : TOLERANCE_KNOWN_TDP,
              provenance: `Utilisation of "${model || "unknown CPU"}" through the load curve of [Davy2021] × ${basis}. Nothing is measured`,
            },
            read() {
              const now = times.read();
              if (now === undefined) return undefined;
              const after = sum(now);
              const ratio = before === undefined ? undefined : busyRatio(before, after);
              if (ratio === undefined && before !== undefined && after.totalS === before.totalS) {
                return last === undefined ? undefined : { powerW: last };
              }
              before = after;
              last = ratio === undefined ? undefined : tdpW * tdpShare(ratio);
              return last === undefined ? undefined : { powerW: last };
            },
            close: () => times.close(),
          },
        },
      ];
    },
  };
}
