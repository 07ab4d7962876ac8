// Power and energy sensors of /sys/class/hwmon: amdgpu, Intel GPUs, amd_energy, zenpower, ACPI power meters, NVIDIA Grace.
// A driver is a row of the table; a sensor of a driver that is not in it is named as unusable, because what it covers is not
// known. INA3221 rails are jetson.ts, batteries battery.ts. Units: µJ, µW [KernelHwmon].
import type { Domain, Found, MachineAccess, Meter, SourceInfo } from "../../measure/power-source.ts";
import { lastPart, listMatching, openNumber, readLine, readPositive, whyNotNumber } from "./sysfs.ts";

const FOLDER = "/sys/class/hwmon";
/** Other files of this folder read these, or they are no consumers. */
const ELSEWHERE = /^(?:ina3221|BAT\d*|CMB\d*|AC\d*|ADP\d*|ucsi_source|tcpm_source|hidpp_battery)/;

/** One chip: the driver's name and where its files lie. */
interface Chip {
  readonly driver: string;
  /** Stable between boots where the device is known: "0000:03:00.0", else "hwmon3". */
  readonly place: string;
  readonly folders: readonly string[];
}

/** One sensor to open: what the table says of it. */
interface Sensor {
  /** Last part of the id. */
  readonly key: string;
  readonly file: string;
  readonly domain: Domain;
  /** Key of the sensor of the same chip family that contains it. */
  readonly within?: string;
  readonly covers: string;
}

interface Driver {
  readonly name: RegExp;
  readonly source: string;
  sensors(machine: MachineAccess, chip: Chip): readonly Sensor[];
}

const fileOf = (machine: MachineAccess, chip: Chip, name: string): string | undefined =>
  chip.folders.find((folder) => machine.list(folder).includes(name))?.concat("/", name);

const textOf = (machine: MachineAccess, chip: Chip, name: string): string | undefined => {
  const file = fileOf(machine, chip, name);
  return file === undefined ? undefined : readLine(machine, file);
};

/** Numbers N of the files energyN_input (and so on) of the chip. */
function channels(machine: MachineAccess, chip: Chip, pattern: RegExp): number[] {
  const names = new Set(chip.folders.flatMap((folder) => machine.list(folder)));
  const numbers = [...names].flatMap((name) => pattern.exec(name)?.[1] ?? []).map(Number);
  return numbers.sort((a, b) => a - b);
}

/** The averaged file where there is one: it sees all of the time, an instant sees a part. */
const powerFile = (machine: MachineAccess, chip: Chip, n: number) =>
  fileOf(machine, chip, `power${n}_average`) ?? fileOf(machine, chip, `power${n}_input`);

/** GRACE: which socket sensor lies in which. Module holds the GPU too; Grace is the CPU chip with its memory. */
const GRACE: Readonly<Record<string, { domain: Domain; within?: string; covers: string }>> = {
  module: { domain: "platform", covers: "the whole module: regulators, CPU, memory, GPU and HBM" },
  grace: { domain: "soc", within: "module", covers: "the Grace chip with its LPDDR5X" },
  cpu: { domain: "core", within: "grace", covers: "the rail of the CPU cores" },
  sysio: { domain: "uncore", within: "grace", covers: "the rail of fabric and I/O" },
};

