// Windows' Energy Meter Interface: the CPU's energy counters (RAPL) and any metering chips, without a driver of ours or an
// administrator. What the bytes mean and which channels are parts of others; talking to Windows is emi-port.ts.
// Written from the documents [EMI]; tested on made-up buffers only, never on a Windows machine.
import type { Domain, Found, Meter, PowerSource, SourceInfo } from "../../../measure/power-source.ts";
import type { EmiDevice, EmiPort } from "./emi-port.ts";
import { openEmiPort } from "./emi-port.ts";

/** 1 pWh in J: 1e-12 × 3600. */
const J_PER_PWH = 3.6e-9;
const VERSIONS = [1, 2];

/** UTF-16 text of at most `sizeBytes`, up to its first NUL. */
function wideText(bytes: Buffer, offset: number, sizeBytes: number): string {
  return bytes.toString("utf16le", offset, offset + sizeBytes).split("\0")[0] ?? "";
}

/**
 * Names of a device's channels, in the order of its measurements.
 *
 * EMI_METADATA_V1: int32 unit, WCHAR[16] maker, WCHAR[16] model, uint16 revision, uint16 nameSize, WCHAR name[].
 * EMI_METADATA_V2: WCHAR[16] maker, WCHAR[16] model, uint16 revision, uint16 channels, then per channel int32 unit, uint16 nameSize, WCHAR name[].
 * @returns undefined for a version or a unit (0 = picowatt-hours) that we do not know, or bytes that end too soon
 */
export function parseEmiChannels(version: number, bytes: Buffer): readonly string[] | undefined {
  if (version === 1) {
    if (bytes.length < 72 || bytes.readInt32LE(0) !== 0) return undefined;
    return [wideText(bytes, 72, bytes.readUInt16LE(70)) || "energy meter"];
  }
  if (version !== 2 || bytes.length < 68) return undefined;
  const names: string[] = [];
  let offset = 68;
  for (let channel = 0; channel < bytes.readUInt16LE(66); channel += 1) {
    if (bytes.length < offset + 6 || bytes.readInt32LE(offset) !== 0) return undefined;
    const sizeBytes = bytes.readUInt16LE(offset + 4);
    if (bytes.length < offset + 6 + sizeBytes) return undefined;
    names.push(wideText(bytes, offset + 6, sizeBytes));
    offset += 6 + sizeBytes;
  }
  return names;
}

/** Energy of one channel, J, from EMI_CHANNEL_MEASUREMENT_DATA { uint64 energy in pWh, uint64 time in 100 ns }[]. */
export function emiEnergyJ(bytes: Buffer, channel: number): number | undefined {
  const offset = channel * 16;
  return bytes.length < offset + 16 ? undefined : Number(bytes.readBigUInt64LE(offset)) * J_PER_PWH;
}

/** Words of channel names → what they cover. `inPackage`: already contained in the device's package channel. */
const CHANNELS: readonly { readonly word: RegExp; readonly domain: Domain; readonly inPackage: boolean }[] = [
  { word: /(^|[^a-z])(pkg|package|socket)([^a-z]|$)/i, domain: "package", inPackage: false },
  { word: /dram/i, domain: "dram", inPackage: false },
  { word: /pp0|core|vdd/i, domain: "core", inPackage: true },
  { word: /pp1|gpu|gfx|soc/i, domain: "uncore", inPackage: true },
  { word: /psys|platform/i, domain: "platform", inPackage: false },
];

/** What a channel covers, by its name ("RAPL_Package0_PKG"); "other" when the name says nothing. */
export function emiDomain(name: string): { readonly domain: Domain; readonly inPackage: boolean } {
  const last = name.split("_").at(-1) ?? name;
  const byLast = CHANNELS.find(({ word }) => word.test(last));
  return byLast ?? CHANNELS.find(({ word }) => word.test(name)) ?? { domain: "other", inPackage: true };
}

/** A meter on EMI. The port is an argument so that a made-up one can stand in. */
export function emiMeter(open: () => EmiPort | { readonly reason: string }): Meter {
  return {
    id: "emi",
    find(machine) {
      if (machine.platform !== "win32" || machine.nativeLibraries === false) return [];
      const port = open();
      if ("reason" in port) return [refuse("emi", port.reason, "npm install koffi")];
      const firstEnergies = new Map<number, string>();
      return port.devicePaths().flatMap((path, index) => {
        const device = port.open(path);
        return "reason" in device
          ? [refuse(`emi/${index}`, device.reason, "open the terminal as administrator")]
          : findChannels(device, index, firstEnergies);
      });
    },
  };
}

/** Windows' energy meters. */
export const emi: Meter = emiMeter(openEmiPort);

function refuse(id: string, reason: string, fix: string): Found {
  return { unusable: { id, domain: "package", reason, fix } };
}

function findChannels(device: EmiDevice, index: number, firstEnergies: Map<number, string>): readonly Found[] {
  const version = device.version();
  const metadata = device.metadata();
  const names = version === undefined || metadata === undefined ? undefined : parseEmiChannels(version, metadata);
  if (names === undefined || names.length === 0) {
    device.close();
    const expected = `expected version ${VERSIONS.join(" or ")} in picowatt-hours`;
    return [refuse(`emi/${index}`, `energy meter ${index} tells version ${version ?? "none"}; ${expected}`, "")];
  }
  let users = names.length;
  const release = () => {
    users -= 1;
    if (users === 0) device.close();
  };
  const readBytes = () => device.measure(names.length * 16) ?? Buffer.alloc(0);
  const first = readBytes();
  const idOf = (channel: number) => `emi/${index}/${names[channel]}`;
  const packageAt = names.findIndex((name) => emiDomain(name).domain === "package");
  return names.map((name, channel): Found => {
    const { domain, inPackage } = emiDomain(name);
    const energyJ = emiEnergyJ(first, channel);
    // Dies of one socket mirror its counter: two that stand at the very same energy are one and the same.
    const twin = energyJ === undefined || energyJ === 0 ? undefined : firstEnergies.get(energyJ);
    if (twin === undefined && energyJ !== undefined) firstEnergies.set(energyJ, idOf(channel));
    const container = twin ?? (inPackage && packageAt >= 0 ? idOf(packageAt) : undefined);
    const info: SourceInfo = {
      id: idOf(channel),
      name: `${name} (energy meter ${index})`,
      domain,
      kind: "measured",
      reads: "energy",
      resolution: J_PER_PWH,
      ...(container === undefined ? {} : { partOf: container }),
      provenance:
        "Windows Energy Meter Interface [EMI]. This meter was written from the documents and is untested on Windows.",
    };
    return { source: channelSource(info, () => emiEnergyJ(readBytes(), channel), release) };
  });
}

function channelSource(info: SourceInfo, readJ: () => number | undefined, release: () => void): PowerSource {
  let open = true;
  return {
    info,
    read() {
      const energyJ = open ? readJ() : undefined;
      return energyJ === undefined ? undefined : { energyJ };
    },
    close() {
      if (open) release();
      open = false;
    },
  };
}
