// `joulecast reproduce krouka`: the paper's network from --model and --pruned, or trained and pruned here from --data; study/papers/krouka.ts
// does the rest.
import { join } from "node:path";
import { limited } from "../../../learn/data/data-set.ts";
import { readCatalogue } from "../../../node/catalogue.ts";
import { monotonicS } from "../../../node/clock.ts";
import { openData } from "../../../node/data/open-data.ts";
import { checkWritable, writeWhole } from "../../../node/files.ts";
import { type OpenNetwork, openNetwork } from "../../../node/open-network.ts";
import { withInterrupts } from "../../../node/run/interrupts.ts";
import { writeOnnx } from "../../../onnx/write.ts";
import type { WeightedNetwork } from "../../../reduce/network.ts";
import { kroukaSections } from "../../../report/splitting/krouka-report.ts";
import { DEFAULT_OUTAGE } from "../../../split/rayleigh.ts";
import { figure3, figure4, figure5, kroukaNetwork, reproduceKrouka } from "../../../study/papers/krouka.ts";
import {
  CURVE_RATIOS,
  DEFAULT_THRESHOLD,
  type KroukaTrained,
  trainKrouka,
} from "../../../study/papers/krouka-train.ts";
import { InputError } from "../../../units/input-error.ts";
import type { CommandContext, OptionSpec, OptionValues } from "../../command.ts";
import { countOption, listOption, positiveOption, shareOption, textOption } from "../../options.ts";
import type { Reproduced, Reproduction } from "./reproduction.ts";

const NETWORK = "zoo:mnist-cnn";
const PROCESS = "horowitz-45nm";
const INTERRUPTED = 130;

const OPTIONS: readonly OptionSpec[] = [
  { flags: "--model <file>", description: `krouka: the trained network (default: ${NETWORK}, trained from --data)` },
  { flags: "--pruned <file>", description: "krouka: the compressed network, instead of training and pruning" },
  { flags: "--threshold <t>", description: `krouka: weights below it go (default ${DEFAULT_THRESHOLD})` },
  { flags: "--ratios <list>", description: `krouka: compression ratios of Fig 5 (default ${CURVE_RATIOS.join(",")})` },
  {
    flags: "--train-epochs <a,b,c>",
    description: "krouka: epochs plain, with the L1 penalty, after pruning (default 3,4,1)",
  },
  { flags: "--limit-train <n>", description: "krouka: only the first n training samples" },
  { flags: "--limit-test <n>", description: "krouka: only the first n test samples" },
  { flags: "--outage <ratio>", description: "krouka: share of the fading below which nothing is sent (default 1%)" },
  { flags: "--seed <n>", description: "krouka: seed of the training (default 0)" },
  { flags: "--write <folder>", description: "krouka: write the trained and the compressed network there" },
];

interface Made {
  readonly trained: KroukaTrained | undefined;
  readonly original: WeightedNetwork;
  readonly compressed: WeightedNetwork;
  readonly isInterrupted: boolean;
}

function numbersOption(options: OptionValues, flag: string, low: number): readonly number[] | undefined {
  return listOption(options, flag)?.map((text) => {
    const value = Number(text);
    if (Number.isFinite(value) && value >= low) return value;
    throw new InputError("bad-number", `${flag}: "${text}" is not a number of at least ${low}`, "separate by commas");
  });
}

function epochsOption(options: OptionValues): readonly [number, number, number] | undefined {
  const epochs = numbersOption(options, "--train-epochs", 0);
  if (epochs === undefined) return undefined;
  const [plain, penalised, tuning] = epochs;
  if (epochs.length === 3 && epochs.every(Number.isInteger)) return [plain!, penalised!, tuning!];
  throw new InputError("bad-number", "--train-epochs wants three whole numbers", "give 3,4,1, say");
}

