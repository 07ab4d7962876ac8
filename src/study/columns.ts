// The quantities that a table of measurements may have, with the names that files give them.
import type { ColumnMeaning } from "../predict/pre/bind-columns.ts";
import type { StudyNumbers } from "./study-row.ts";

interface StudyColumn extends ColumnMeaning {
  /** Field of a row; left out for those that read-table.ts treats by name. */
  readonly field?: keyof StudyNumbers;
  /** Per cent are shares above 1. */
  readonly isShare?: boolean;
  /** A large count: its heading may say thousands, millions, … */
  readonly isCount?: boolean;
}

/** Headings that are a unit and nothing else. */
const ENERGY_UNITS = ["joules", "joule", "kj", "wh", "kwh", "wattseconds"];

export const STUDY_COLUMNS: Readonly<Record<string, StudyColumn>> = {
  network: { unit: "text", aliases: ["model", "modelname", "architecture", "projectname", "net", "arch"] },
  phase: { unit: "text", aliases: ["mode", "stage", "task", "experiment"] },
  machine: {
    unit: "text",
    aliases: ["hardware", "hardwareconfiguration", "hc", "environment", "env", "host", "device"],
  },
  data: { unit: "text", aliases: ["dataset"] },
  repetition: { unit: "", aliases: ["repeat", "rep", "run", "seed", "trial"] },
  energy: {
    unit: "J",
    aliases: [
      "totalenergy",
      "energyconsumption",
      "total",
      "energyconsumed",
      "totalpower",
      "energytotal",
      ...ENERGY_UNITS,
    ],
  },
  "cpu-energy": { unit: "J", aliases: ["energycpu", "cputotalenergy"] },
  "gpu-energy": { unit: "J", aliases: ["energygpu", "gputotalenergy"] },
  "dram-energy": { unit: "J", aliases: ["energydram", "ramenergy", "energyram", "memoryenergy"] },
  duration: { unit: "s", aliases: ["time", "runtime", "elapsed", "totaltime", "trainingtime", "inferencetime"] },
  power: { unit: "W", aliases: ["meanpower", "averagepower", "avgpower"] },
  batch: { unit: "", aliases: ["batchsize", "bs"], field: "batch" },
  epoch: { unit: "", aliases: ["epochindex"], field: "epoch" },
  samples: { unit: "", aliases: ["nsamples", "numsamples", "images"], field: "samples" },
  accuracy: {
    unit: "",
    aliases: ["acc", "valaccuracy", "testaccuracy", "maxaccuracy"],
    field: "accuracy",
    isShare: true,
  },
  loss: { unit: "", aliases: ["valloss", "trainloss"], field: "loss" },
  macs: {
    unit: "",
    aliases: ["mac", "macops", "multiplyaccumulates", "kmacs", "mmacs", "gmacs", "tmacs", "mmac", "gmac"],
    field: "macs",
    isCount: true,
  },
  params: {
    unit: "",
    aliases: [
      "parameters",
      "nparams",
      "numparams",
      "totalparams",
      "totalparameters",
      "kparams",
      "mparams",
      "gparams",
      "kparameters",
      "mparameters",
    ],
    field: "params",
    isCount: true,
  },
  "trainable-params": {
    unit: "",
    aliases: ["trainableparameters", "trainable"],
    field: "trainableParams",
    isCount: true,
  },
  buffers: { unit: "", aliases: ["buffer", "buffersize"], field: "buffers", isCount: true },
  size: { unit: "B", aliases: ["modelsize", "sizeb"], field: "sizeBytes" },
  "cpu-power": { unit: "W", aliases: ["powercpu", "cpudeltapower", "cpuaveragepower"], field: "cpuPowerW" },
  "gpu-power": { unit: "W", aliases: ["powergpu", "gpuaveragepower"], field: "gpuPowerW" },
  "dram-power": { unit: "W", aliases: ["powerdram", "rampower", "powerram", "memorypower"], field: "dramPowerW" },
  utilisation: {
    unit: "",
    aliases: ["utilization", "gpuutilisation", "gpuutilization", "gpuutil", "gpupercent", "gpuusage"],
    field: "utilisationRatio",
    isShare: true,
  },
  vram: { unit: "B", aliases: ["gpumemoryused", "gpumemory", "vramused"], field: "vramBytes" },
};
