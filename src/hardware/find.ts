// Devices by the name people type: "RTX 2080 Ti" = "rtx-2080-ti" = "geforce rtx2080ti". Not a search: exact up to case and punctuation.
import { unknownName } from "../units/nearest.ts";
import type { Hardware } from "./hardware.ts";

/** A name without case, spaces and punctuation: "RTX 2080-Ti" → "rtx2080ti". */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{Letter}\p{Number}]/gu, "");
}

const plainNames = (device: Hardware): string[] => [device.id, device.name, ...device.aliases].map(plainName);

/** True when findDevice would find it. */
export function hasDevice(devices: readonly Hardware[], name: string): boolean {
  return devices.some((device) => plainNames(device).includes(plainName(name)));
}

/**
 * The device with this id, full name or alias; the first in the list that has it.
 * @throws InputError "unknown-device" with the nearest ids
 */
export function findDevice(devices: readonly Hardware[], name: string): Hardware {
  const wanted = plainName(name);
  const found = devices.find((device) => plainNames(device).includes(wanted));
  if (found !== undefined) return found;
  const ids = devices.map((device) => device.id);
  throw unknownName("device", name, ids, "run `joulecast devices` for the list, or give your own as ./device.json");
}

/** `own` and those of `others` that share no name with a device before them. */
export function mergeDevices(own: readonly Hardware[], others: readonly Hardware[]): readonly Hardware[] {
  const taken = new Set(own.flatMap(plainNames));
  const added = others.filter((device) => {
    const names = plainNames(device);
    const isNew = !names.some((name) => taken.has(name));
    for (const name of names) taken.add(name);
    return isNew;
  });
  return [...own, ...added];
}
