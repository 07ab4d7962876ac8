// Memory power from the modules that are plugged in, for machines without a DRAM counter: P = Σ ½·C·V²·f over the DIMMs
// [Mavromatis2024, section 4.1]. A constant: it does not see traffic. The paper fixes C and does not print it; ours is the C
// that makes the usual 3 W per module at DDR4-3200 (1.2 V, 1.6 GHz) [CodeCarbon].
import type { Found, MachineAccess, Meter } from "../../../measure/power-source.ts";
import { listMatching, readLine, readPositive } from "../sysfs.ts";

/** C in P = ½·C·V²·f, F: 3 W ÷ (½ · (1.2 V)² · 1.6 GHz). */
export const DIMM_CAPACITANCE_F = 3 / (0.5 * 1.2 ** 2 * 1.6e9);
/** 1.5 to 4.5 W per module is what sources spread over: 0.28 W/GB [Boavizta] to 0.375 W/GB [CodeCarbon] at 4 to 16 GB. */
const TOLERANCE_RATIO = 0.5;

/** Supply voltage (JEDEC) and a middle speed of its generation, for modules that do not say theirs. MT/s; the clock is half. */
const GENERATIONS: Readonly<Record<string, { readonly voltageV: number; readonly megaTransfersPerS: number }>> = {
  DDR3: { voltageV: 1.5, megaTransfersPerS: 1600 },
  DDR4: { voltageV: 1.2, megaTransfersPerS: 2666 },
  DDR5: { voltageV: 1.1, megaTransfersPerS: 4800 },
  LPDDR4: { voltageV: 1.1, megaTransfersPerS: 3200 },
  LPDDR5: { voltageV: 1.05, megaTransfersPerS: 6400 },
};

/** Names that `generation` knows. */
export const DIMM_GENERATIONS: readonly string[] = Object.keys(GENERATIONS);

/** What the user says of the memory; each field left out is looked up or taken from its generation. */
export interface DimmOptions {
  /** Number of modules, 1 or more. Default: dmidecode, then EDAC. */
  readonly count?: number;
  /** "DDR3", "DDR4", "DDR5", "LPDDR4", "LPDDR5". Default DDR4 when only the count is known. */
  readonly generation?: string;
  /** V. Default: by generation. */
  readonly voltageV?: number;
  /** Memory clock, Hz: half of the transfer rate. Default: by generation. */
  readonly frequencyHz?: number;
  /** Switched capacitance of one module, F. Default 2.6 nF. */
  readonly capacitanceF?: number;
}

/** One plugged module. */
export interface Dimm {
  readonly voltageV: number;
  readonly frequencyHz: number;
}

/** Power of one module, W: ½·C·V²·f. */
export function dimmPowerW({ voltageV, frequencyHz }: Dimm, capacitanceF = DIMM_CAPACITANCE_F): number {
  return 0.5 * capacitanceF * voltageV ** 2 * frequencyHz;
}

const generationOf = (text: string | undefined) => /(?:LP)?DDR\d/.exec(text?.replaceAll("-", "") ?? "")?.[0] ?? "";

function dimmOf(generation: string, voltageV: number | undefined, megaTransfersPerS: number | undefined) {
  const known = GENERATIONS[generation];
  const volts = voltageV ?? known?.voltageV;
  const rate = megaTransfersPerS ?? known?.megaTransfersPerS;
  return volts === undefined || rate === undefined ? undefined : { voltageV: volts, frequencyHz: (rate / 2) * 1e6 };
}

/** Modules in the output of `dmidecode -t 17`; empty slots and modules of unknown kind (virtual machines) are left out. */
export function parseDmidecode(text: string): Dimm[] {
  return text.split(/\n(?=Handle )/).flatMap((block) => {
    const field = (name: string) => new RegExp(`^\\s*${name}: (.*)$`, "m").exec(block)?.[1];
    if (!/^\d+ [MG]B/.test(field("Size") ?? "")) return [];
    const speed = field("Configured Memory Speed") ?? field("Configured Clock Speed") ?? field("Speed");
    const number = (value: string | undefined) => Number.parseFloat(value ?? "") || undefined;
    return dimmOf(generationOf(field("Type")), number(field("Configured Voltage")), number(speed)) ?? [];
  });
}

