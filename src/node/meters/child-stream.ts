// A child process that keeps printing, line by line: the real `stream` of MachineAccess. Its lines arrive when the event loop turns,
// so a sampler that reads on a timer sees them between two reads.
import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import type { ProgramStream } from "../../measure/power-source.ts";

/**
 * Starts a program and hands on each line of its stdout.
 * @param program name on the PATH or file; no shell
 */
export function childStream(program: string, args: readonly string[], onLine: (line: string) => void): ProgramStream {
  let why: string | undefined;
  let complaint = "";
  const child = spawn(program, [...args], { stdio: ["ignore", "pipe", "pipe"] });
  // Whoever forgets to close must not be kept alive by it: neither by the child nor by its pipes (sockets, which the types hide).
  for (const held of [child, child.stdout as Socket, child.stderr as Socket]) held.unref();
  child.on("error", (error: NodeJS.ErrnoException) => {
    why = `${program}: ${error.code ?? error.message}`;
  });
  child.on("exit", (code, signal) => {
    why ??= `${program} ended with ${signal ?? `code ${code}`}${complaint === "" ? "" : `: ${complaint.trim()}`}`;
  });
  child.stderr.on("data", (bytes: Buffer) => {
    complaint = (complaint + bytes.toString()).slice(0, 500);
  });
  const lines = createInterface({ input: child.stdout });
  lines.on("line", onLine);
  return {
    ended: () => why,
    close() {
      why ??= "closed";
      lines.off("line", onLine);
      lines.close();
      child.stdout.destroy(); // what runs as root through sudo cannot be killed by us; it ends at its next print
      child.stderr.destroy();
      child.kill();
    },
  };
}
