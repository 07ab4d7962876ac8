// `joulecast reproduce getzner --data DIR`: the predictors of every layer type, fitted to the authors' samples.
import { join } from "node:path";
import { reproduceGetzner } from "../../../study/papers/getzner.ts";
import { readText } from "../predicting/sample-files.ts";
import { dataFolder, type Reproduction } from "./reproduction.ts";

export const getzner: Reproduction = {
  title: "Layer-wise energy predictors [Getzner2023]",
  options: [],
  run: async (options, { progress }) => {
    const folder = dataFolder(
      options,
      "getzner",
      "the authors' conv2d.csv, linear.csv, … and split_indices_seed1234.json",
    );
    return { rows: await reproduceGetzner((name) => readText(join(folder, name)), progress) };
  },
};
