// Is the process that wrote this journal still there? A pid alone is not enough: it is used again, and another container or
// another host that shares the folder has its own pids. So the start time and a mark of the machine go with it.
import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";

/** Which process, told apart from a later one of the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the platform's own words; undefined where the platform does not say. */
  readonly started?: string;
  /** Boot and process-number space that the pid belongs to; undefined where the platform does not say. */
  readonly machine?: string;
}

/** What can be asked of the machine about processes. */
export interface ProcessProbe {
  isAlive(pid: number): boolean;
  startOf(pid: number): string | undefined;
  machine(): string | undefined;
}

const attempt = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};

/** Field 22 of /proc/PID/stat: ticks since boot [proc(5)]. The name in field 2 may hold spaces and brackets. */
function linuxStart(pid: number): string | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

const START_OF: Readonly<Record<string, (pid: number) => string | undefined>> = {
  linux: linuxStart,
  darwin: (pid) =>
    attempt(() => execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined),
};

/** This machine. On Windows only the pid is known. */
export const THIS_MACHINE: ProcessProbe = {
  isAlive: (pid) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== "ESRCH";
    }
  },
  startOf: (pid) => START_OF[process.platform]?.(pid),
  machine: () =>
    attempt(
      () => `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${readlinkSync("/proc/self/ns/pid")}`,
    ),
};

/** Identity of the process `pid`, by default this one. */
export function identify(pid: number = process.pid, probe: ProcessProbe = THIS_MACHINE): ProcessIdentity {
  const started = probe.startOf(pid);
  const machine = probe.machine();
  return { pid, ...(started !== undefined && { started }), ...(machine !== undefined && { machine }) };
}

/** A journal of another machine that nobody has written to for so long is taken as left behind, s. */
export const STALE_AFTER_S = 600;

/**
 * True when the process is surely gone.
 * @param idleS time since its journal was last written, s: decides where the process cannot be asked for
 */
export function isGone(identity: ProcessIdentity, idleS: number, probe: ProcessProbe = THIS_MACHINE): boolean {
  if (identity.machine !== probe.machine()) return idleS >= STALE_AFTER_S;
  if (!probe.isAlive(identity.pid)) return true;
  const started = probe.startOf(identity.pid);
  return identity.started !== undefined && started !== undefined && started !== identity.started;
}
