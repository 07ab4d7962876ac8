// All meters in the order of preference, and the rules between them: what is counted when several see the same joules.
// A meter knows its own nesting (partOf); what spans meters is here, one rule per function. Models come last and fill gaps only.
import type {
  Domain,
  Found,
  MachineAccess,
  Meter,
  PowerSource,
  SourceInfo,
  Unusable,
} from "../../measure/power-source.ts";
import { amdSmi } from "./amd-smi.ts";
import { battery } from "./battery.ts";
import { hwmon } from "./hwmon.ts";
import { jetson } from "./jetson.ts";
import { type CpuLoadOptions, cpuLoad } from "./models/cpu-load.ts";
import { type DimmOptions, dramDimm } from "./models/dram-dimm.ts";
import { powermetrics } from "./powermetrics.ts";
import { nvidia } from "./preferring.ts";
import { raplPerf } from "./rapl/perf.ts";
import { raplPowercap } from "./rapl/powercap.ts";
import { emi } from "./windows/emi.ts";

/** What `findSources` found: what can be read, and for the rest why not and what mends it. */
export interface Sources {
  readonly usable: readonly PowerSource[];
  readonly unusable: readonly Unusable[];
}

export interface FindOptions {
  /** Modules of memory, where they cannot be looked up. */
  readonly dimms?: DimmOptions;
  /** TDP by model name, for the CPU model. */
  readonly cpu?: CpuLoadOptions;
  /** Meters to ask instead of METERS; the models still fill gaps. */
  readonly meters?: readonly MeterEntry[];
  /** Whether modelled sources may fill gaps. Default true. */
  readonly models?: boolean;
}

/** A meter, and when it is not asked because a better one has the same joules. */
export interface MeterEntry {
  readonly meter: Meter;
  readonly unless?: (usable: readonly PowerSource[]) => boolean;
}

const has = (usable: readonly PowerSource[], test: (info: SourceInfo) => boolean) =>
  usable.some(({ info }) => info.counted !== false && test(info));

const inDomains = (...domains: readonly Domain[]) => {
  const set = new Set(domains);
  return (info: SourceInfo) => set.has(info.domain);
};

const isPackage = inDomains("package");

/** Meters that read hardware, best first. */
export const METERS: readonly MeterEntry[] = [
  { meter: raplPowercap },
  { meter: raplPerf, unless: (usable) => has(usable, isPackage) },
  { meter: nvidia },
  { meter: hwmon },
  { meter: amdSmi, unless: (usable) => has(usable, ({ id }) => id.startsWith("hwmon/amdgpu/")) },
  { meter: jetson },
  { meter: powermetrics },
  { meter: emi },
  { meter: battery },
];

/** The same source with other words about it. */
function withInfo(source: PowerSource, more: Partial<SourceInfo>): PowerSource {
  return { info: { ...source.info, ...more }, read: () => source.read(), close: () => source.close() };
}

/** amd_energy reads the registers that RAPL reads: one of the two is closed. */
function dropTwins({ usable, unusable }: Sources): Sources {
  const original = usable.find(({ info }) => info.id.startsWith("rapl") && isPackage(info));
  const isTwin = ({ info }: PowerSource) => original !== undefined && info.id.startsWith("hwmon/amd_energy/");
  const twins = usable.filter(isTwin).map((source): Unusable => {
    source.close();
    return {
      id: source.info.id,
      domain: source.info.domain,
      reason: `the same counter as ${original!.info.id}`,
      fix: "",
    };
  });
  return { usable: usable.filter((source) => !isTwin(source)), unusable: [...unusable, ...twins] };
}

/** Sensors of CPU rails and of APUs lie in the package that RAPL counts. */
function nestInPackage({ usable, unusable }: Sources): Sources {
  const parent = usable.find(({ info }) => info.id.startsWith("rapl") && isPackage(info));
  const isInside = ({ info }: PowerSource) =>
    parent !== undefined &&
    /^hwmon\/(?:amdgpu|zenpower|fam15h_power)\//.test(info.id) &&
    inDomains("package", "core", "uncore")(info);
  const nested = usable.map((source) => (isInside(source) ? withInfo(source, { partOf: parent!.info.id }) : source));
  return { usable: nested, unusable };
}

