// `joulecast reproduce krouka`: the paper's network from --model and --pruned, or trained and pruned here from --data; study/papers/krouka.ts
// does the rest.
import { join } from "node:path";
import type { Hardware } from "../../../hardware/hardware.ts";
import { type DataSet, limited } from "../../../learn/data/data-set.ts";
import { readCatalogue } from "../../../node/catalogue.ts";
import { monotonicS } from "../../../node/clock.ts";
import { openData } from "../../../node/data/open-data.ts";
import { checkWritable, writeWhole } from "../../../node/files.ts";
import { type OpenNetwork, openNetwork } from "../../../node/open-network.ts";
import { withInterrupts } from "../../../node/run/interrupts.ts";
import { writeOnnx } from "../../../onnx/write.ts";
import { judgeNetwork } from "../../../reduce/judge.ts";
import type { WeightedNetwork } from "../../../reduce/network.ts";
import { kroukaSections } from "../../../report/splitting/krouka-report.ts";
import { DEFAULT_OUTAGE } from "../../../split/rayleigh.ts";
import {
  compressionRatio,
  figure3,
  figure4,
  figure5,
  type KroukaInput,
  kroukaNetwork,
  reproduceKrouka,
} from "../../../study/papers/krouka.ts";
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
  {
    flags: "--pruned <file>",
    description: "krouka: the compressed network, not trained here; with --data both are judged",
  },
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

type Networks = Pick<KroukaInput, "original" | "compressed">;
type Accuracy = NonNullable<KroukaInput["accuracy"]>;

/** A network without zeros, or the same one twice, has nothing of the paper's compression. */
function warningsOf(networks: Networks): readonly string[] {
  const ratio = compressionRatio(networks);
  return ratio.toFixed(3) === "1.000"
    ? ["the compression ratio is 1.000: --pruned has as many nonzero parameters as the model"]
    : [];
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
  const { train } = openData(data);
  const test = testSet(data, options);
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
      test,
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

/** Options of training: a compressed network that is given is trained no more. */
const OF_TRAINING = ["--threshold", "--ratios", "--train-epochs", "--limit-train"];

/** @throws InputError "needs-option" for options that would do nothing */
function checkUse(options: OptionValues): void {
  const has = (flag: string) => textOption(options, flag) !== undefined;
  const flag = has("--pruned") ? OF_TRAINING.find(has) : undefined;
  if (flag !== undefined)
    throw new InputError("needs-option", `${flag} is of training, and --pruned is given`, "leave out one of them");
  if (!has("--limit-test") || has("--data")) return;
  throw new InputError("needs-option", "--limit-test needs --data", "add --data FOLDER with MNIST");
}

function testSet(name: string, options: OptionValues): DataSet {
  const { test } = openData(name);
  if (test !== undefined) return limited(test, countOption(options, "--limit-test"));
  throw new InputError("no-data", `"${name}" has no test set`, "give MNIST, with its t10k files");
}

/** Accuracy on the test set of --data; undefined without it. */
async function judgedHere({ original, compressed }: Made, options: OptionValues, { progress }: CommandContext) {
  const data = textOption(options, "--data");
  if (data === undefined) return undefined;
  const set = testSet(data, options);
  const { onnxRuntime } = await import("../../../node/runtime/onnx-runtime.ts");
  const runtime = onnxRuntime();
  progress("judging both networks on the test set");
  const accuracyOf = async (network: WeightedNetwork) =>
    (await judgeNetwork(network, { runtime, set, loss: { kind: "cross-entropy" } })).accuracy ?? Number.NaN;
  return { original: await accuracyOf(original), compressed: await accuracyOf(compressed) };
}

/** Accuracies, and the networks of figure 5: those that were trained, else the two that were given. */
async function withAccuracy(made: Made, networks: Networks, process: Hardware, judged: Accuracy | undefined) {
  const { trained } = made;
  if (trained !== undefined)
    return {
      ...networks,
      accuracy: { original: trained.original.accuracy, compressed: trained.compressed.accuracy },
      curve: await Promise.all(
        trained.curve.map(async ({ ratio, accuracy, network }) => ({
          ratio,
          accuracy,
          network: await kroukaNetwork(network, process),
        })),
      ),
    };
  if (judged === undefined) return networks;
  const { original, compressed } = networks;
  return {
    ...networks,
    accuracy: judged,
    curve: [
      { ratio: 1, accuracy: judged.original, network: original },
      { ratio: compressionRatio(networks), accuracy: judged.compressed, network: compressed },
    ],
  };
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
  checkUse(options);
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
    const judged = trained === undefined ? await judgedHere(made, options, context) : undefined;
    const networks = {
      original: await kroukaNetwork(made.original, process),
      compressed: await kroukaNetwork(made.compressed, process),
    };
    const input = await withAccuracy(made, networks, process, judged);
    const warnings = warningsOf(networks);
    const [layers, path, curve] = [figure3(input), figure4(input), figure5(input, outage)];
    return {
      rows: reproduceKrouka(input, outage),
      files,
      sections: [
        ...(warnings.length > 0 ? [{ kind: "notes" as const, tone: "warning" as const, notes: warnings }] : []),
        ...kroukaSections({ layers, path, curve }),
      ],
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
        ...warnings,
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
