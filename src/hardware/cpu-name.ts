// Which device of the catalogue is this CPU? From the model name that the system gives ("Intel(R) Xeon(R) Gold 5220 CPU @ 2.20GHz")
// to a Hardware. Exact after what makers add is taken away; never the nearest one, whose watts would be another chip's.
import { plainName } from "./find.ts";
import type { Hardware } from "./hardware.ts";

/** What stands around the name proper. */
const ADDED: readonly RegExp[] = [
  /\((?:r|tm|c)\)/giu,
  /@.*$/u,
  /^\d+th gen /iu,
  /\b(?:cpu|processor)\b/giu,
  /\b\d+-core\b/giu,
  /\bwith radeon.*$/iu,
];

/** "Intel(R) Core(TM) i7-8700K CPU @ 3.70GHz" → "Intel Core i7-8700K". */
export function cpuName(model: string): string {
  return ADDED.reduce((name, added) => name.replace(added, " "), model)
    .replaceAll(/\s+/gu, " ")
    .trim();
}

/** The CPU in the catalogue with that model name; undefined when there is none. */
export function findCpu(devices: readonly Hardware[], model: string): Hardware | undefined {
  const wanted = plainName(cpuName(model));
  const shorter = wanted.replace(/^(?:intel|amd)/u, "");
  return devices.find(
    ({ id, name, aliases, kind }) =>
      kind !== "gpu" && [id, name, ...aliases].map(plainName).some((plain) => plain === wanted || plain === shorter),
  );
}
