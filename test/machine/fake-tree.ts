// A machine made of a description: writes a fake /sys and /proc to a temporary folder and hands out MachineAccess on it.
// Files can be changed while meters hold them open; files can be closed to us, which a mode in git could not say for root.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import type { MachineAccess } from "../../src/measure/power-source.ts";
import { type MachineOptions, machineAccess } from "../../src/node/meters/machine-access.ts";

/** Absolute path → text or number of the file, or the absolute path that a link leads to. */
export type Tree = Readonly<Record<string, string | number | { readonly link: string }>>;

export interface FakeMachine {
  readonly root: string;
  readonly access: MachineAccess;
  /** Writes a file, in place: open readers see the new text. */
  set(path: string, content: string | number): void;
  /** Closes files whose path matches: EACCES, as for a user on files of mode 0400 of root. */
  deny(pattern: RegExp): void;
  /** Moves the clock, s. */
  wait(seconds: number): void;
  remove(): void;
}

/** Programs are not found unless `run` is given; perf events answer only if `openPerf` is. */
export interface FakeMachineOptions extends Omit<MachineOptions, "root" | "clock"> {
  readonly openPerf?: MachineAccess["openPerf"];
}

const NO_PROGRAM: MachineAccess["run"] = () => ({ errno: "ENOENT", stderr: "" });

export function fakeMachine(tree: Tree, options: FakeMachineOptions = {}): FakeMachine {
  const root = mkdtempSync(join(tmpdir(), "joulecast-tree-"));
  const denied: RegExp[] = [];
  const isDenied = (path: string) => denied.some((pattern) => pattern.test(path));
  let timeS = 0;
  const set = (path: string, content: string | number) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${content}\n`);
  };
  for (const [path, content] of Object.entries(tree)) {
    if (typeof content !== "object") {
      set(path, content);
      continue;
    }
    const from = join(root, path);
    mkdirSync(dirname(from), { recursive: true });
    mkdirSync(join(root, content.link), { recursive: true });
    symlinkSync(relative(dirname(from), join(root, content.link)), from);
  }
  const real = machineAccess({ run: NO_PROGRAM, platform: "linux", ...options, root, clock: () => timeS });
  const access: MachineAccess = {
    ...real,
    ...(options.openPerf === undefined ? {} : { openPerf: options.openPerf }),
    readText: (path) => (isDenied(path) ? { errno: "EACCES", mode: "0400, owner root" } : real.readText(path)),
    open: (path, sizeBytes) => (isDenied(path) ? undefined : real.open?.(path, sizeBytes)),
  };
  return {
    root,
    access,
    set,
    deny: (pattern) => void denied.push(pattern),
    wait: (seconds) => {
      timeS += seconds;
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** The files of one folder, so that a description need not repeat it. */
export function folder(path: string, files: Readonly<Record<string, Tree[string]>>): Tree {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [`${path}/${name}`, content]));
}
