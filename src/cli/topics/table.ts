// The topics of `joulecast help TOPIC`, in the order of --help. To add one: its file and its row.
import type { Topic } from "./topic.ts";

export const TOPICS: Readonly<Record<string, () => Promise<Topic>>> = {
  metrics: async () => (await import("./metrics.ts")).metrics,
  meters: async () => (await import("./meters.ts")).meters,
  intervals: async () => (await import("./intervals.ts")).intervals,
  units: async () => (await import("./units.ts")).units,
  json: async () => (await import("./json.ts")).json,
  "exit-codes": async () => (await import("./exit-codes.ts")).exitCodes,
  config: async () => (await import("./config.ts")).config,
  marks: async () => (await import("./marks.ts")).marks,
  studies: async () => (await import("./studies.ts")).studies,
  radio: async () => (await import("./radio.ts")).radio,
};
