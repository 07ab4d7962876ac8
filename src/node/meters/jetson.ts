// INA3221 rails of NVIDIA Jetson modules: volts × amperes (hwmon, kernel 5 and later) or ready-made mW (iio, JetPack 4).
// The module's input rail already holds the others; they are shown, not added. Rails by [NvidiaJetsonPower], files by [KernelIna3221].
import type { Domain, Found, MachineAccess, Meter, PowerSource, Reading } from "../../measure/power-source.ts";
import { lastPart, listMatching, openNumber, readLine, readPositive, whyNotNumber } from "./sysfs.ts";

const OLD_FOLDER = "/sys/bus/i2c/drivers/ina3221x";

/** Rails by label. `in`: rails that contain it, widest first; the first one that the board has is its container. */
const RAILS: readonly { readonly label: RegExp; readonly domain: Domain; readonly in: readonly string[] }[] = [
  { label: /^VDD_MUX$/, domain: "platform", in: [] },
  { label: /^(?:VDD_IN|POM_5V_IN|VIN|5V_IN)$/, domain: "platform", in: ["VDD_MUX"] },
  { label: /^VIN_SYS_5V0$/, domain: "rail", in: ["VIN"] },
  // Its bus is the same 5 V, so it is a branch of the system rail: our reading of the AGX Orin, made not to count twice.
  { label: /^VDDQ_VDD2_1V8AO$/, domain: "dram", in: ["VIN", "VIN_SYS_5V0"] },
  { label: /DDR/, domain: "dram", in: ["VDD_MUX", "VDD_IN", "POM_5V_IN", "VIN"] },
  { label: /^(?:GPU|VDD_GPU|VDD_SYS_GPU|POM_5V_GPU)$/, domain: "gpu", in: ["VDD_MUX", "VDD_IN", "POM_5V_IN", "VIN"] },
  { label: /^(?:CPU|VDD_SYS_CPU|POM_5V_CPU)$/, domain: "cpu", in: ["VDD_MUX", "VDD_IN", "POM_5V_IN"] },
  { label: /^(?:SOC|VDD_SOC|VDD_SYS_SOC)$/, domain: "soc", in: ["VDD_MUX", "VDD_IN", "POM_5V_IN"] },
  {
    label:
      /^(?:CV|SYS5V|VDD_GPU_SOC|VDD_CPU_CV|VDD_CPU_GPU_CV|VDD_CPU_SOC_MSS|VDD_5V0_IO_SYS|VDD_3V3_SYS|VDD_1V8|VDD_M2_IN)/,
    domain: "rail",
    in: ["VDD_MUX", "VDD_IN", "POM_5V_IN", "VIN"],
  },
];

/** One channel of a chip. `files` multiply to power: [mV, mA] or [mW]. */
interface Channel {
  readonly label: string;
  readonly files: readonly string[];
  /** W for the product of the numbers. */
  readonly scale: number;
  readonly updatePeriodS: number | undefined;
}

function hwmonChannels(machine: MachineAccess): Channel[] {
  return listMatching(machine, "/sys/class/hwmon", /^hwmon\d+$/)
    .filter((path) => readLine(machine, `${path}/name`) === "ina3221")
    .flatMap((path) => {
      const intervalMs = readPositive(machine, `${path}/update_interval`);
      const updatePeriodS = intervalMs === undefined ? undefined : intervalMs / 1000;
      return [1, 2, 3].flatMap((n) => {
        const label = readLine(machine, `${path}/in${n}_label`);
        if (label === undefined || label === "" || label === "NC") return [];
        return [{ label, files: [`${path}/in${n}_input`, `${path}/curr${n}_input`], scale: 1e-6, updatePeriodS }];
      });
    });
}

function iioChannels(machine: MachineAccess): Channel[] {
  return listMatching(machine, OLD_FOLDER, /^\d+-[0-9a-f]{4}$/)
    .flatMap((chip) => listMatching(machine, chip, /^iio[:_]device/))
    .flatMap((path) =>
      [0, 1, 2].flatMap((n) => {
        const label = readLine(machine, `${path}/rail_name_${n}`);
        if (label === undefined || label === "" || label === "NC") return [];
        return [{ label, files: [`${path}/in_power${n}_input`], scale: 1e-3, updatePeriodS: undefined }];
      }),
    );
}

const idOf = (label: string) => `jetson/${label}`;

function openRail(
  machine: MachineAccess,
  channel: Channel,
  domain: Domain,
  container: string | undefined,
): PowerSource {
  const files = channel.files.map((path) => openNumber(machine, path));
  return {
    info: {
      id: idOf(channel.label),
      name: `Jetson rail ${channel.label}`,
      domain,
      kind: "integrated",
      reads: "power",
      ...(container === undefined ? {} : { partOf: idOf(container) }),
      ...(channel.updatePeriodS === undefined ? {} : { updatePeriodS: channel.updatePeriodS }),
      // One step of 8 mV and 1 mA at 5 V; the chip's gain error is 0.1 to 0.25 % [TiIna3221].
      resolution: 8e-3,
      toleranceRatio: 0.01,
      provenance:
        `INA3221 on the module: ${channel.files.map(lastPart).join(" × ")} of ${channel.label} [KernelIna3221, NvidiaJetsonPower]. ` +
        "Outside: carrier board and power supply",
    },
    read(): Reading | undefined {
      let product = channel.scale;
      for (const file of files) {
        const value = file.read();
        if (value === undefined) return undefined;
        product *= value;
      }
      return product < 0 ? undefined : { powerW: product };
    },
    close() {
      for (const file of files) file.close();
    },
  };
}

export const jetson: Meter = {
  id: "jetson",
  find(machine) {
    if (machine.platform !== "linux") return [];
    const modern = hwmonChannels(machine);
    const channels = modern.length > 0 ? modern : iioChannels(machine);
    const problems = channels.map(({ files }) => files.flatMap((file) => whyNotNumber(machine, file) ?? [])[0]);
    const readable = new Set(channels.filter((_, index) => problems[index] === undefined).map(({ label }) => label));
    return channels.map((channel, index): Found => {
      const rail = RAILS.find(({ label }) => label.test(channel.label));
      const problem = problems[index];
      if (rail === undefined || problem !== undefined) {
        const reason =
          problem?.reason ?? `rail "${channel.label}": what contains it is not known, so it might count twice`;
        const isClosed = problem?.errno === "EACCES";
        const fix = isClosed ? `sudo chmod a+r ${channel.files.join(" ")}` : "";
        return { unusable: { id: idOf(channel.label), domain: rail?.domain ?? "rail", reason, fix } };
      }
      const container = rail.in.find((label) => label !== channel.label && readable.has(label));
      return { source: openRail(machine, channel, rail.domain, container) };
    });
  },
};
