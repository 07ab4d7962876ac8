// The most memory a process has held. As a preload (`node --import`) it tells so on stderr when the process ends.
import { readFileSync, writeSync } from "node:fs";

/** Peak resident bytes. On Linux from /proc: getrusage's number starts at that of the parent process. */
export function peakBytes() {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS * 1024;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024;
}

if (process.execArgv.some((word) => word.includes("peak-memory.mjs")))
  process.on("exit", () => writeSync(2, `peakBytes ${peakBytes()}\n`));
