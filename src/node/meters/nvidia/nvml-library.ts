// NVIDIA's management library (libnvidia-ml) through koffi: which functions we call, how their bytes lie, what their errors mean.
// It reads and never sets. Both koffi and the library are optional: what is absent is a reason, not a crash. Meanings of sources
// are nvml.ts. Signatures and constants: [NVML], nvml.h of driver 530 and later.
import type { LibraryHandle } from "koffi";
import { firstLine } from "../../../units/error-text.ts";
import { loadKoffi } from "../native.ts";

/** What a call gave, or the library's error code with its text. */
export type Answer<T> = { readonly value: T } | { readonly code: number; readonly error: string };

/** nvmlReturn_t: the ones we tell apart. */
export const NVML_CODE = {
  success: 0,
  uninitialised: 1,
  invalidArgument: 2,
  notSupported: 3,
  noPermission: 4,
  driverNotLoaded: 9,
  libraryNotFound: 12,
  functionNotFound: 13,
  gpuIsLost: 15,
  resetRequired: 16,
  libRmVersionMismatch: 18,
  unknown: 999,
} as const;

/** Ids of nvmlDeviceGetFieldValues that give the board's power in mW. */
export const NVML_FIELD = { powerAverage: 185, powerInstant: 186 } as const;

/** One GPU (whole board). Calls are cheap (microseconds to some milliseconds) and synchronous. */
export interface NvmlDevice {
  /** "GPU-5f3c…": stable over restarts. */
  uuid(): Answer<string>;
  /** "NVIDIA A100-SXM4-40GB". */
  name(): Answer<string>;
  /** Energy since the driver was loaded, mJ. Volta and later. */
  totalEnergyMj(): Answer<number>;
  /** Power, mW: a 1-s average on Ampere and later except GA100, else the sensor's last value. */
  powerMw(): Answer<number>;
  /** Value of one field of nvmlDeviceGetFieldValues. */
  field(fieldId: number): Answer<number>;
  /** Power limit in force, mW. */
  limitMw(): Answer<number>;
  /** Share of time that a kernel ran, and that memory was accessed, each in [0, 1]. */
  utilisation(): Answer<{ readonly gpuRatio: number; readonly memoryRatio: number }>;
  /** Memory of the board, bytes. */
  memory(): Answer<{ readonly totalBytes: number; readonly usedBytes: number }>;
  /** Whether the GPU is cut into instances (MIG) now. */
  migOn(): Answer<boolean>;
}

/** The library, initialised. */
export interface NvmlLibrary {
  /** As it was loaded: "libnvidia-ml.so.1". */
  readonly path: string;
  /** "535.104.05", where it tells. */
  driverVersion(): string | undefined;
  deviceCount(): Answer<number>;
  device(index: number): Answer<NvmlDevice>;
  /** Gives the library back. Every init needs one shutdown; NVML counts them. */
  shutdown(): void;
}

/** Why there is no NVML. */
export interface NvmlAbsent {
  readonly stage: "koffi" | "library" | "init";
  /** nvmlReturn_t of nvmlInit_v2, where it came so far. */
  readonly code?: number;
  readonly reason: string;
}

/** Where the driver puts the library, most usual first. A Mac has none. */
export const NVML_PATHS = {
  linux: ["libnvidia-ml.so.1", "libnvidia-ml.so", "/usr/lib/wsl/lib/libnvidia-ml.so.1"],
  win32: ["nvml.dll", "C:\\Program Files\\NVIDIA Corporation\\NVSMI\\nvml.dll"],
  darwin: [],
} as const;

type Call = (...args: unknown[]) => unknown;

/**
 * Loads and initialises NVML from the first path that can be opened.
 * @param paths library names or files, tried in order
 */
export function loadNvml(paths: readonly string[]): NvmlLibrary | NvmlAbsent {
  const loaded = loadKoffi();
  if ("reason" in loaded) return { stage: "koffi", reason: loaded.reason };
  const failures: string[] = [];
  for (const path of paths) {
    let handle: LibraryHandle;
    try {
      handle = loaded.koffi.load(path);
    } catch (error) {
      failures.push(`${path}: ${firstLine(error)}`);
      continue;
    }
    return initialise(handle, path);
  }
  return { stage: "library", reason: failures.join("; ") };
}

/** Functions of the library by name, bound at first use; an old driver may lack some. */
class Functions {
  readonly #handle: LibraryHandle;
  readonly #bound = new Map<string, Call | undefined>();
  #errorText: Call | undefined;

  constructor(handle: LibraryHandle) {
    this.#handle = handle;
    this.#errorText = this.#bind("nvmlErrorString", "str", ["int"]);
  }

