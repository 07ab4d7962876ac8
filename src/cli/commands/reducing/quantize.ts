// `joulecast quantize MODEL`: the same network with 8- or 16-bit numbers, accuracy, time and joules before and after.
import { type DataSet, limited } from "../../../learn/data/data-set.ts";
import { openData } from "../../../node/data/open-data.ts";
import { openNetwork } from "../../../node/open-network.ts";
import { type Difference, outputDifference } from "../../../reduce/difference.ts";
import type { WeightedNetwork } from "../../../reduce/network.ts";
import { type Int8Support, int8Support } from "../../../reduce/quantise/int8-support.ts";
import { type Quantised, type QuantiseSpec, quantise } from "../../../reduce/quantise/quantise.ts";
import type { ReductionRecord } from "../../../reduce/record.ts";
import { unlessStopped } from "../../../reduce/stoppable.ts";
import { plural } from "../../../report/work-sections.ts";
import { formatDuration, formatNumber } from "../../../units/format.ts";
import type { Command, CommandContext, OptionValues, Outcome } from "../../command.ts";
import { dimensionsOption } from "../../options.ts";
import { accessHere } from "../measuring/machine-options.ts";
import { QUANTIZE_OPTIONS, type QuantizeSettings, quantizeSettings } from "./quantize-options.ts";
import { lossOn } from "./reduction-options.ts";
import { type Look, type Reduced, type ReductionTools, reductionOutcome } from "./reduction-outcome.ts";

type Dims = Readonly<Record<string, number>>;

/** @param set there whenever something is to be calibrated: quantizeSettings sees to that */
function specOf(
  settings: QuantizeSettings,
  set: DataSet | undefined,
  tools: ReductionTools,
  dims: Dims,
  { progress }: CommandContext,
): QuantiseSpec {
  const { to, perChannel, reduceRange, keep, keepEnds, calibration, activation, samples, seed, threads } = settings;
  if (to === "float16") return { to, keep };
  const common = { perChannel, reduceRange, keep, keepEnds };
  if (to === "int8-dynamic") return { to, ...common };
  const { runtime, signal } = tools;
  const how = {
    runtime,
    signal,
    set: set!,
    samples,
    seed,
    dims,
    kind: calibration,
    onProgress: (done: number, total: number) => progress({ label: "calibrating", done, total, unit: "samples" }),
    ...(threads !== undefined && { threads }),
  };
  return { to, ...common, activation, calibration: how };
}

/** Why 8 bits may not pay on this processor. */
function processorNotes({ to, reduceRange }: QuantizeSettings, { isFast, saturates }: Int8Support): readonly string[] {
  if (to === "float16" || isFast !== false) return [];
  const clipped =
    saturates && !reduceRange ? ["8-bit products can overflow here and cost accuracy: --reduce-range avoids it"] : [];
  return [
    "this processor has no instructions for 8-bit products (VNNI or the like): int8 saves memory, seldom time",
    ...clipped,
  ];
}

/** Why a network of fewer bits was slower. */
function slowReason({ to }: QuantizeSettings, { isFast, found }: Int8Support, after: WeightedNetwork): string {
  if (to === "float16")
    return "ONNX Runtime computes most half-precision operators on a CPU in float32 and casts to and fro";
  if (after.graph.layers.some(({ op }) => op === "ConvInteger"))
    return "ONNX Runtime has no fast convolution for dynamic 8 bits: int8-static has one";
  if (isFast === false) return "no instructions for 8-bit products";
  const has = found.length > 0 ? `the processor has ${found.join(", ")}, but ` : "";
  return `${has}layers this small cost more to convert than they save, or the float path is better tuned`;
}

/** What the clock said. */
function timeNotes(
  settings: QuantizeSettings,
  support: Int8Support,
  after: WeightedNetwork,
  { before: { time: first }, after: { time: second, energyJ } }: ReductionRecord,
): readonly string[] {
  const { to } = settings;
  if (first === undefined || second === undefined) return [];
  const times = `${formatDuration(second.medianS)} per inference against ${formatDuration(first.medianS)}`;
  const isApart = second.lowS > first.highS || second.highS < first.lowS;
  if (!isApart) return [`${to}: no clear difference by the clock (${times})`];
  if (second.medianS < first.medianS)
    return [`${to} is ${formatNumber(first.medianS / second.medianS)} times as fast here (${times})`];
  const metrics =
    Object.keys(energyJ).length > 0 ? ["the metrics price the arithmetic, not what this runtime makes of it"] : [];
  return [`${to} is slower here: ${times}; ${slowReason(settings, support, after)}`, ...metrics];
}

