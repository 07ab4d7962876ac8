// From the words of a MachineSpec to open sources and load columns. Used by the sampler's process, and by doctor in its own.
import { basename } from "node:path";
import type { MachineAccess } from "../../measure/power-source.ts";
import { monotonicS } from "../clock.ts";
import { machineAccess } from "../meters/machine-access.ts";
import { type LoadReader, openNvmlLoad } from "../meters/nvidia/nvml.ts";
import { readRecording, replayMeter } from "../meters/replay.ts";
import { findSources, METERS, type MeterEntry, type Sources } from "../meters/table.ts";
import { openLoad } from "../meters/utilisation.ts";
import { wallMeter } from "../meters/wall-meter.ts";
import type { MachineSpec } from "./protocol.ts";

export interface OpenMachine extends Sources {
  readonly access: MachineAccess;
  /** How busy the machine is. Empty for a replay, which has no machine. */
  readonly load: readonly LoadReader[];
  /** Closes sources and load columns. */
  close(): void;
}

function metersOf({ replay, wallMeter: wall }: MachineSpec): readonly MeterEntry[] {
  const machine = replay === undefined ? METERS : [{ meter: replayMeter(readRecording(replay), basename(replay)) }];
  return wall === undefined ? machine : [...machine, { meter: wallMeter(wall) }];
}

function selected({ usable, unusable }: Sources, only: readonly string[] | undefined): Sources {
  if (only === undefined) return { usable, unusable };
  const isWanted = (id: string) => only.some((start) => id.startsWith(start));
  for (const source of usable) if (!isWanted(source.info.id)) source.close();
  return { usable: usable.filter(({ info }) => isWanted(info.id)), unusable };
}

/** @throws InputError when a recording that should be replayed cannot be read */
export function openMachine(spec: MachineSpec): OpenMachine {
  const { root, replay, cpuTdpW, dimms, models = true, only } = spec;
  const access = machineAccess({ clock: monotonicS, ...(root !== undefined && { root }) });
  const sources = selected(
    findSources(access, {
      meters: metersOf(spec),
      models: models && replay === undefined,
      cpu: { tdpW: () => cpuTdpW },
      ...(dimms !== undefined && { dimms }),
    }),
    only,
  );
  const isReal = root === undefined || process.env.JOULECAST_NVML !== undefined;
  const nvidiaLoad = () => (isReal ? openNvmlLoad(access) : []);
  const load = replay === undefined ? [...openLoad(access), ...nvidiaLoad()] : [];
  return {
    ...sources,
    access,
    load,
    close() {
      for (const one of [...sources.usable, ...load]) one.close();
    },
  };
}