  #bind(name: string, result: string, args: string[]): Call | undefined {
    try {
      return this.#handle.func(name, result, args);
    } catch {
      return undefined;
    }
  }

  /** Calls a function that returns nvmlReturn_t; 13 (function not found) where the library has no such function. */
  call(name: string, types: string[], args: readonly unknown[]): number {
    if (!this.#bound.has(name)) this.#bound.set(name, this.#bind(name, "int", types));
    const bound = this.#bound.get(name);
    return bound === undefined ? NVML_CODE.functionNotFound : Number(bound(...args));
  }

  refusal(name: string, code: number): { readonly code: number; readonly error: string } {
    const missing = code === NVML_CODE.functionNotFound;
    const text = missing ? "not in this library" : String(this.#errorText?.(code) ?? "unknown error");
    return { code, error: `${name}: ${text} (NVML ${code})` };
  }

  /** Calls and, on success, reads what was written to the buffer. */
  ask<T>(name: string, types: string[], args: readonly unknown[], read: () => T): Answer<T> {
    const code = this.call(name, types, args);
    return code === NVML_CODE.success ? { value: read() } : this.refusal(name, code);
  }
}

function initialise(handle: LibraryHandle, path: string): NvmlLibrary | NvmlAbsent {
  const functions = new Functions(handle);
  const code = functions.call("nvmlInit_v2", [], []);
  if (code !== NVML_CODE.success) {
    return { stage: "init", code, reason: `${path}: ${functions.refusal("nvmlInit_v2", code).error}` };
  }
  const number = Buffer.alloc(8);
  return {
    path,
    driverVersion() {
      const text = Buffer.alloc(96);
      const answer = functions.ask("nvmlSystemGetDriverVersion", ["void *", "uint"], [text, text.length], () =>
        textOf(text),
      );
      return "value" in answer ? answer.value : undefined;
    },
    deviceCount: () =>
      functions.ask("nvmlDeviceGetCount_v2", ["void *"], [number.fill(0)], () => number.readUInt32LE(0)),
    device(index) {
      const found = functions.ask(
        "nvmlDeviceGetHandleByIndex_v2",
        ["uint", "void *"],
        [index, number.fill(0)],
        () => number.readBigUInt64LE(0), // NVML exists for 64-bit little-endian machines only
      );
      return "value" in found ? { value: deviceOf(functions, found.value) } : found;
    },
    shutdown() {
      functions.call("nvmlShutdown", [], []);
    },
  };
}

function deviceOf(functions: Functions, handle: bigint): NvmlDevice {
  const out = Buffer.alloc(96);
  const ask = <T>(name: string, read: () => T) =>
    functions.ask(name, ["uintptr_t", "void *"], [handle, out.fill(0)], read);
  const askText = (name: string) =>
    functions.ask(name, ["uintptr_t", "void *", "uint"], [handle, out.fill(0), out.length], () => textOf(out));
  return {
    uuid: () => askText("nvmlDeviceGetUUID"),
    name: () => askText("nvmlDeviceGetName"),
    totalEnergyMj: () => ask("nvmlDeviceGetTotalEnergyConsumption", () => Number(out.readBigUInt64LE(0))),
    powerMw: () => ask("nvmlDeviceGetPowerUsage", () => out.readUInt32LE(0)),
    field: (fieldId) => readField(functions, handle, out, fieldId),
    limitMw() {
      const enforced = ask("nvmlDeviceGetEnforcedPowerLimit", () => out.readUInt32LE(0));
      return "value" in enforced ? enforced : ask("nvmlDeviceGetPowerManagementLimit", () => out.readUInt32LE(0));
    },
    // nvmlUtilization_t { unsigned int gpu, memory; } in percent
    utilisation: () =>
      ask("nvmlDeviceGetUtilizationRates", () => ({
        gpuRatio: out.readUInt32LE(0) / 100,
        memoryRatio: out.readUInt32LE(4) / 100,
      })),
    // nvmlMemory_t { unsigned long long total, free, used; } in bytes
    memory: () =>
      ask("nvmlDeviceGetMemoryInfo", () => ({
        totalBytes: Number(out.readBigUInt64LE(0)),
        usedBytes: Number(out.readBigUInt64LE(16)),
      })),
    migOn: () =>
      functions.ask(
        "nvmlDeviceGetMigMode",
        ["uintptr_t", "void *", "void *"],
        [handle, out.fill(0), out.subarray(8)],
        () => out.readUInt32LE(0) === 1,
      ),
  };
}

/** nvmlFieldValue_t: uint fieldId, uint scopeId, int64 timestamp, int64 latencyUsec, int valueType, int nvmlReturn, 8-byte value. */
const FIELD = { sizeBytes: 40, valueType: 24, nvmlReturn: 28, value: 32 } as const;

/** nvmlValueType_t → how the value's 8 bytes are read. */
const READ_VALUE: readonly ((bytes: Buffer) => number)[] = [
  (bytes) => bytes.readDoubleLE(FIELD.value),
  (bytes) => bytes.readUInt32LE(FIELD.value),
  // unsigned long: 8 bytes on Linux; 4 on Windows, where the upper half stays 0 as we cleared it
  (bytes) => Number(bytes.readBigUInt64LE(FIELD.value)),
  (bytes) => Number(bytes.readBigUInt64LE(FIELD.value)),
  (bytes) => Number(bytes.readBigInt64LE(FIELD.value)),
  (bytes) => bytes.readInt32LE(FIELD.value),
  (bytes) => bytes.readUInt16LE(FIELD.value),
];

function readField(functions: Functions, handle: bigint, out: Buffer, fieldId: number): Answer<number> {
  const name = "nvmlDeviceGetFieldValues";
  out.fill(0);
  out.writeUInt32LE(fieldId, 0);
  const code = functions.call(name, ["uintptr_t", "int", "void *"], [handle, 1, out]);
  const inner = code === NVML_CODE.success ? out.readInt32LE(FIELD.nvmlReturn) : code;
  if (inner !== NVML_CODE.success) return functions.refusal(`${name}(${fieldId})`, inner);
  const type = out.readInt32LE(FIELD.valueType);
  const read = READ_VALUE[type];
  if (read === undefined) {
    return { code: NVML_CODE.unknown, error: `${name}(${fieldId}): value of an unknown type ${type}` };
  }
  return { value: read(out) };
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}
