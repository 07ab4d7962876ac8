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
  run: async () => (await import("./commands/projecting/run.ts")).run,
  plan: async () => (await import("./commands/projecting/plan.ts")).plan,
  collect: async () => (await import("./commands/predicting/collect.ts")).collect,
  calibrate: async () => (await import("./commands/predicting/calibrate.ts")).calibrate,
  profile: async () => (await import("./commands/predicting/profile.ts")).profile,
  step: async () => (await import("./commands/projecting/step.ts")).step,
  fit: async () => (await import("./commands/predicting/fit.ts")).fit,
  predict: async () => (await import("./commands/predicting/predict.ts")).predict,
  train: async () => (await import("./commands/learning/train.ts")).train,
  distil: async () => (await import("./commands/reducing/distil.ts")).distil,
  prune: async () => (await import("./commands/reducing/prune.ts")).prune,
  quantize: async () => (await import("./commands/reducing/quantize.ts")).quantize,
  "data get": async () => (await import("./commands/learning/data-get.ts")).dataGet,
  "link ber": async () => (await import("./commands/radio/link-ber.ts")).linkBer,
  "link capacity": async () => (await import("./commands/radio/link-capacity.ts")).linkCapacity,
  split: async () => (await import("./commands/splitting/split.ts")).split,
  "split serve": async () => (await import("./commands/splitting/split-serve.ts")).splitServe,
  "split infer": async () => (await import("./commands/splitting/split-infer.ts")).splitInfer,
  "study run": async () => (await import("./commands/studying/study-run.ts")).studyRun,
  "study report": async () => (await import("./commands/studying/study-report.ts")).studyReport,
  "study verify": async () => (await import("./commands/studying/study-verify.ts")).studyVerify,
  "study cap": async () => (await import("./commands/studying/study-cap.ts")).studyCap,
  agent: async () => (await import("./commands/studying/agent.ts")).agent,
  reproduce: async () => (await import("./commands/reproducing/reproduce.ts")).reproduce,
  serve: async () => (await import("./commands/stored/serve.ts")).serve,
};

/** Commands that sample: the sampler's process, another Node, starts while the command is still being read. */
export const SAMPLING: readonly string[] = ["measure", "compare", "doctor", "run"];
