// Every command, by name, loaded only when asked for: a command that runs no network must not pay for one that does.
import type { Command } from "./command.ts";

/** Loaders in the order that --help shows. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  estimate: async () => (await import("./commands/estimate.ts")).estimate,
  inspect: async () => (await import("./commands/inspect.ts")).inspect,
  doctor: async () => (await import("./commands/measuring/doctor.ts")).doctor,
  measure: async () => (await import("./commands/measuring/measure.ts")).measure,
  compare: async () => (await import("./commands/measuring/compare.ts")).compare,
  mark: async () => (await import("./commands/measuring/mark.ts")).mark,
  devices: async () => (await import("./commands/devices.ts")).devices,
  zoo: async () => (await import("./commands/zoo.ts")).zoo,
  "zoo write": async () => (await import("./commands/zoo-write.ts")).zooWrite,
  history: async () => (await import("./commands/stored/history.ts")).history,
  "history rm": async () => (await import("./commands/stored/history-rm.ts")).historyRm,
  import: async () => (await import("./commands/stored/import.ts")).importRuns,
  export: async () => (await import("./commands/stored/export.ts")).exportRuns,
  serve: async () => (await import("./commands/stored/serve.ts")).serve,
};

/** Commands that sample: the sampler's process, another Node, starts while the command is still being read. */
export const SAMPLING: readonly string[] = ["measure", "compare", "doctor"];
