// RAPL energy counters by the kernel's powercap files: packages, cores, uncore, DRAM, psys; Intel and AMD use the same folder.
// Layout: Documentation/power/powercap/powercap.rst [KernelPowercap]. The same registers by perf events: perf.ts.
import type { Domain, Found, MachineAccess, Meter, PowerSource, SourceInfo } from "../../../measure/power-source.ts";
import { lastPart, listMatching, openNumber, readLine, readPositive, whyNotNumber } from "../sysfs.ts";
import { raplSheet } from "./data-sheet.ts";

const FOLDER = "/sys/class/powercap";
/** intel-rapl:0, intel-rapl:0:2, intel-rapl-mmio:0; AMD's zones carry Intel's name. */
const ZONE = /^(?:intel|amd)[-_]rapl(?:[-_]\w+)?(?::\d+)+$/;
/** RAPL counters move about every millisecond [Hackenberg2015]. */
const UPDATE_PERIOD_S = 1e-3;
/** Energy unit of client parts, 2^-14 J [IntelSDM]; servers' DRAM and AMD count in finer steps. */
const RESOLUTION_J = 2 ** -14;

const PERMISSION_FIX =
  'least rights, until the next boot: sudo chgrp "$(id -gn)" /sys/class/powercap/*rapl*:*/energy_uj && ' +
  "sudo chmod g+r /sys/class/powercap/*rapl*:*/energy_uj (your group only; a udev or tmpfiles.d rule keeps it); " +
  'or leave the files closed and use perf events: sudo setcap cap_perfmon=ep "$(readlink -f "$(command -v node)")"';

const DOMAINS: readonly { readonly name: RegExp; readonly domain: Domain; readonly covers: string }[] = [
  { name: /^package-\d+/, domain: "package", covers: "cores, caches and integrated GPU of one socket, without DRAM" },
  { name: /^core$/, domain: "core", covers: "all cores of one socket" },
  { name: /^uncore$/, domain: "uncore", covers: "mostly the integrated GPU" },
  { name: /^dram$/, domain: "dram", covers: "the memory of one socket; an offset is usual when idle [Desrochers2016]" },
  { name: /^psys/, domain: "platform", covers: "the platform as its maker wired it, packages and memory included" },
];

interface Zone {
  readonly path: string;
  /** "package-0", "package-0/core", "psys": the same for twins (msr and mmio). */
  readonly key: string;
  readonly parentKey: string | undefined;
  readonly domain: Domain;
  readonly covers: string;
  readonly problem: { readonly reason: string; readonly errno: string } | undefined;
}

function readZones(machine: MachineAccess): Zone[] {
  return listMatching(machine, FOLDER, ZONE).flatMap((path) => {
    const name = readLine(machine, `${path}/name`);
    const kind = DOMAINS.find((entry) => name !== undefined && entry.name.test(name));
    if (name === undefined || kind === undefined) return [];
    const isChild = lastPart(path).split(":").length > 2;
    const parentKey = isChild ? readLine(machine, `${path.slice(0, path.lastIndexOf(":"))}/name`) : undefined;
    const key = parentKey === undefined ? name : `${parentKey}/${name}`;
    const problem = whyNotNumber(machine, `${path}/energy_uj`) ?? deadPlatform(machine, path, kind.domain);
    return [{ path, key, parentKey, domain: kind.domain, covers: kind.covers, problem }];
  });
}

/** Some boards expose psys without wiring it: it reads 0 for ever and must not swallow the packages. */
function deadPlatform(machine: MachineAccess, path: string, domain: Domain): Zone["problem"] {
  if (domain !== "platform" || readLine(machine, `${path}/energy_uj`) !== "0") return undefined;
  return { reason: `${path}/energy_uj: reads 0, this board does not wire psys`, errno: "ENODATA" };
}

/** Lower is better: a readable zone before a closed one, then the msr interface before its twins (mmio). */
const rank = ({ problem, path }: Zone) =>
  (problem === undefined ? 0 : 2) + (/^\w+[-_]rapl:/.test(lastPart(path)) ? 0 : 1);

/** One zone per key. */
function withoutTwins(zones: readonly Zone[]): Zone[] {
  const best = new Map<string, Zone>();
  for (const zone of zones) {
    const other = best.get(zone.key);
    if (other === undefined || rank(zone) < rank(other)) best.set(zone.key, zone);
  }
  return [...best.values()];
}

/**
 * Key of the usable zone that contains this one: cores are in their package; packages and DRAM are in psys when there is
 * one (psys-1 for package-1 where there are several); DRAM is never in its package.
 */
