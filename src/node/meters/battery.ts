// A laptop's battery as a meter of the whole machine: power_now, or voltage × current; only while it discharges.
// Slow (the battery's controller renews its number every second to every half minute) but it sees screen, disk and regulators. [KernelPowerSupply]
import type { Found, MachineAccess, Meter } from "../../measure/power-source.ts";
import { lastPart, listMatching, type NumberFile, openNumber, readLine, readNumber, whyNotNumber } from "./sysfs.ts";

const FOLDER = "/sys/class/power_supply";
const ON_MAINS = "unplug the power supply and measure again";

/** Files whose product is the power, with the factor to W: µW, or µV × µA. Current is negative on some while discharging. */
const WAYS: readonly { readonly files: readonly string[]; readonly scale: number }[] = [
  { files: ["power_now"], scale: 1e-6 },
  { files: ["voltage_now", "current_now"], scale: 1e-12 },
];

function power(files: readonly NumberFile[], scale: number): number | undefined {
  let product = scale;
  for (const file of files) {
    const value = file.read();
    if (value === undefined) return undefined;
    product *= value;
  }
  return Math.abs(product);
}

function openBattery(machine: MachineAccess, path: string): Found {
  const id = `battery/${lastPart(path)}`;
  const no = (reason: string, fix = ""): Found => ({ unusable: { id, domain: "battery", reason, fix } });
  const status = readLine(machine, `${path}/status`) ?? "Unknown";
  if (status !== "Discharging") {
    return no(`${path}/status: "${status}"; on mains the battery does not see the load`, ON_MAINS);
  }
  const way = WAYS.find(({ files }) => files.every((name) => readNumber(machine, `${path}/${name}`) !== undefined));
  if (way === undefined) return no(whyNotNumber(machine, `${path}/power_now`)?.reason ?? `${path}: no power`);
  const files = way.files.map((name) => openNumber(machine, `${path}/${name}`));
  const state = machine.open?.(`${path}/status`);
  const isDischarging = () =>
    (state === undefined ? readLine(machine, `${path}/status`) : state.read()?.trim()) === "Discharging";
  return {
    source: {
      info: {
        id,
        name: `Battery ${lastPart(path)}`,
        domain: "battery",
        kind: "integrated",
        reads: "power",
        provenance: `${path}: ${way.files.join(" × ")} while discharging [KernelPowerSupply]. The whole machine, screen and all`,
      },
      read() {
        const powerW = isDischarging() ? power(files, way.scale) : undefined;
        return powerW === undefined ? undefined : { powerW };
      },
      close() {
        for (const file of files) file.close();
        state?.close();
      },
    },
  };
}

export const battery: Meter = {
  id: "battery",
  find(machine) {
    if (machine.platform !== "linux") return [];
    return listMatching(machine, FOLDER, /./)
      .filter((path) => readLine(machine, `${path}/type`) === "Battery")
      .filter((path) => readLine(machine, `${path}/scope`) !== "Device")
      .map((path) => openBattery(machine, path));
  },
};
