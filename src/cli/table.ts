// Every command, by name, loaded only when asked for: a command that runs no network must not pay for one that does.
import type { Command } from "./command.ts";

/** Loaders in the order that --help shows. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  estimate: async () => (await import("./commands/estimate.ts")).estimate,
  inspect: async () => (await import("./commands/inspect.ts")).inspect,
  devices: async () => (await import("./commands/devices.ts")).devices,
  zoo: async () => (await import("./commands/zoo.ts")).zoo,
  "zoo write": async () => (await import("./commands/zoo-write.ts")).zooWrite,
};
