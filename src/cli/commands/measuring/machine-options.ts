// The options of every command that reads power: how often, from which machine, and what helps the models along.
// From options to the words that the sampler's process takes (MachineSpec); no meter is opened here.
import { findCpu } from "../../../hardware/cpu-name.ts";
import type { Hardware } from "../../../hardware/hardware.ts";
import type { MachineAccess } from "../../../measure/power-source.ts";
import { machineAccess } from "../../../node/meters/machine-access.ts";
import { parseCpuInfo } from "../../../node/meters/models/cpu-load.ts";
import { DIMM_GENERATIONS } from "../../../node/meters/models/dram-dimm.ts";
import type { MachineSpec } from "../../../node/sampler/protocol.ts";
import { InputError } from "../../../units/input-error.ts";
import { unknownName } from "../../../units/nearest.ts";
import type { OptionSpec, OptionValues } from "../../command.ts";
import { countOption, offOption, positiveOption, quantityOption, textOption } from "../../options.ts";

export const MODEL_SOURCE_OPTIONS: readonly OptionSpec[] = [
  { flags: "--cpu-tdp <power>", description: "TDP of one CPU socket, for the modelled CPU power (default: looked up)" },
  { flags: "--dimms <n>", description: "memory modules, for the modelled DRAM power (default: looked up)" },
  { flags: "--dimm-type <type>", description: `with --dimms: ${DIMM_GENERATIONS.join(", ")} (default DDR4)` },
  { flags: "--no-models", description: "only sources that measure: no power from load or specification" },
];

export const SOURCE_OPTIONS: readonly OptionSpec[] = [
  { flags: "--rate <frequency>", description: "reads per second, above 0 to 1000 (default 10)" },
  { flags: "--wall-meter <file>", description: "CSV that a wall meter's program writes: one more source" },
  { flags: "--wall-factor <ratio>", description: "wall power over the power that the sources see, from 1 (default 1)" },
  { flags: "--replay <file>", description: "read a recording (--record) instead of this machine" },
  ...MODEL_SOURCE_OPTIONS,
];

/** Another root than "/", for tests and for looking at a machine's files that were brought along. */
const ROOT_VARIABLE = "JOULECAST_ROOT";

function machineRoot(): string | undefined {
  return process.env[ROOT_VARIABLE] || undefined;
}

export function accessHere(): MachineAccess {
  const root = machineRoot();
  return machineAccess(root === undefined ? {} : { root });
}

/** Model name of the CPU as the system says it; undefined in a virtual machine, whose host's watts are not its own. */
export function cpuModel(access: MachineAccess): string | undefined {
  const file = access.readText("/proc/cpuinfo");
  if (!("text" in file)) return access.load?.().model;
  const { model, isVirtual } = parseCpuInfo(file.text);
  return isVirtual ? undefined : model;
}

/** This machine's CPU in the catalogue, its long tail last. */
export async function cpuHere(access: MachineAccess): Promise<Hardware | undefined> {
  const model = cpuModel(access);
  if (!model) return undefined;
  const { readCatalogue } = await import("../../../node/catalogue.ts");
  const own = findCpu(await readCatalogue(), model);
  if (own !== undefined) return own;
  const { loadTailDevices } = await import("../../../hardware/long-tail.ts");
  return findCpu(await loadTailDevices(), model);
}

/** A package counter that can be read makes the CPU model needless, and its TDP too. */
const hasOpenRapl = (access: MachineAccess) => "text" in access.readText("/sys/class/powercap/intel-rapl:0/energy_uj");

async function tdpW(options: OptionValues, access: MachineAccess): Promise<number | undefined> {
  const given = positiveOption(options, "--cpu-tdp", "W");
  if (given !== undefined) return given;
  if (offOption(options, "--no-models") || textOption(options, "--replay") || hasOpenRapl(access)) return undefined;
  return (await cpuHere(access))?.tdpW?.value;
}

function dimmsOf(options: OptionValues): MachineSpec["dimms"] {
  const count = countOption(options, "--dimms");
  const generation = textOption(options, "--dimm-type")?.toUpperCase();
  if (generation !== undefined && !DIMM_GENERATIONS.includes(generation))
    throw unknownName("memory type", generation, DIMM_GENERATIONS, `give one of ${DIMM_GENERATIONS.join(", ")}`);
  if (count === undefined && generation !== undefined)
    throw new InputError(
      "no-dimms",
      `--dimm-type ${generation} says nothing without the number of modules`,
      "add --dimms, such as --dimms 2",
    );
  return count === undefined ? undefined : { count, ...(generation !== undefined && { generation }) };
}

/** @throws InputError when a value of any SOURCE_OPTIONS cannot be used, also of one that only the analysis needs */
export async function machineSpec(options: OptionValues): Promise<MachineSpec> {
  wallFactorOption(options);
  const root = machineRoot();
  const cpuTdpW = await tdpW(options, accessHere());
  const dimms = dimmsOf(options);
  const replay = textOption(options, "--replay");
  const wallMeter = textOption(options, "--wall-meter");
  return {
    ...(root !== undefined && { root }),
    ...(cpuTdpW !== undefined && { cpuTdpW }),
    ...(dimms !== undefined && { dimms }),
    ...(replay !== undefined && { replay }),
    ...(wallMeter !== undefined && { wallMeter }),
    ...(offOption(options, "--no-models") && { models: false }),
  };
}

/** Reads per second; undefined for the default. */
export function samplingRate(options: OptionValues): number | undefined {
  return quantityOption(options, "--rate", "Hz", 1e-3, 1000);
}

export function wallFactorOption(options: OptionValues): number {
  return quantityOption(options, "--wall-factor", "ratio", 1) ?? 1;
}