async function trainedHere(
  network: OpenNetwork,
  data: string,
  options: OptionValues,
  { progress }: CommandContext,
): Promise<Made> {
  const { train, test } = openData(data);
  if (test === undefined)
    throw new InputError("no-data", `"${data}" has no test set`, "give MNIST, with its t10k files");
  const { onnxRuntime } = await import("../../../node/runtime/onnx-runtime.ts");
  const epochs = epochsOption(options);
  const threshold = positiveOption(options, "--threshold", "ratio");
  const ratios = numbersOption(options, "--ratios", 1);
  return withInterrupts(async (signal) => {
    const trained = await trainKrouka({
      network,
      runtime: onnxRuntime(),
      clock: { nowS: monotonicS },
      train: limited(train, countOption(options, "--limit-train")),
      test: limited(test, countOption(options, "--limit-test")),
      seed: countOption(options, "--seed", 0) ?? 0,
      signal,
      onStep: progress,
      ...(epochs && { epochs }),
      ...(threshold !== undefined && { threshold }),
      ...(ratios && { ratios }),
    });
    const { original, compressed } = trained;
    return { trained, original: original.network, compressed: compressed.network, isInterrupted: signal.aborted };
  });
}

/** Writes both networks. @returns their paths */
async function written({ original, compressed }: Made, folder: string | undefined): Promise<readonly string[]> {
  if (folder === undefined) return [];
  const files = [
    [join(folder, "krouka.onnx"), original],
    [join(folder, "krouka-compressed.onnx"), compressed],
  ] as const;
  for (const [path, { graph, weights }] of files) await writeWhole(path, writeOnnx(graph, weights));
  return files.map(([path]) => path);
}

async function run(options: OptionValues, context: CommandContext): Promise<Reproduced> {
  const [data, pruned] = [textOption(options, "--data"), textOption(options, "--pruned")];
  if (data === undefined && pruned === undefined)
    throw new InputError(
      "no-data",
      "reproduce krouka needs data or a compressed network",
      "give --data FOLDER with MNIST, or --model trained.onnx --pruned small.onnx (`joulecast prune` makes one)",
    );
  const folder = textOption(options, "--write");
  if (folder !== undefined) checkWritable(join(folder, "krouka.onnx"));
  const outage = shareOption(options, "--outage") ?? DEFAULT_OUTAGE;
  if (outage === 1)
    throw new InputError("out-of-range", "--outage: nothing would ever be sent", "give a share below 1");
  const process = (await readCatalogue()).find(({ id }) => id === PROCESS)!;
  const open: OpenNetwork[] = [];
  try {
    const network = await openNetwork(
      textOption(options, "--model") ?? NETWORK,
      countOption(options, "--seed", 0) ?? 0,
    );
    open.push(network);
    let made: Made;
    if (pruned === undefined) made = await trainedHere(network, data!, options, context);
    else {
      const small = await openNetwork(pruned, 0);
      open.push(small);
      made = { trained: undefined, original: network, compressed: small, isInterrupted: false };
    }
    const files = await written(made, folder);
    const { trained } = made;
    const input = {
      original: await kroukaNetwork(made.original, process),
      compressed: await kroukaNetwork(made.compressed, process),
      ...(trained && {
        accuracy: { original: trained.original.accuracy, compressed: trained.compressed.accuracy },
        curve: await Promise.all(
          trained.curve.map(async ({ ratio, accuracy, network: one }) => ({
            ratio,
            accuracy,
            network: await kroukaNetwork(one, process),
          })),
        ),
      }),
    };
    const [layers, path, curve] = [figure3(input), figure4(input), figure5(input, outage)];
    return {
      rows: reproduceKrouka(input, outage),
      files,
      sections: kroukaSections({ layers, path, curve }),
      details: {
        figure3: layers.map((row) => ({
          name: row.name,
          beforeJ: row.beforeJ ?? null,
          afterJ: row.afterJ ?? null,
          beforeElements: row.beforeElements ?? null,
          afterElements: row.afterElements ?? null,
        })),
        figure4: path.choices.map(({ id, table, path: chosen }) => ({
          id,
          steps: path.places.map(({ label, gainRatio }, i) => ({
            label,
            gain: gainRatio,
            cut: table.cuts[chosen.cut[i]!]!.after,
            processingJ: chosen.deviceJ[i]!,
            radioJ: chosen.radioJ[i]!,
          })),
        })),
        figure5: curve,
      },
      remarks: [
        ...files.map((file) => `wrote ${file}`),
        ...(trained?.curveEnd === undefined ? [] : [`Fig 5 ends early: ${trained.curveEnd}`]),
      ],
      exitCode: made.isInterrupted ? INTERRUPTED : 0,
    };
  } finally {
    for (const network of open) network.close();
  }
}

export const krouka: Reproduction = {
  title: "Compression and splitting over time-varying channels [Krouka2021]",
  options: OPTIONS,
  run,
};
