// Compiles the made-up NVML library into a folder of its own and writes the file that says which GPUs it has and how late it is.
// The truth about its joules is energyBetween, computed here apart from the C code.
import { execFileSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Power over time: linear between its points [s, W], flat outside. Two points at one time are a jump. */
export type PowerCurve = readonly (readonly [timeS: number, powerW: number])[];

export interface FakeGpu {
  readonly uuid: string;
  readonly name: string;
  readonly curve: PowerCurve;
  /** Default 400. */
  readonly limitW?: number;
  /** Time between two new values, s. Default 0: always new. */
  readonly updateS?: number;
  /** The power gauge is the mean of so much time before each update, s. Default 0: the value of that moment. */
  readonly windowS?: number;
  /** Counter at time 0, mJ. Default 0. */
  readonly startMj?: number;
  /** true or false, or undefined where the board knows no MIG. */
  readonly mig?: boolean;
  readonly utilisation?: readonly [gpuPercent: number, memoryPercent: number];
  readonly memory?: { readonly totalBytes: number; readonly usedBytes: number };
  /** NVML function (or "NVML_FI_DEV_POWER_INSTANT") → the error code it returns for this GPU. */
  readonly fails?: Readonly<Record<string, number>>;
}

export interface FakeNvmlMachine {
  /** Time of the curves, s. */
  readonly nowS?: number;
  /** Instead of nowS: the CLOCK_MONOTONIC (process.hrtime) at which the curves begin; time then runs by itself. */
  readonly clockOriginS?: number;
  readonly gpus: readonly FakeGpu[];
  /** Function → error code, for all GPUs and for "nvmlInit_v2". */
  readonly fails?: Readonly<Record<string, number>>;
}

export interface FakeNvml {
  /** For JOULECAST_NVML or NvmlOptions. */
  readonly libraryPath: string;
  /** Sets the machine as it shall be from now on. */
  set(machine: FakeNvmlMachine): void;
  /** Removes the folder. */
  remove(): void;
}

const failLines = (fails: Readonly<Record<string, number>> = {}) =>
  Object.entries(fails).map(([name, code]) => `fail ${name} ${code}`);

function gpuLines(gpu: FakeGpu): readonly string[] {
  return [
    "gpu",
    `uuid ${gpu.uuid}`,
    `name ${gpu.name}`,
    `limit_w ${gpu.limitW ?? 400}`,
    `update_s ${gpu.updateS ?? 0}`,
    `window_s ${gpu.windowS ?? 0}`,
    `start_mj ${gpu.startMj ?? 0}`,
    `mig ${gpu.mig === undefined ? -1 : Number(gpu.mig)}`,
    `util ${(gpu.utilisation ?? [0, 0]).join(" ")}`,
    `memory ${gpu.memory?.totalBytes ?? 0} ${gpu.memory?.usedBytes ?? 0}`,
    ...gpu.curve.map(([timeS, powerW]) => `point ${timeS} ${powerW}`),
    ...failLines(gpu.fails),
  ];
}

/** The compiled library, or why it cannot be had (no C compiler; Windows). */
export function buildFakeNvml(): FakeNvml | { readonly skipped: string } {
  if (process.platform === "win32") return { skipped: "the fake NVML is written for cc on Linux and macOS" };
  const folder = mkdtempSync(join(tmpdir(), "joulecast-fake-nvml-"));
  const libraryPath = join(folder, "libnvidia-ml.so.1");
  const control = join(folder, "machine.txt");
  const source = join(import.meta.dirname, "fake-nvml.c");
  try {
    const flags = ["-std=gnu11", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", `-DCONTROL_FILE="${control}"`];
    execFileSync("cc", [...flags, "-o", libraryPath, source], { stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    rmSync(folder, { recursive: true });
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { skipped: "there is no C compiler `cc` here" };
    throw error; // a compiler that refuses our source is a bug, not a reason to skip
  }
  return {
    libraryPath,
    set(machine) {
      const time = machine.clockOriginS === undefined ? `now ${machine.nowS ?? 0}` : `clock ${machine.clockOriginS}`;
      const lines = [time, ...failLines(machine.fails), ...machine.gpus.flatMap(gpuLines)];
      writeFileSync(`${control}.new`, `${lines.join("\n")}\n`);
      renameSync(`${control}.new`, control); // a reader in another process sees the old or the new, never half
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Power of a curve at a time, W. At a jump: the later side. */
export function powerAt(curve: PowerCurve, timeS: number): number {
  const after = curve.findIndex(([t]) => t > timeS);
  const right = curve[after < 0 ? curve.length - 1 : after];
  const left = after < 0 ? right : curve[Math.max(after - 1, 0)];
  if (left === undefined || right === undefined) return 0;
  const spanS = right[0] - left[0];
  return spanS <= 0 ? left[1] : left[1] + ((right[1] - left[1]) * (timeS - left[0])) / spanS;
}

/** True energy of a curve between two times, J: trapezia between all its points. */
export function energyBetween(curve: PowerCurve, fromS: number, toS: number): number {
  const cuts = [fromS, ...curve.map(([t]) => t).filter((t) => t > fromS && t < toS), toS];
  return cuts.slice(1).reduce((sum, end, i) => {
    const start = cuts[i] as number;
    const middle = (start + end) / 2; // linear in between: the middle is the mean, whatever jumps at the ends
    return sum + powerAt(curve, middle) * (end - start);
  }, 0);
}
