// Several ways to the same hardware: the first that works is taken, so that nothing is counted twice.
import type { Found, Meter } from "../../measure/power-source.ts";
import { nvidiaSmi } from "./nvidia/nvidia-smi.ts";
import { nvml } from "./nvidia/nvml.ts";

/**
 * One meter out of several that read the same hardware: the sources of the first that has any, with the reasons of those before it.
 * @param id of the meter made
 * @param meters best first
 */
export function preferring(id: string, meters: readonly Meter[]): Meter {
  return {
    id,
    find(machine) {
      const reasons: Found[] = [];
      for (const meter of meters) {
        const found = meter.find(machine);
        if (found.some((entry) => "source" in entry)) return [...reasons, ...found];
        reasons.push(...found);
      }
      return reasons;
    },
  };
}

/** NVIDIA GPUs: NVML, and nvidia-smi where NVML cannot be loaded. */
export const nvidia: Meter = preferring("nvidia", [nvml, nvidiaSmi]);