const DRIVERS: readonly Driver[] = [
  {
    name: /^amd_energy$/,
    source: "[KernelAmdEnergy] energy of one socket, the RAPL registers; per-core counters are left out",
    sensors: (machine, chip) =>
      channels(machine, chip, /^energy(\d+)_input$/).flatMap((n) => {
        const label = textOf(machine, chip, `energy${n}_label`) ?? "";
        const file = fileOf(machine, chip, `energy${n}_input`);
        if (!label.startsWith("Esocket") || file === undefined) return [];
        return [{ key: label, file, domain: "package" as const, covers: "cores and fabric of one socket" }];
      }),
  },
  {
    name: /^(?:i915|xe)$/,
    source: "[KernelXeHwmon] energy counter of the card; the driver sees one wrap of its 32 bits between reads",
    sensors: (machine, chip) => {
      const all = channels(machine, chip, /^energy(\d+)_input$/).flatMap((n) => {
        const label = textOf(machine, chip, `energy${n}_label`) ?? (n === 1 ? "card" : `energy${n}`);
        return { label, file: fileOf(machine, chip, `energy${n}_input`)! };
      });
      const whole = all.find(({ label }) => label === "card") ?? all[0];
      return all.map(({ label, file }) => ({
        key: label,
        file,
        domain: "gpu" as const,
        covers: label === "card" ? "the card, memory included" : `the ${label} of the card`,
        ...(label === whole?.label ? {} : { within: whole!.label }),
      }));
    },
  },
  {
    name: /^amdgpu$/,
    source: "[KernelAmdgpu] power by the GPU's management unit",
    sensors: (machine, chip) => {
      const file = powerFile(machine, chip, 1);
      if (file === undefined) return [];
      // Only APUs have the north bridge's voltage; their number is the whole socket [KernelAmdgpu].
      const isApu = textOf(machine, chip, "in1_label") === "vddnb";
      return [
        isApu
          ? { key: "socket", file, domain: "package", covers: "the whole APU: CPU cores and GPU" }
          : {
              key: "power1",
              file,
              domain: "gpu",
              covers: "the GPU as its firmware counts it, on most cards not the board",
            },
      ];
    },
  },
  {
    name: /^nouveau$/,
    source: "[KernelHwmon] power sensor of the card",
    sensors: (machine, chip) => {
      const file = powerFile(machine, chip, 1);
      return file === undefined ? [] : [{ key: "power1", file, domain: "gpu", covers: "the card" }];
    },
  },
  {
    name: /^zenpower$/,
    source: "[zenpower3] SVI2 telemetry of the voltage regulators",
    sensors: (machine, chip) =>
      (["core", "uncore"] as const).flatMap((domain, index) => {
        const file = powerFile(machine, chip, index + 1);
        const covers = domain === "core" ? "the rail of the cores" : "the SoC rail (memory controller, fabric)";
        return file === undefined ? [] : [{ key: domain, file, domain, covers }];
      }),
  },
  {
    name: /^fam15h_power$/,
    source: "[KernelHwmon] processor power of AMD families 15h and 16h",
    sensors: (machine, chip) => {
      const file = powerFile(machine, chip, 1);
      return file === undefined ? [] : [{ key: "power1", file, domain: "package", covers: "one socket" }];
    },
  },
  {
    name: /^power_meter$/,
    source: "[KernelAcpiMeter] power meter of the firmware",
    sensors: (machine, chip) => {
      const file = powerFile(machine, chip, 1);
      if (file === undefined) return [];
      const oem = /^(module|grace|cpu|sysio) power socket (\d+)/i.exec(textOf(machine, chip, "power1_oem_info") ?? "");
      const row = GRACE[oem?.[1]?.toLowerCase() ?? ""];
      if (oem === null || row === undefined) {
        return [{ key: "power1", file, domain: "platform", covers: "the whole machine at its input" }];
      }
      const { domain, within, covers } = row;
      const key = (name: string) => `${name.toLowerCase()}-${oem[2]}`;
      return [{ key: key(oem[1]!), file, domain, covers, ...(within === undefined ? {} : { within: key(within) }) }];
    },
  },
];

function readChips(machine: MachineAccess): Chip[] {
  return listMatching(machine, FOLDER, /^hwmon\d+$/).flatMap((path) => {
    const driver = readLine(machine, `${path}/name`) ?? readLine(machine, `${path}/device/name`);
    const device = machine.realPath(`${path}/device`);
    if (driver === undefined || device?.includes("/power_supply/")) return [];
    const isKnown = device !== undefined && device !== `${path}/device`;
    return [{ driver, place: isKnown ? lastPart(device) : lastPart(path), folders: [path, `${path}/device`] }];
  });
}

/** Grace's sensors are one chip each but nest in one another, so the place is no part of their id. */
const idOf = (chip: Chip, key: string): string =>
  /^(?:module|grace|cpu|sysio)-\d+$/.test(key) ? `hwmon/grace/${key}` : `hwmon/${chip.driver}/${chip.place}/${key}`;

