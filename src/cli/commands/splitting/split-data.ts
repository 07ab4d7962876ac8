// `joulecast split … --data DIR`: what fewer bits cost in accuracy at the chosen cut, and a bottleneck trained there. Runs the network.
import { limited } from "../../../learn/data/data-set.ts";
import { monotonicS } from "../../../node/clock.ts";
import { openData } from "../../../node/data/open-data.ts";
import { checkWritable, writeWhole } from "../../../node/files.ts";
import { bitsAccuracy } from "../../../node/split/feature-accuracy.ts";
import { HalvesCache } from "../../../node/split/halves.ts";
import { writeOnnx } from "../../../onnx/write.ts";
import { countCell, quantityCell, ratioCell, textCell } from "../../../report/show.ts";
import type { WeightReader } from "../../../runtime/runtime.ts";
import { ENCODER, insertBottleneck } from "../../../split/bottleneck.ts";
import { findCut, prefixCut } from "../../../split/cuts.ts";
import { featureBytes } from "../../../split/features.ts";
import { splitNetwork } from "../../../split/split-network.ts";
import { InputError } from "../../../units/input-error.ts";
import type { CommandContext, OptionSpec, OptionValues } from "../../command.ts";
import { countOption, positiveOption, textOption } from "../../options.ts";
import { needs } from "./radio-options.ts";
import type { Extra } from "./split-extras.ts";
import { openSplitModel, type SplitModel } from "./split-problem.ts";

export const DATA_OPTIONS: readonly OptionSpec[] = [
  { flags: "--data <folder>", description: "data set: accuracy at 32, 16, 8 and 4 bits at the chosen cut" },
  { flags: "--limit-train <n>", description: "with --data: only the first n training samples" },
  { flags: "--limit-test <n>", description: "with --data: only the first n test samples" },
  { flags: "--bottleneck <n>", description: "with --data and --cut: train a bottleneck of n channels at the cut" },
  { flags: "--epochs <n>", description: "with --bottleneck: epochs of training (default 1)" },
  { flags: "--lr <rate>", description: "with --bottleneck: learning rate of Adam (default 1e-3)" },
  { flags: "--write-bottleneck <file>", description: "with --bottleneck: where to write the trained network" },
];

const BATCH = 100;
const TRAIN_BATCH = 64;
const RATE = 1e-3;

/** The model bound to whole batches. */
function inBatches(model: string, options: OptionValues, batch: number): Promise<SplitModel> {
  return openSplitModel(model, { ...options, batch: String(batch) });
}

/** Accuracy by bits at the cut after `after`. */
async function accuracyRows(model: SplitModel, after: string, options: OptionValues) {
  const { test, train } = openData(textOption(options, "--data")!);
  const set = limited(test ?? train, countOption(options, "--limit-test"));
  const batch = Math.min(BATCH, set.samples);
  const { onnxRuntime } = await import("../../../node/runtime/onnx-runtime.ts");
  const network = splitNetwork(model.shaped, model.work);
  const cuts = [...network.layers.keys()].map((at) => prefixCut(network, at + 1));
  const { onDevice, sent } = findCut([prefixCut(network, 0), ...cuts], after);
  const halves = new HalvesCache({ network, weights: model.weights, runtime: onnxRuntime() });
  try {
    const rows = await bitsAccuracy({ halves, onDevice, set, batch });
    const elements = sent.map((id) => (network.tensors[id]!.elements ?? 0) / batch);
    return rows.map((row) => ({
      ...row,
      sentBytes: elements.reduce((bytes, count) => bytes + featureBytes(count, row.bits), 0),
    }));
  } finally {
    await halves.close();
  }
}

