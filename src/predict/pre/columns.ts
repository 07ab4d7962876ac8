// The quantities that a history of runs may have, with the names that files give them.
import type { ColumnMeaning } from "./bind-columns.ts";
import type { FeatureName } from "./run.ts";

interface HistoryColumn extends ColumnMeaning {
  readonly feature?: FeatureName;
  /** Value in the file → value of the feature: MACs to GFLOPs. Default: as it is. */
  readonly scale?: number;
}

/** Ours → what it is. The first alias that a file has is taken. */
export const HISTORY_COLUMNS: Readonly<Record<string, HistoryColumn>> = {
  architecture: { unit: "text", aliases: ["network", "arch", "modelname", "model"] },
  environment: { unit: "text", aliases: ["trainingenvironment", "trainenvironment", "env", "machine", "host"] },
  gpu: { unit: "text", aliases: ["gpumodel", "gpuname", "accelerator", "device"] },
  energy: { unit: "J", aliases: ["totalenergy", "energyconsumption", "energyconsumed", "trainingenergy", "gpuenergy"] },
  power: { unit: "W", aliases: ["averagepowerdraw", "meanpower", "averagepower", "powerdraw"] },
  duration: { unit: "s", aliases: ["trainingduration", "trainingtime", "time", "runtime", "elapsed"] },
  epochs: { unit: "", aliases: ["trainedepochs", "numberofepochs", "nepochs", "epoch"] },
  batch: { unit: "", aliases: ["batchsize"], feature: "batch" },
  ram: { unit: "B", aliases: ["ramsize", "totalram", "systemmemory"], feature: "ramBytes" },
  "train-size": {
    unit: "",
    aliases: ["trainingsize", "datasetsize", "trainingsamples", "trainsamples", "samples"],
    feature: "trainSize",
  },
  "validation-size": {
    unit: "",
    aliases: ["valsize", "validationsamples", "valsamples", "validsize"],
    feature: "validationSize",
  },
  gflops: { unit: "", aliases: ["modelgflops", "gflop"], feature: "gflops" },
  flops: { unit: "", aliases: ["flop"], feature: "gflops", scale: 1e-9 },
  macs: { unit: "", aliases: ["mac"], feature: "gflops", scale: 2e-9 },
  image: { unit: "", aliases: ["imagesize", "inputsize", "resolution"], feature: "image" },
  "gpu-cores": { unit: "", aliases: ["cudacores", "cores"], feature: "gpuCores" },
  "gpu-memory": {
    unit: "B",
    aliases: ["gpumemorysize", "vram", "gpuram", "gpumemorytotal"],
    feature: "gpuMemoryBytes",
  },
  "gpu-tdp": { unit: "W", aliases: ["tdp", "maxpowerlimit", "powerlimit", "gputdpw"], feature: "gpuTdpW" },
  params: { unit: "", aliases: ["parameters", "nparams", "numparams"], feature: "params" },
  f1: { unit: "", aliases: ["f1score"] },
  accuracy: { unit: "", aliases: ["acc", "valaccuracy", "testaccuracy"] },
};

/** Columns that say how good the trained network is. */
export const QUALITY_COLUMNS: readonly string[] = ["f1", "accuracy"];