/** Modules that the memory controller's error counters know, readable by anybody [KernelEdac]. */
function edacDimms(machine: MachineAccess): Dimm[] {
  return listMatching(machine, "/sys/devices/system/edac/mc", /^mc\d+$/)
    .flatMap((controller) => listMatching(machine, controller, /^(?:dimm|rank)\d+$/))
    .filter((path) => readPositive(machine, `${path}/size`) !== undefined)
    .flatMap((path) => dimmOf(generationOf(readLine(machine, `${path}/dimm_mem_type`)), undefined, undefined) ?? []);
}

/** The modules and where they were found; with none, `from` says what was tried. */
function look(machine: MachineAccess): { dimms: Dimm[]; from: string } {
  if (machine.platform !== "linux") return { dimms: [], from: "only Linux is asked" };
  const said = machine.run("dmidecode", ["-t", "17"]);
  const dimms = "stdout" in said ? parseDmidecode(said.stdout) : [];
  if (dimms.length > 0) return { dimms, from: "dmidecode" };
  const known = edacDimms(machine);
  if (known.length > 0) return { dimms: known, from: "/sys/devices/system/edac (speed by generation)" };
  const answer =
    "stdout" in said
      ? "names no module of a known kind (virtual machines invent theirs)"
      : said.errno === "ENOENT"
        ? "is not installed"
        : `did not run (${said.errno}; it needs root)`;
  return { dimms: [], from: `dmidecode ${answer} and /sys/devices/system/edac lists none` };
}

function fromOptions(options: DimmOptions, found: readonly Dimm[]): Dimm[] {
  const { count = found.length, voltageV, frequencyHz } = options;
  const generation = GENERATIONS[options.generation ?? ""];
  const usual = dimmOf(options.generation ?? "DDR4", undefined, undefined) ?? dimmOf("DDR4", undefined, undefined)!;
  const seen = generation === undefined ? found[0] : undefined;
  return Array.from({ length: count }, (_, index) => ({
    voltageV: voltageV ?? (seen === undefined ? usual : (found[index] ?? seen)).voltageV,
    frequencyHz: frequencyHz ?? (seen === undefined ? usual : (found[index] ?? seen)).frequencyHz,
  }));
}

/** The memory model as a meter. Use it only where no source measures the memory. */
export function dramDimm(options: DimmOptions = {}): Meter {
  return {
    id: "dram-dimm",
    find(machine): Found[] {
      const { dimms: found, from } = options.count === undefined ? look(machine) : { dimms: [], from: "options" };
      const dimms = fromOptions(options, found);
      if (dimms.length === 0) {
        const reason = `the number of memory modules is not known: ${from}`;
        const fix = "say it: --dimms 4 (with --dimm-type DDR4), or run `sudo dmidecode -t 17` to see it";
        return [{ unusable: { id: "dram/dimms", domain: "dram", reason, fix } }];
      }
      const powerW = dimms.reduce((sum, dimm) => sum + dimmPowerW(dimm, options.capacitanceF), 0);
      const [first] = dimms as [Dimm];
      const each = `${first.voltageV} V, ${first.frequencyHz / 1e9} GHz`;
      return [
        {
          source: {
            info: {
              id: "dram/dimms",
              name: `Memory, ${dimms.length} module${dimms.length === 1 ? "" : "s"} (model)`,
              domain: "dram",
              kind: "modelled",
              reads: "power",
              toleranceRatio: TOLERANCE_RATIO,
              provenance:
                `Constant N × ½CV²f [Mavromatis2024], ${dimms.length} × (${each}) from ${from}; ` +
                "C from 3 W per module [CodeCarbon]. Does not see traffic",
            },
            read: () => ({ powerW }),
            close: () => undefined,
          },
        },
      ];
    },
  };
}