function differenceText({ largest, relativeRms, samples }: Difference): string {
  return `at most ${formatNumber(largest)}, ${formatNumber(relativeRms * 100)} % of their size (RMS, ${samples} samples)`;
}

function settingRows(
  settings: QuantizeSettings,
  { layers, folded }: Quantised,
  calibrated: number,
): readonly (readonly [string, string])[] {
  const { to, calibration, perChannel, keep, activation } = settings;
  const isInt8 = to !== "float16";
  return [
    ["to", `${to}: ${plural(layers, "layer")}${keep.length > 0 ? `, without ${keep.join(", ")}` : ""}`],
    ...(isInt8 ? [["weights", `int8, one scale per ${perChannel ? "channel" : "tensor"}`] as const] : []),
    ...(to === "int8-static"
      ? [["activations", `${activation}, ranges by ${calibration} of ${plural(calibrated, "sample")}`] as const]
      : []),
    ...(folded > 0 ? [["folded", plural(folded, "batch normalisation")] as const] : []),
  ];
}

async function quantizeModel(model: string, options: OptionValues, context: CommandContext): Promise<Outcome> {
  const settings = quantizeSettings(options);
  const { data, loss, limitTest, threads, seed, to } = settings;
  const sets = data === undefined ? undefined : openData(data);
  const test = sets?.test && limited(sets.test, limitTest);
  const dims = dimensionsOption(options, "--dim");
  const cpuInfo = accessHere().readText("/proc/cpuinfo");
  const support = int8Support("text" in cpuInfo ? cpuInfo.text : undefined);
  const network = await openNetwork(model, seed);
  const reduce = async (tools: ReductionTools): Promise<Look> => {
    context.progress(`quantising to ${to}`);
    const made = await quantise(network, specOf(settings, sets?.train, tools, dims, context));
    return () => lookAt(made, tools);
  };
  const lookAt = async (made: Quantised, { runtime, signal }: ReductionTools): Promise<Reduced> => {
    const how = { runtime, signal, dims, ...(threads !== undefined && { threads }) };
    const compared =
      test && (await unlessStopped(() => outputDifference(network, made.network, { ...how, set: test })));
    const calibrated = Math.min(settings.samples, sets?.train.samples ?? 0);
    return {
      before: network,
      after: made.network,
      settings: [
        ...settingRows(settings, made, calibrated),
        ...(compared ? [["outputs differ", differenceText(compared)] as const] : []),
      ],
      notes: [
        ...(data !== undefined && test === undefined ? [`${data} has no test samples: no accuracy`] : []),
        ...processorNotes(settings, support),
      ],
      notesOn: (record) => timeNotes(settings, support, made.network, record),
      result: {
        data: data ?? null,
        to,
        layers: made.layers,
        folded: made.folded,
        difference: compared ?? null,
        int8Instructions: support.isFast === undefined ? null : support.found,
        settings,
      },
    };
  };
  try {
    return await reductionOutcome(
      {
        command: "quantize",
        model,
        title: `${model} quantised to ${to}`,
        judge: test && { set: test, loss: lossOn(test, { kind: loss }) },
        reduce,
      },
      options,
      context,
    );
  } finally {
    network.close();
  }
}

export const quantize: Command = {
  name: "quantize",
  summary: "write a network with 8- or 16-bit numbers, and tell what that saves and costs",
  arguments: [
    {
      name: "model",
      description: "an .onnx file with float32 weights, or a built-in network as zoo:NAME",
      required: true,
    },
  ],
  options: QUANTIZE_OPTIONS,
  out: "where to write the quantised network, an .onnx file",
  examples: [
    "joulecast quantize model.onnx --data DIR --per-channel --calibration entropy --out model-int8.onnx",
    "joulecast quantize model.onnx --to int8-dynamic --data DIR --out model-int8.onnx",
    "joulecast quantize model.onnx --to float16 --keep fc5 --out model-half.onnx",
  ],
  run: async ([model = ""], options, context) => quantizeModel(model, options, context),
};