function container(zone: Zone, usable: ReadonlySet<string>): string | undefined {
  if (zone.domain === "core" || zone.domain === "uncore") {
    return zone.parentKey !== undefined && usable.has(zone.parentKey) ? zone.parentKey : undefined;
  }
  if (zone.domain === "platform") return undefined;
  const socket = /\d+/.exec(zone.parentKey ?? zone.key)?.[0] ?? "0";
  const platforms = [...usable].filter((key) => key.startsWith("psys"));
  if (platforms.length <= 1) return platforms[0];
  return platforms.find((key) => key === (socket === "0" ? "psys" : `psys-${socket}`));
}

/** The highest limit that the zone states: power averaged over a wrap cannot be above it. */
function maxPowerW(machine: MachineAccess, path: string): number | undefined {
  const limits = machine
    .list(path)
    .filter((name) => /^constraint_\d+_(?:max_power|power_limit)_uw$/.test(name))
    .flatMap((name) => readPositive(machine, `${path}/${name}`) ?? []);
  return limits.length === 0 ? undefined : Math.max(...limits) / 1e6;
}

function describe(machine: MachineAccess, zone: Zone, usable: ReadonlySet<string>): SourceInfo {
  const parent = container(zone, usable);
  const rangeUj = readPositive(machine, `${zone.path}/max_energy_range_uj`);
  const limitW = maxPowerW(machine, zone.path);
  const { toleranceRatio, tolerance, assumedPowerW } = raplSheet(zone.domain);
  const assumed =
    limitW === undefined && rangeUj !== undefined
      ? `The zone states no power limit: read often enough for ${assumedPowerW} W (assumed), so that no wrap hides. `
      : "";
  return {
    id: `rapl/${zone.key}`,
    name: `RAPL ${zone.key}`,
    domain: zone.domain,
    kind: "measured",
    reads: "energy",
    ...(parent === undefined ? {} : { partOf: `rapl/${parent}` }),
    ...(rangeUj === undefined ? {} : { wrapJ: rangeUj / 1e6 }),
    ...(limitW === undefined ? { assumedPowerW } : { maxPowerW: limitW }),
    updatePeriodS: UPDATE_PERIOD_S,
    resolution: RESOLUTION_J,
    toleranceRatio,
    provenance:
      `RAPL counter ${zone.path}/energy_uj [KernelPowercap]: ${zone.covers}. ` +
      "Sensors of the voltage regulators since Haswell, a model inside the CPU on AMD Zen [Hackenberg2015, Schoene2021]. " +
      `Error ${tolerance}. ${assumed}` +
      "Outside: discrete GPUs, board, fans, disks, power supply",
  };
}

function openZone(machine: MachineAccess, info: SourceInfo, path: string): PowerSource {
  const file = openNumber(machine, `${path}/energy_uj`);
  return {
    info,
    read() {
      const energyUj = file.read();
      return energyUj === undefined ? undefined : { energyJ: energyUj / 1e6 };
    },
    close: () => file.close(),
  };
}

/** Why a machine with an x86 CPU has no zones at all; nothing to say on others. */
function whyNone(machine: MachineAccess): Found[] {
  const cpu = readLine(machine, "/proc/cpuinfo") ?? "";
  if (!/^vendor_id\s*:\s*(?:GenuineIntel|AuthenticAMD)/m.test(cpu)) return [];
  const isVirtual = /^flags\s*:.*\bhypervisor\b/m.test(cpu);
  const unusable = isVirtual
    ? {
        reason: `${FOLDER}: no RAPL zone; this is a virtual machine and its host keeps the counters`,
        fix: "measure on the host, or choose a bare-metal machine",
      }
    : {
        reason: `${FOLDER}: no RAPL zone; the kernel module is not loaded or the CPU is older than 2011 (Intel) or 2017 (AMD)`,
        fix: "sudo modprobe intel_rapl_msr",
      };
  return [{ unusable: { id: "rapl", domain: "package", ...unusable } }];
}

export const raplPowercap: Meter = {
  id: "rapl",
  find(machine) {
    if (machine.platform !== "linux") return [];
    const zones = withoutTwins(readZones(machine));
    if (zones.length === 0) return whyNone(machine);
    const usable = new Set(zones.filter((zone) => zone.problem === undefined).map((zone) => zone.key));
    return zones.map((zone): Found => {
      if (zone.problem === undefined) {
        return { source: openZone(machine, describe(machine, zone, usable), zone.path) };
      }
      const { reason, errno } = zone.problem;
      const fix = errno === "EACCES" || errno === "EPERM" ? PERMISSION_FIX : "";
      return { unusable: { id: `rapl/${zone.key}`, domain: zone.domain, reason, fix } };
    });
  },
};
