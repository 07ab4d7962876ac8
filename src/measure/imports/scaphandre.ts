// Scaphandre's JSON exporter: reports { host, sockets: [{ id, domains }], consumers }, power in microwatts, time in unix seconds
// [Scaphandre]. Version 1.0 wrote them without commas or brackets; that is read too. Sockets and domains lie inside the host.
import type { Domain } from "../power-source.ts";
import { type Column, emptyImport, gaugeInfo, type ImportFormat, recordingFrom } from "./format.ts";
import { badEntry, fieldNumber, isObject, type Json, knownField, objectsIn } from "./json.ts";

const NAME = "Scaphandre JSON";
const DOMAINS: Readonly<Record<string, Domain>> = { core: "core", uncore: "uncore", dram: "dram", psys: "platform" };
type Entry = { readonly [key: string]: Json };

const listOf = (value: Json | undefined): Entry[] => (Array.isArray(value) ? value.filter(isObject) : []);

export const scaphandre: ImportFormat = {
  id: "scaphandre",
  name: NAME,
  detect: (text) => /^[\s\uFEFF[]*\{/.test(text) && /"host"\s*:/.test(text) && /"consumption"\s*:/.test(text),
  read: (text) => {
    const columns = new Map<string, Column>();
    const add = (
      id: string,
      name: string,
      domain: Domain,
      parent: string | undefined,
      from: Entry,
      entry: number,
    ): void => {
      const full = `scaphandre/${id}`;
      const more = parent === undefined ? {} : { partOf: `scaphandre/${parent}` };
      const column = columns.get(full) ?? { info: gaugeInfo(full, name, domain, NAME, more), timeS: [], values: [] };
      columns.set(full, column);
      column.timeS.push(knownField(from, "timestamp", NAME, entry));
      column.values.push(fieldNumber(from, "consumption", NAME, entry) * 1e-6);
    };
    objectsIn(text, NAME).forEach((report, i) => {
      const host = report.host;
      if (!isObject(host)) throw badEntry(NAME, i + 1, "no host");
      add("host", "host", "platform", undefined, host, i + 1);
      for (const socket of listOf(report.sockets)) {
        const id = `socket-${socket.id ?? 0}`;
        add(id, id.replace("-", " "), "package", "host", socket, i + 1);
        for (const domain of listOf(socket.domains)) {
          const name = String(domain.name ?? "domain");
          // DRAM is a neighbour of the package, not a part of it; both are in the host.
          const parent = name === "dram" ? "host" : id;
          add(`${id}/${name}`, `${name} of ${id.replace("-", " ")}`, DOMAINS[name] ?? "other", parent, domain, i + 1);
        }
      }
    });
    if (columns.size === 0) throw emptyImport(NAME);
    const { recording, startS, remarks } = recordingFrom([...columns.values()]);
    return { format: "scaphandre", recording, startS, runs: [], remarks };
  },
};
