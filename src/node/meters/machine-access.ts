// The machine as meters see it: files below a root, programs, a clock. The one place of node/meters that touches node:fs and
// node:child_process for sysfs; every meter takes it as an argument, so that a fake tree is a machine too (habit 4 of the design).
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, readSync, realpathSync, statSync } from "node:fs";
import { cpus, freemem, totalmem } from "node:os";
import { join } from "node:path";
import type { MachineAccess, OpenText } from "../../measure/power-source.ts";
import { EXIT, whyNotStartable } from "../run/find-program.ts";
import { childStream } from "./child-stream.ts";
import { openPerfCounter } from "./rapl/perf-counter.ts";
import { parseNumberBytes } from "./sysfs.ts";

export interface MachineOptions {
  /** Folder that stands for "/". Default: the real root; with another one nothing of the real kernel (perf events, os) is used. */
  readonly root?: string;
  /** Monotonic time, s. Default: the process's high-resolution clock. */
  readonly clock?: () => number;
  /** Runs programs. Default: spawnSync without a shell. */
  readonly run?: MachineAccess["run"];
  /** Keeps programs running. Default: a child process without a shell. */
  readonly stream?: MachineAccess["stream"];
  /** Longest time a program may take, ms. Default 5000. */
  readonly timeoutMs?: number;
  /** Default: this machine's. */
  readonly platform?: MachineAccess["platform"];
}

const KNOWN_PLATFORMS = { linux: "linux", darwin: "darwin", win32: "win32" } as const;
const DEFAULT_FILE_BYTES = 256;

function errnoOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "EIO";
}

/** "0400, owner root"; undefined when even that cannot be seen. */
function modeOf(path: string): string | undefined {
  try {
    const { mode, uid } = statSync(path);
    return `${(mode & 0o7777).toString(8).padStart(4, "0")}, owner ${uid === 0 ? "root" : uid}`;
  } catch {
    return undefined;
  }
}

function openText(path: string, sizeBytes: number): OpenText | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return undefined;
  }
  const buffer = Buffer.allocUnsafe(sizeBytes);
  let isOpen = true;
  /** Bytes read into the buffer; -1 when the read failed. */
  const fill = () => {
    if (!isOpen) return -1;
    try {
      return readSync(file, buffer, 0, sizeBytes, 0); // position 0: sysfs and procfs make the text anew
    } catch {
      return -1;
    }
  };
  return {
    read() {
      const length = fill();
      return length < 0 ? undefined : buffer.toString("latin1", 0, length);
    },
    readNumber() {
      const length = fill();
      return length < 0 ? undefined : parseNumberBytes(buffer, length);
    },
    close() {
      if (isOpen) closeSync(file);
      isOpen = false;
    },
  };
}

function runner(timeoutMs: number): MachineAccess["run"] {
  return (program, args) => {
    // Most meters' programs are on no machine: looking along PATH is cheaper than a process that fails to start.
    if (whyNotStartable(program)?.exitCode === EXIT.notFound) return { errno: "ENOENT", stderr: "" };
    const done = spawnSync(program, args, { encoding: "utf8", timeout: timeoutMs, windowsHide: true });
    if (done.error !== undefined) return { errno: errnoOf(done.error), stderr: done.stderr ?? "" };
    if (done.status !== 0) return { errno: `exit ${done.status ?? done.signal}`, stderr: done.stderr };
    return { stdout: done.stdout };
  };
}

function osLoad(): ReturnType<NonNullable<MachineAccess["load"]>> {
  const all = cpus();
  return {
    model: all[0]?.model ?? "",
    cpus: all.map(({ times }) => {
      const busyMs = times.user + times.nice + times.sys + times.irq;
      return { busyS: busyMs / 1000, totalS: (busyMs + times.idle) / 1000 };
    }),
    memoryRatio: 1 - freemem() / totalmem(),
  };
}

/** A machine that is only a tree of files has no programs: those of the machine we run on would tell of another one. */
const noPrograms: MachineAccess["run"] = (program) => ({ errno: "ENOENT", stderr: `${program}: not below this root` });

/** This machine, or the one that a folder describes. */
export function machineAccess(options: MachineOptions = {}): MachineAccess {
  const { root = "/", timeoutMs = 5000 } = options;
  const isReal = root === "/";
  const below = (path: string) => join(root, path);
  const platform = options.platform ?? KNOWN_PLATFORMS[process.platform as "linux"] ?? "linux";
  return {
    platform,
    readText(path) {
      try {
        return { text: readFileSync(below(path), "utf8") };
      } catch (error) {
        const mode = modeOf(below(path));
        return mode === undefined ? { errno: errnoOf(error) } : { errno: errnoOf(error), mode };
      }
    },
    list(path) {
      try {
        return readdirSync(below(path)).sort();
      } catch {
        return [];
      }
    },
    realPath(path) {
      try {
        const real = realpathSync(below(path));
        return isReal ? real : real.slice(realpathSync(root).length) || "/";
      } catch {
        return undefined;
      }
    },
    open: (path, sizeBytes = DEFAULT_FILE_BYTES) => openText(below(path), sizeBytes),
    run: options.run ?? (isReal ? runner(timeoutMs) : noPrograms),
    ...((options.stream ?? isReal) && { stream: options.stream ?? childStream }),
    nativeLibraries: isReal,
    ...(!isReal && { root }),
    nowS: options.clock ?? (() => performance.now() / 1000),
    ...(isReal ? { openPerf: openPerfCounter, load: osLoad } : {}),
  };
}
