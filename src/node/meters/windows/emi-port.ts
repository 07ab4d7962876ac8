// Talking to Windows' energy meter devices through koffi: find them, open them, ask by DeviceIoControl. Bytes only; their meaning
// is emi.ts. Written from the documents [EMI] and never run on Windows: every failure ends in a reason, none in a throw.
import { loadKoffi } from "../native.ts";

/** One opened energy meter device. */
export interface EmiDevice {
  /** 1 or 2, or undefined when it does not tell. */
  version(): number | undefined;
  metadata(): Buffer | undefined;
  /** Bytes of all channels' measurements. */
  measure(sizeBytes: number): Buffer | undefined;
  close(): void;
}

export interface EmiPort {
  /** Interface paths of all energy meters present. */
  devicePaths(): readonly string[];
  open(path: string): EmiDevice | { readonly reason: string };
}

// CTL_CODE(FILE_DEVICE_UNKNOWN = 0x22, n, METHOD_BUFFERED = 0, FILE_READ_ACCESS = 1)
const IOCTL = { version: 0x224000, metadataSize: 0x224004, metadata: 0x224008, measurement: 0x22400c } as const;
/** GUID_DEVICE_ENERGY_METER {45BD8344-7ED6-49CF-A440-C276C933B053} as it lies in memory. */
const ENERGY_METER_GUID = Buffer.from("4483bd45d67ecf49a440c276c933b053", "hex");
const GENERIC_READ = 0x80000000;
const SHARE_READ_WRITE = 3;
const OPEN_EXISTING = 3;
const INVALID_HANDLE = 0xffffffffffffffffn;

type Call = (...args: unknown[]) => unknown;

/** The way to Windows' energy meters, or why there is none. */
export function openEmiPort(): EmiPort | { readonly reason: string } {
  const loaded = loadKoffi();
  if ("reason" in loaded) return loaded;
  try {
    const manager = loaded.koffi.load("cfgmgr32.dll");
    const kernel = loaded.koffi.load("kernel32.dll");
    return portOf({
      listSize: manager.func("CM_Get_Device_Interface_List_SizeW", "uint32", ["void *", "void *", "void *", "uint32"]),
      list: manager.func("CM_Get_Device_Interface_ListW", "uint32", ["void *", "void *", "void *", "uint32", "uint32"]),
      create: kernel.func("CreateFileW", "uintptr_t", [
        "str16",
        "uint32",
        "uint32",
        "void *",
        "uint32",
        "uint32",
        "uintptr_t",
      ]),
      control: kernel.func("DeviceIoControl", "int", [
        "uintptr_t",
        "uint32",
        "void *",
        "uint32",
        "void *",
        "uint32",
        "void *",
        "void *",
      ]),
      close: kernel.func("CloseHandle", "int", ["uintptr_t"]),
    });
  } catch (error) {
    return { reason: `Windows' energy meter functions: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function portOf(windows: Readonly<Record<"listSize" | "list" | "create" | "control" | "close", Call>>): EmiPort {
  return {
    devicePaths() {
      const size = Buffer.alloc(4);
      if (windows.listSize(size, ENERGY_METER_GUID, null, 0) !== 0) return [];
      const characters = size.readUInt32LE(0);
      const text = Buffer.alloc(characters * 2);
      if (windows.list(ENERGY_METER_GUID, null, text, characters, 0) !== 0) return [];
      return text
        .toString("utf16le")
        .split("\0")
        .filter((path) => path !== "");
    },
    open(path) {
      const created = windows.create(path, GENERIC_READ, SHARE_READ_WRITE, null, OPEN_EXISTING, 0, 0);
      const handle = BigInt.asUintN(64, BigInt(created as number | bigint));
      if (handle === 0n || handle === INVALID_HANDLE) return { reason: `${path}: CreateFile was refused` };
      const ask = (code: number, sizeBytes: number): Buffer | undefined => {
        const out = Buffer.alloc(sizeBytes);
        const returned = Buffer.alloc(4);
        const ok = windows.control(handle, code, null, 0, out, sizeBytes, returned, null);
        return ok === 0 ? undefined : out.subarray(0, returned.readUInt32LE(0));
      };
      return {
        version: () => readInteger(ask(IOCTL.version, 2), 2),
        metadata() {
          const sizeBytes = readInteger(ask(IOCTL.metadataSize, 4), 4);
          return sizeBytes === undefined ? undefined : ask(IOCTL.metadata, sizeBytes);
        },
        measure: (sizeBytes) => ask(IOCTL.measurement, sizeBytes),
        close: () => void windows.close(handle),
      };
    },
  };
}

function readInteger(bytes: Buffer | undefined, sizeBytes: number): number | undefined {
  return bytes === undefined || bytes.length < sizeBytes ? undefined : bytes.readUIntLE(0, sizeBytes);
}