async function trainBottleneck(
  name: string,
  after: string,
  channels: number,
  options: OptionValues,
  context: CommandContext,
) {
  const { test, train } = openData(textOption(options, "--data")!);
  const model = await openSplitModel(name, options);
  try {
    const network = splitNetwork(model.shaped, model.work);
    const cuts = [...network.layers.keys()].map((at) => prefixCut(network, at + 1));
    const graph = insertBottleneck(network, model.shaped.graph, findCut(cuts, after), channels);
    const [{ fitNetwork }, { onnxRuntime }, { drawnWeights }] = await Promise.all([
      import("../../../learn/train/fit.ts"),
      import("../../../node/runtime/onnx-runtime.ts"),
      import("../../../node/model.ts"),
    ]);
    const weights: WeightReader = (ref, type) => (ref.kind === "seeded" ? drawnWeights : model.weights)(ref, type);
    const learned = limited(train, countOption(options, "--limit-train"));
    const judged = test && limited(test, countOption(options, "--limit-test"));
    context.progress("training the bottleneck");
    const fitted = await fitNetwork({
      runtime: onnxRuntime(),
      network: graph,
      weights,
      train: learned,
      ...(judged && { test: judged }),
      loss: { kind: "cross-entropy" },
      optimiser: { kind: "adam" },
      batch: Math.min(TRAIN_BATCH, learned.samples),
      epochs: countOption(options, "--epochs") ?? 1,
      rate: positiveOption(options, "--lr", "") ?? RATE,
      schedule: "cosine",
      seed: countOption(options, "--seed", 0) ?? 1,
      clock: { nowS: monotonicS },
    });
    context.progress("");
    const file = textOption(options, "--write-bottleneck");
    if (file !== undefined) await writeWhole(file, writeOnnx(fitted.network, weights));
    const elements = network.tensors[findCut(cuts, after).sent[0]!]!;
    const width = elements.type!.shape![1] as number;
    return {
      after: ENCODER,
      channels,
      ofChannels: width,
      sentBytes: (elements.bits / 8) * (channels / width),
      before: fitted.before?.accuracy ?? null,
      accuracy: fitted.after?.accuracy ?? null,
      out: file ?? null,
    };
  } finally {
    model.close();
  }
}

/** What data tell of the chosen cut; undefined without --data. @throws InputError for options without the ones they belong to */
export async function dataExtra(
  name: string,
  after: string | undefined,
  options: OptionValues,
  context: CommandContext,
): Promise<Extra | undefined> {
  const channels = countOption(options, "--bottleneck");
  const hasData = textOption(options, "--data") !== undefined;
  if (channels !== undefined && (!hasData || textOption(options, "--cut") === undefined))
    throw new InputError("needs-option", "--bottleneck needs --data and --cut", "give --data FOLDER --cut pool2");
  for (const flag of ["--limit-train", "--limit-test"]) needs(options, flag, "--data");
  for (const flag of ["--epochs", "--lr", "--write-bottleneck"]) needs(options, flag, "--bottleneck");
  if (!hasData || after === undefined) return undefined;
  const file = textOption(options, "--write-bottleneck");
  if (file !== undefined) checkWritable(file);
  const { test, train } = openData(textOption(options, "--data")!);
  const batch = Math.min(BATCH, limited(test ?? train, countOption(options, "--limit-test")).samples);
  const model = await inBatches(name, options, batch);
  let rows: Awaited<ReturnType<typeof accuracyRows>>;
  try {
    context.progress("running the data through both halves");
    rows = await accuracyRows(model, after, options);
  } finally {
    model.close();
  }
  context.progress("");
  const narrow = channels === undefined ? undefined : await trainBottleneck(name, after, channels, options, context);
  return {
    result: { accuracy: rows, bottleneck: narrow ?? null },
    sections: [
      {
        kind: "table",
        name: "accuracy",
        title: `Sent after ${after}: what fewer bits cost`,
        columns: [
          { title: "bits", align: "right" },
          { title: "sent", align: "right" },
          { title: "accuracy", align: "right" },
          { title: "same answer as unsplit", align: "right" },
        ],
        rows: rows.map(({ bits, sentBytes, accuracy, agreement }) => [
          countCell(bits),
          quantityCell(sentBytes, "B"),
          ratioCell(accuracy),
          ratioCell(agreement),
        ]),
      },
      ...(narrow
        ? [
            {
              kind: "facts" as const,
              title: "Trained bottleneck",
              facts: [
                { label: "cut after", cell: textCell(narrow.after) },
                { label: `channels, of ${narrow.ofChannels}`, cell: countCell(narrow.channels) },
                { label: "sent", cell: quantityCell(narrow.sentBytes, "B") },
                { label: "accuracy untrained", cell: ratioCell(narrow.before ?? undefined) },
                { label: "accuracy trained", cell: ratioCell(narrow.accuracy ?? undefined) },
              ],
            },
          ]
        : []),
    ],
  };
}
