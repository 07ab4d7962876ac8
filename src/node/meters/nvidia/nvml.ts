// NVIDIA GPUs by NVML: the board's energy counter (Volta and later) and its power gauge, several GPUs, and their load.
// The library itself is nvml-library.ts; nvidia-smi.ts is the way without it; preferring.ts takes the first of the two that works.
import type { Found, MachineAccess, Meter, PowerSource, Reading, SourceInfo } from "../../../measure/power-source.ts";
import { nvidiaGauge, nvidiaHardware } from "./boards.ts";
import type { Answer, NvmlAbsent, NvmlDevice, NvmlLibrary } from "./nvml-library.ts";
import { loadNvml, NVML_CODE, NVML_FIELD, NVML_PATHS } from "./nvml-library.ts";

/** Where the library is. Default: environment JOULECAST_NVML, else the driver's own. */
export interface NvmlOptions {
  /** File that a person named: when it cannot be loaded, that is said on any machine. */
  readonly libraryPath?: string;
  /** Names tried, in order, when nobody named one. Default: the driver's own. */
  readonly usualPaths?: readonly string[];
}

/** Code of nvmlReturn_t → what mends it. */
const FIXES: Readonly<Record<number, string>> = {
  [NVML_CODE.noPermission]:
    "let your user read /dev/nvidia*: sudo usermod -aG video $USER, then log in again; in a container run with --gpus all",
  [NVML_CODE.driverNotLoaded]: "sudo modprobe nvidia (or install the NVIDIA driver); `nvidia-smi` must work",
  [NVML_CODE.gpuIsLost]: "the GPU fell off the bus: look at `dmesg | grep NVRM`, reseat or power-cycle the machine",
  [NVML_CODE.resetRequired]: "sudo nvidia-smi --gpu-reset, when nothing uses the GPU",
  [NVML_CODE.libRmVersionMismatch]:
    "driver and library are of different versions: reboot, or unload and load the nvidia kernel modules",
};
const DRIVER_FIX =
  "install NVIDIA's driver, or in a container mount it: --gpus all with NVIDIA_DRIVER_CAPABILITIES=utility,compute";

/** Whether the answer says that this board or driver has no such number, rather than that reading it failed. */
const isUnsupported = (code: number) => code === NVML_CODE.notSupported || code === NVML_CODE.functionNotFound;

/** A meter on the NVML library. */
export function nvmlMeter(options: NvmlOptions = {}): Meter {
  return {
    id: "nvml",
    find(machine) {
      const paths = pathsFor(machine, options);
      if (paths.length === 0) return [];
      const library = loadNvml(paths);
      if ("stage" in library) return explainAbsence(library, machine, namedPath(options) !== undefined);
      return findBoards(library);
    },
  };
}

const namedPath = (options: NvmlOptions) => options.libraryPath ?? process.env.JOULECAST_NVML;

/** What to load: the file that was named, else the usual ones; none where the real machine's libraries are not meant. */
function pathsFor(machine: MachineAccess, options: NvmlOptions): readonly string[] {
  const named = namedPath(options);
  if (named !== undefined) return [named];
  return machine.nativeLibraries === false ? [] : (options.usualPaths ?? NVML_PATHS[machine.platform]);
}

/** NVIDIA GPUs through the installed driver's library. */
export const nvml: Meter = nvmlMeter();

function explainAbsence(absent: NvmlAbsent, machine: MachineAccess, given: boolean): readonly Found[] {
  const hardware = nvidiaHardware(machine);
  const harmless = absent.stage !== "init" || absent.code === NVML_CODE.driverNotLoaded;
  if (hardware === undefined && !given && harmless) return [];
  const fix =
    absent.stage === "koffi"
      ? "npm install koffi, or put nvidia-smi on the PATH"
      : absent.stage === "library"
        ? given
          ? "point JOULECAST_NVML at libnvidia-ml.so.1 (or nvml.dll), or unset it"
          : DRIVER_FIX
        : (FIXES[absent.code ?? -1] ?? "see whether `nvidia-smi` works");
  const reason = hardware === undefined ? absent.reason : `${hardware}, but ${absent.reason}`;
  return [{ unusable: { id: "nvml", domain: "gpu", reason, fix } }];
}

/** The library stays initialised until its last source is closed. */
class Lease {
  readonly #library: NvmlLibrary;
  #holders = 0;

  constructor(library: NvmlLibrary) {
    this.#library = library;
  }

  take(): () => void {
    this.#holders += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holders -= 1;
      if (this.#holders === 0) this.#library.shutdown();
    };
  }
}

function findBoards(library: NvmlLibrary): readonly Found[] {
  const lease = new Lease(library);
  const release = lease.take();
  try {
    const count = library.deviceCount();
    if (!("value" in count)) return [unusable("nvml", count)];
    return Array.from({ length: count.value }, (_, index) => index).flatMap((index) => {
      const device = library.device(index);
      return "value" in device ? findSources(device.value, index, library, lease) : [unusable(`nvml/${index}`, device)];
    });
  } finally {
    release();
  }
}

