// A fake /sys whose RAPL counters really move: a process of its own advances them by the monotonic clock at a known power, in place,
// as the kernel does, so that another process can measure it. It ends with `stop`, or with the test's process.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { cpuInfo, zone } from "../fixtures/sys/cpus.ts";
import { type FakeMachine, fakeMachine } from "../machine/fake-tree.ts";

const PACKAGE = "/sys/class/powercap/intel-rapl:0/energy_uj";
const DRAM = "/sys/class/powercap/intel-rapl:0:0/energy_uj";
/** Writes both counters about every millisecond; fixed width, so that a reader never meets half a number. */
const FEEDER = `
const { openSync, writeSync } = require("node:fs");
const [packagePath, dramPath, packageW, dramW, rangeUj] = process.argv.slice(1);
const startNs = process.hrtime.bigint();
const put = (file, watts) => {
  const elapsedS = Number(process.hrtime.bigint() - startNs) / 1e9;
  const uj = Math.floor(watts * elapsedS * 1e6) % Number(rangeUj);
  writeSync(file, String(uj).padStart(15, "0") + "\\n", 0);
};
const files = [openSync(packagePath, "r+"), openSync(dramPath, "r+")];
const feed = () => {
  put(files[0], Number(packageW));
  put(files[1], Number(dramW));
};
feed();
setInterval(feed, 1);
process.stdin.on("end", () => process.exit(0)).resume();
process.stdout.write("fed");
`;

export interface FedTree extends Pick<FakeMachine, "root"> {
  /** File of the package's counter, µJ, for a program that wants to know its own truth. */
  readonly packagePath: string;
  stop(): Promise<void>;
}

/**
 * @param packageW power of the package, W
 * @param dramW power of its memory, W, not inside the package
 * @param rangeJ range of both counters: a small one wraps often, J
 */
export async function fedTree(packageW: number, dramW: number, rangeJ: number): Promise<FedTree> {
  const machine = fakeMachine({
    ...cpuInfo("GenuineIntel", "Intel(R) Xeon(R) Gold 5220 CPU @ 2.20GHz", 1, 2),
    ...zone("intel-rapl:0", "package-0", 0, 125_000_000),
    ...zone("intel-rapl:0:0", "dram", 0),
    [join(PACKAGE, "../max_energy_range_uj")]: rangeJ * 1e6,
    [join(DRAM, "../max_energy_range_uj")]: rangeJ * 1e6,
  });
  const [packagePath, dramPath] = [join(machine.root, PACKAGE), join(machine.root, DRAM)];
  const settings = [packagePath, dramPath, packageW, dramW, rangeJ * 1e6].map(String);
  const feeder: ChildProcess = spawn(process.execPath, ["-e", FEEDER, ...settings], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(feeder.stdout!, "data");
  return {
    root: machine.root,
    packagePath,
    async stop() {
      const ended = once(feeder, "exit");
      feeder.stdin!.end();
      await ended;
      machine.remove();
    },
  };
}