/** Grace Hopper's module sensor holds its GPU, which NVML counts too. */
function nestInModule({ usable, unusable }: Sources): Sources {
  const module = usable.find(({ info }) => info.id.startsWith("hwmon/grace/module-"));
  if (module === undefined) return { usable, unusable };
  const isGpu = ({ info }: PowerSource) => info.domain === "gpu" && info.partOf === undefined;
  const nested = usable.map((source) => (isGpu(source) ? withInfo(source, { partOf: module.info.id }) : source));
  return { usable: nested, unusable };
}

const isWholeMachine = ({ id, domain }: SourceInfo) => domain === "battery" || id.startsWith("hwmon/power_meter/");

/**
 * A battery or the firmware's power meter sees the whole machine, slowly. Beside sources that measure the CPU it is shown and not
 * added; alone, it is the total and contains the rest. A wall meter is the user's own choice and stays the total: measure.ts.
 */
function placeWholeMachine({ usable, unusable }: Sources): Sources {
  const wholes = usable.filter(({ info }) => isWholeMachine(info));
  const [total] = wholes;
  if (total === undefined) return { usable, unusable };
  const cpuSide = inDomains("package", "core", "cpu", "soc", "rail", "platform");
  const isFiner = has(usable, (info) => !isWholeMachine(info) && cpuSide(info));
  const placed = usable.map((source) => {
    if (isWholeMachine(source.info)) return isFiner || source !== total ? withInfo(source, { counted: false }) : source;
    return isFiner || source.info.partOf !== undefined ? source : withInfo(source, { partOf: total.info.id });
  });
  return { usable: placed, unusable };
}

/** What was read below another root says so. A replay says so itself, and a wall meter is a file of its own. */
function markRoot(machine: MachineAccess, sources: Sources): Sources {
  const { root } = machine;
  if (root === undefined) return sources;
  const isOfRoot = ({ origin, domain }: SourceInfo) => origin === undefined && domain !== "wall";
  const mark = (source: PowerSource) =>
    isOfRoot(source.info) ? withInfo(source, { origin: { kind: "other root", where: root } }) : source;
  return { ...sources, usable: sources.usable.map(mark) };
}

const RULES: readonly ((sources: Sources) => Sources)[] = [dropTwins, nestInPackage, nestInModule, placeWholeMachine];

/** Domains that already hold the CPU's or the memory's joules: no model is added to them. */
const HOLDS_CPU = inDomains("package", "core", "cpu", "soc", "platform", "rail", "battery", "wall");
const HOLDS_DRAM = inDomains("dram", "soc", "platform", "rail", "battery", "wall");

function ask(machine: MachineAccess, meter: Meter, { usable, unusable }: Sources): Sources {
  const found: readonly Found[] = meter.find(machine);
  return {
    usable: [...usable, ...found.flatMap((one) => ("source" in one ? [one.source] : []))],
    unusable: [...unusable, ...found.flatMap((one) => ("unusable" in one ? [one.unusable] : []))],
  };
}

/**
 * Every source of power on a machine, opened, with the rules applied: nothing is counted twice, and models fill in only where
 * nothing measures. The caller closes what is usable.
 */
export function findSources(machine: MachineAccess, options: FindOptions = {}): Sources {
  let sources: Sources = { usable: [], unusable: [] };
  for (const { meter, unless } of options.meters ?? METERS) {
    if (unless?.(sources.usable) !== true) sources = ask(machine, meter, sources);
  }
  for (const rule of RULES) sources = rule(sources);
  if (options.models === false) return markRoot(machine, sources);
  const measured = sources.usable;
  if (!has(measured, HOLDS_CPU)) sources = ask(machine, cpuLoad(options.cpu), sources);
  if (!has(measured, HOLDS_DRAM)) sources = ask(machine, dramDimm(options.dimms), sources);
  return markRoot(machine, sources);
}