function describe(machine: MachineAccess, chip: Chip, driver: Driver, sensor: Sensor): SourceInfo {
  const reads = lastPart(sensor.file).startsWith("energy") ? "energy" : "power";
  const n = /\d+/.exec(lastPart(sensor.file))?.[0];
  const limits = ["cap_max", "cap", "rated_max", "max", "crit"].flatMap((name) => {
    const file = fileOf(machine, chip, `power${n}_${name}`);
    return (file === undefined ? undefined : readPositive(machine, file)) ?? [];
  });
  const intervalFile = fileOf(machine, chip, `power${n}_average_interval`);
  const intervalMs = intervalFile === undefined ? undefined : readPositive(machine, intervalFile);
  return {
    id: idOf(chip, sensor.key),
    name: `${chip.driver} ${sensor.key} (${chip.place})`,
    domain: sensor.domain,
    kind: reads === "energy" ? "measured" : "integrated",
    reads,
    ...(sensor.within === undefined ? {} : { partOf: idOf(chip, sensor.within) }),
    ...(limits.length === 0 ? {} : { maxPowerW: Math.max(...limits) / 1e6 }),
    ...(intervalMs === undefined ? {} : { updatePeriodS: intervalMs / 1000 }),
    resolution: 1e-6,
    provenance: `${sensor.file}: ${driver.source}. Covers ${sensor.covers}`,
  };
}

function open(machine: MachineAccess, chip: Chip, driver: Driver, sensor: Sensor): Found {
  const problem = whyNotNumber(machine, sensor.file);
  if (problem !== undefined) {
    const isClosed = problem.errno === "EACCES" || problem.errno === "EPERM";
    const fix = isClosed ? `sudo chgrp "$(id -gn)" ${sensor.file} && sudo chmod g+r ${sensor.file}` : "";
    return { unusable: { id: idOf(chip, sensor.key), domain: sensor.domain, reason: problem.reason, fix } };
  }
  const info = describe(machine, chip, driver, sensor);
  const file = openNumber(machine, sensor.file);
  return {
    source: {
      info,
      read() {
        const micro = file.read();
        if (micro === undefined || micro < 0) return undefined;
        return info.reads === "energy" ? { energyJ: micro / 1e6 } : { powerW: micro / 1e6 };
      },
      close: () => file.close(),
    },
  };
}

/** Sensors of drivers outside the table: named, not added. */
function unknown(machine: MachineAccess, chip: Chip): Found[] {
  if (ELSEWHERE.test(chip.driver) || /^i915_gt\d/.test(chip.driver)) return [];
  const names = [...new Set(chip.folders.flatMap((folder) => machine.list(folder)))];
  return names
    .filter((name) => /^(?:power\d+_(?:input|average)|energy\d+_input)$/.test(name))
    .map((name) => ({
      unusable: {
        id: idOf(chip, name),
        domain: "other",
        reason: `${FOLDER}: driver "${chip.driver}" has ${name}, but what it covers is not known, so it might count twice`,
        fix: "add the driver to the table in src/node/meters/hwmon.ts",
      },
    }));
}

/** A parent that cannot be read contains nothing that we add: its parts then stand for themselves. */
function withoutLostParents(found: readonly Found[]): Found[] {
  const usable = new Set(found.flatMap((one) => ("source" in one ? [one.source.info.id] : [])));
  return found.map((one) => {
    if (!("source" in one) || one.source.info.partOf === undefined || usable.has(one.source.info.partOf)) return one;
    const { partOf: _lost, ...info } = one.source.info;
    return { source: { ...one.source, info } };
  });
}

export const hwmon: Meter = {
  id: "hwmon",
  find(machine) {
    if (machine.platform !== "linux") return [];
    const found = readChips(machine).flatMap((chip) => {
      const driver = DRIVERS.find(({ name }) => name.test(chip.driver));
      if (driver === undefined) return unknown(machine, chip);
      return driver.sensors(machine, chip).map((sensor) => open(machine, chip, driver, sensor));
    });
    return withoutLostParents(found);
  },
};