function unusable(id: string, refusal: { readonly code: number; readonly error: string }): Found {
  return { unusable: { id, domain: "gpu", reason: refusal.error, fix: FIXES[refusal.code] ?? "" } };
}

const answered = <T>(answer: Answer<T>): T | undefined => ("value" in answer ? answer.value : undefined);

function findSources(device: NvmlDevice, index: number, library: NvmlLibrary, lease: Lease): readonly Found[] {
  const name = answered(device.name()) ?? "NVIDIA GPU";
  const board = `nvml/${answered(device.uuid()) ?? index}`;
  const mig = answered(device.migOn()) === true;
  const limitMw = answered(device.limitMw());
  const driver = library.driverVersion();
  const shared = {
    name: `GPU ${index} (${name})${mig ? ", whole board, MIG is on" : ""}`,
    domain: "gpu" as const,
    toleranceRatio: 0.05,
    resolution: 0.001,
    ...(limitMw === undefined ? {} : { maxPowerW: limitMw / 1000 }),
  };
  const scope =
    "Covers the board with its memory, not the rest of the machine" +
    (mig ? "; MIG is on, and the number is that of all its instances together" : "") +
    (driver === undefined ? "." : `. Driver ${driver}.`);

  const counter: SourceInfo = {
    ...shared,
    id: `${board}/total-energy`,
    kind: "measured",
    reads: "energy",
    provenance: `nvmlDeviceGetTotalEnergyConsumption, mJ since the driver was loaded [NVML]. ${scope}`,
  };
  const firstEnergy = device.totalEnergyMj();
  const counterWorks = "value" in firstEnergy;

  const instant = device.field(NVML_FIELD.powerInstant);
  const readPower = "value" in instant ? () => device.field(NVML_FIELD.powerInstant) : () => device.powerMw();
  const firstPower = readPower();
  const how = nvidiaGauge(name, "value" in instant ? "instant" : "usage");
  const gauge: SourceInfo = {
    ...shared,
    ...how.known,
    id: `${board}/power`,
    kind: "integrated",
    reads: "power",
    ...(counterWorks ? { partOf: counter.id } : {}),
    provenance: `${"value" in instant ? "NVML_FI_DEV_POWER_INSTANT" : "nvmlDeviceGetPowerUsage"} [NVML]. ${how.remark} ${scope}`,
  };

  return [
    counterWorks
      ? { source: sourceOf(counter, () => joules(device.totalEnergyMj()), lease) }
      : unusable(counter.id, {
          code: firstEnergy.code,
          error: isUnsupported(firstEnergy.code)
            ? `${firstEnergy.error}: boards before Volta have no energy counter; power is summed instead`
            : firstEnergy.error,
        }),
    "value" in firstPower
      ? { source: sourceOf(gauge, () => watts(readPower()), lease) }
      : unusable(gauge.id, firstPower),
  ];
}

const joules = (answer: Answer<number>): Reading | undefined =>
  "value" in answer ? { energyJ: answer.value / 1000 } : undefined;
const watts = (answer: Answer<number>): Reading | undefined =>
  "value" in answer ? { powerW: answer.value / 1000 } : undefined;

function sourceOf(info: SourceInfo, read: () => Reading | undefined, lease: Lease): PowerSource {
  const release = lease.take();
  let open = true;
  return {
    info,
    read: () => (open ? read() : undefined),
    close() {
      open = false;
      release();
    },
  };
}

/** Load of one GPU, for the load columns of a recording. */
export interface LoadReader {
  /** "gpu/0": share of time that a kernel ran. "vram/0": share of the board's memory in use. */
  readonly name: string;
  /** A ratio in [0, 1]; undefined when it failed. */
  read(): number | undefined;
  close(): void;
}

/**
 * Utilisation and memory of every NVIDIA GPU: two readers each ("gpu/0", "vram/0", "gpu/1", …), only those that answer.
 * Empty where NVML cannot be loaded. NVML averages utilisation over 1/6 s to 1 s [NVML].
 */
export function openNvmlLoad(machine: MachineAccess, options: NvmlOptions = {}): readonly LoadReader[] {
  const paths = pathsFor(machine, options);
  if (paths.length === 0) return [];
  const library = loadNvml(paths);
  if ("stage" in library) return [];
  const lease = new Lease(library);
  const release = lease.take();
  const count = answered(library.deviceCount()) ?? 0;
  const readers = Array.from({ length: count }, (_, index) => index).flatMap((index) => {
    const device = answered(library.device(index));
    if (device === undefined) return [];
    const columns: readonly (readonly [string, () => number | undefined])[] = [
      [`gpu/${index}`, () => answered(device.utilisation())?.gpuRatio],
      [`vram/${index}`, () => usedRatio(answered(device.memory()))],
    ];
    return columns.filter(([, read]) => read() !== undefined);
  });
  const opened = readers.map(([name, read]) => ({ name, read, close: lease.take() }));
  release();
  return opened;
}

function usedRatio(memory: { readonly totalBytes: number; readonly usedBytes: number } | undefined) {
  return memory === undefined || memory.totalBytes === 0 ? undefined : memory.usedBytes / memory.totalBytes;
}
