// What is known of a plan's machine: from the hardware catalogue, by the name of its accelerator.
import { plainName } from "../../../hardware/find.ts";
import type { Hardware } from "../../../hardware/hardware.ts";
import { readCatalogue, resolveDevice } from "../../../node/catalogue.ts";
import type { Features } from "../../../predict/pre/run.ts";
import { InputError } from "../../../units/input-error.ts";

/** Finds devices, each name once. */
export interface DeviceFinder {
  /** @throws InputError "unknown-device" */
  get(name: string): Promise<Hardware>;
  /** Undefined instead of an error. */
  find(name: string): Promise<Hardware | undefined>;
}

export async function deviceFinder(): Promise<DeviceFinder> {
  const catalogue = await readCatalogue();
  const found = new Map<string, Promise<Hardware>>();
  const get = (name: string): Promise<Hardware> => {
    const known = found.get(name) ?? resolveDevice(name, catalogue);
    found.set(name, known);
    return known;
  };
  return {
    get,
    find: async (name) => {
      try {
        return await get(name);
      } catch (error) {
        if (error instanceof InputError && error.code === "unknown-device") return undefined;
        throw error;
      }
    },
  };
}

/** Arithmetic lanes ("CUDA cores") of a GPU, one fused multiply-add each per clock; physical cores of a CPU. */
function coresOf({ kind, cores, flopsPerClockPerCore }: Hardware): number | undefined {
  const lanes = flopsPerClockPerCore.float32;
  if (cores === undefined || kind === "cpu") return cores?.value;
  return lanes === undefined ? undefined : (cores.value * lanes.value) / 2;
}

export function machineFeatures(device: Hardware): Features {
  const numbers = {
    gpuCores: coresOf(device),
    gpuMemoryBytes: device.memoryBytes?.value,
    gpuTdpW: device.tdpW?.value,
    peakFlopsPerS: device.peakFlopsPerS.float32?.value,
    memoryBytesPerS: device.memoryBytesPerS?.value,
  };
  return Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined));
}

/** True when both names are of the same device. */
export const isDevice = (device: Hardware, name: string): boolean =>
  [device.id, device.name, ...device.aliases].some((each) => plainName(each) === plainName(name));
