// perf_event_open(2) by koffi: opens one counter of the Linux kernel for one CPU and all processes, and reads it as a file.
// Knows nothing of energy; perf.ts does. Layout of perf_event_attr: include/uapi/linux/perf_event.h, version 0 (64 bytes).
import { closeSync, readSync } from "node:fs";
import { constants } from "node:os";
import type { PerfCounter } from "../../../measure/power-source.ts";
import { loadKoffi } from "../native.ts";

type Koffi = typeof import("koffi");
type Syscall = (...args: readonly unknown[]) => number;

const ATTR_BYTES = 64;
const ALL_PROCESSES = -1;
const NO_GROUP = -1;
const CLOSE_ON_EXEC = 8;
/** Number of the system call, by architecture: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h. */
const SYSCALL_NUMBER: Readonly<Record<string, number>> = { x64: 298, arm64: 241 };

let bridge: { readonly koffi: Koffi; readonly syscall: Syscall } | undefined;

/** koffi is optional at run time: loaded at the first use, undefined where it is not installed. */
function loadBridge(): typeof bridge {
  if (bridge !== undefined) return bridge;
  const loaded = loadKoffi();
  if ("reason" in loaded) return undefined;
  const { koffi } = loaded;
  bridge = { koffi, syscall: koffi.load(null).func("long syscall(long, ...)") as Syscall };
  return bridge;
}

function errnoName(number: number): string {
  return Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? `errno ${number}`;
}

/** Opens event `config` of the unit `type` on one CPU. */
export function openPerfCounter(type: number, config: number, cpu: number): PerfCounter | { readonly errno: string } {
  const number = SYSCALL_NUMBER[process.arch];
  if (process.platform !== "linux" || number === undefined) return { errno: "ENOSYS" };
  const native = loadBridge();
  if (native === undefined) return { errno: "no-koffi" };
  const attributes = Buffer.alloc(ATTR_BYTES);
  attributes.writeUInt32LE(type, 0);
  attributes.writeUInt32LE(ATTR_BYTES, 4);
  attributes.writeBigUInt64LE(BigInt(config), 8);
  // biome-ignore format: one pair of type and value per argument
  const file = Number(native.syscall(
    number, "void *", attributes, "long", ALL_PROCESSES, "long", cpu, "long", NO_GROUP, "ulong", CLOSE_ON_EXEC,
  ));
  if (file < 0) return { errno: errnoName(native.koffi.errno()) };
  const value = Buffer.alloc(8);
  let isOpen = true;
  return {
    readCount() {
      if (!isOpen) return undefined;
      try {
        return readSync(file, value, 0, 8, null) === 8 ? value.readBigUInt64LE(0) : undefined;
      } catch {
        return undefined;
      }
    },
    close() {
      if (isOpen) closeSync(file);
      isOpen = false;
    },
  };
}
