// RAPL by perf events: the same registers as powercap, for when its files are closed to us but perf events are not.
// One counter per domain and socket (cpumask), 64 bits since it was opened, so it never wraps in practice. [KernelRaplPmu]
import type { Domain, Found, MachineAccess, Meter, PerfCounter, PowerSource } from "../../../measure/power-source.ts";
import { parseNumber, readLine, readNumber } from "../sysfs.ts";
import { raplSheet } from "./data-sheet.ts";

const UNIT = "/sys/bus/event_source/devices/power";
const PARANOID = "/proc/sys/kernel/perf_event_paranoid";
const UPDATE_PERIOD_S = 1e-3;

/** psys is left out: counters start at 0 here, so a board that does not wire it cannot be told from one that does. */
const EVENTS: readonly {
  readonly event: string;
  readonly domain: Domain;
  readonly name: string;
  readonly in?: string;
}[] = [
  { event: "energy-pkg", domain: "package", name: "package" },
  { event: "energy-cores", domain: "core", name: "core", in: "package" },
  { event: "energy-gpu", domain: "uncore", name: "uncore", in: "package" },
  { event: "energy-ram", domain: "dram", name: "dram" },
];

/** "0,18" or "0-3,8" → numbers. */
export function parseCpuList(text: string): number[] {
  return text.split(",").flatMap((part) => {
    const [first, last] = part.split("-").map((end) => parseNumber(end));
    if (first === undefined) return [];
    return Array.from({ length: (last ?? first) - first + 1 }, (_, index) => first + index);
  });
}

function fixFor(errno: string): string {
  const fixes: Readonly<Record<string, string>> = {
    "no-koffi": "npm install koffi",
    ENOSYS: "",
    EACCES:
      'sudo setcap cap_perfmon=ep "$(readlink -f "$(command -v node)")"; or sudo sysctl kernel.perf_event_paranoid=0',
  };
  return fixes[errno === "EPERM" ? "EACCES" : errno] ?? "";
}

function whyNot(machine: MachineAccess, event: string, cpu: number, errno: string): string {
  if (errno === "no-koffi") return `perf event ${event}: the package koffi, which opens it, is not installed`;
  const level = readNumber(machine, PARANOID);
  const isDenied = (errno === "EACCES" || errno === "EPERM") && level !== undefined;
  const paranoid = isDenied ? `; ${PARANOID} is ${level}, system-wide events need 0 or less, or CAP_PERFMON` : "";
  return `perf event ${event} on CPU ${cpu}: ${errno}${paranoid}`;
}

interface Opened {
  readonly socket: number;
  readonly cpu: number;
  readonly row: (typeof EVENTS)[number];
  readonly jPerCount: number;
  readonly counter: PerfCounter | { readonly errno: string };
}

function openAll(machine: MachineAccess, type: number): Opened[] {
  const sockets = parseCpuList(readLine(machine, `${UNIT}/cpumask`) ?? "0").map((cpu, index) => ({
    cpu,
    socket: readNumber(machine, `/sys/devices/system/cpu/cpu${cpu}/topology/physical_package_id`) ?? index,
  }));
  return EVENTS.flatMap((row) => {
    const config = /event=(0x[0-9a-f]+)/i.exec(readLine(machine, `${UNIT}/events/${row.event}`) ?? "")?.[1];
    const jPerCount = Number(readLine(machine, `${UNIT}/events/${row.event}.scale`));
    const unit = readLine(machine, `${UNIT}/events/${row.event}.unit`);
    if (config === undefined || !(jPerCount > 0) || unit !== "Joules") return [];
    return sockets.map(({ cpu, socket }): Opened => {
      const counter = machine.openPerf?.(type, Number(config), cpu) ?? { errno: "ENOSYS" };
      return { socket, cpu, row, jPerCount, counter };
    });
  });
}

const idOf = (name: string, socket: number) => `rapl-perf/${name}-${socket}`;

function sourceOf(
  { socket, cpu, row, jPerCount }: Opened,
  counter: PerfCounter,
  usable: ReadonlySet<string>,
): PowerSource {
  const parent = row.in === undefined ? undefined : idOf(row.in, socket);
  const { toleranceRatio, tolerance } = raplSheet(row.domain);
  return {
    info: {
      id: idOf(row.name, socket),
      name: `RAPL ${row.name} ${socket} (perf)`,
      domain: row.domain,
      kind: "measured",
      reads: "energy",
      ...(parent !== undefined && usable.has(parent) ? { partOf: parent } : {}),
      updatePeriodS: UPDATE_PERIOD_S,
      resolution: 2 ** -14,
      toleranceRatio,
      provenance:
        `RAPL by perf event power/${row.event}/ on CPU ${cpu} [KernelRaplPmu]. Error ${tolerance}. ` +
        "Outside: discrete GPUs, board, fans, disks, power supply",
    },
    read() {
      const count = counter.readCount();
      return count === undefined ? undefined : { energyJ: Number(count) * jPerCount };
    },
    close: () => counter.close(),
  };
}

export const raplPerf: Meter = {
  id: "rapl-perf",
  find(machine) {
    const type = readNumber(machine, `${UNIT}/type`);
    if (machine.platform !== "linux" || type === undefined) return [];
    const opened = openAll(machine, type);
    const usable = new Set(
      opened.filter(({ counter }) => !("errno" in counter)).map(({ row, socket }) => idOf(row.name, socket)),
    );
    return opened.map((one): Found => {
      const { counter, row, socket, cpu } = one;
      if (!("errno" in counter)) return { source: sourceOf(one, counter, usable) };
      const reason = whyNot(machine, `power/${row.event}/`, cpu, counter.errno);
      return { unusable: { id: idOf(row.name, socket), domain: row.domain, reason, fix: fixFor(counter.errno) } };
    });
  },
};
