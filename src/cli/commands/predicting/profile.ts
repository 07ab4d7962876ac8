// `joulecast profile MODEL`: runs a network just long enough to say what many samples will need; or, from the first epochs of a
// training run (--curve), what a target accuracy will. It reads options; profile-model and predict/profile do the work.
import { forecastTarget, readLearningCurve, type TargetForecast } from "../../../predict/profile/learning-curve.ts";
import { type ProfileReport, profileDocument } from "../../../report/predicting/profile-report.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Command, OptionValues } from "../../command.ts";
import { quantityOption, textOption } from "../../options.ts";
import { SESSION_OPTIONS } from "../measuring/in-session.ts";
import { readText } from "./sample-files.ts";

function targetOf(options: OptionValues): TargetForecast | undefined {
  const path = textOption(options, "--curve");
  const accuracy = quantityOption(options, "--target-accuracy", "ratio", 0, 1);
  if (path === undefined && accuracy === undefined) return undefined;
  if (path === undefined || accuracy === undefined)
    throw new InputError(
      "no-curve",
      `${path === undefined ? "--target-accuracy" : "--curve"} is given without ${path === undefined ? "--curve" : "--target-accuracy"}`,
      "give both: --curve epochs.csv --target-accuracy 0.9",
    );
  return forecastTarget(readLearningCurve(path, readText(path)), accuracy);
}

function modelFields(report: ProfileReport | undefined): Readonly<Record<string, unknown>> {
  if (report === undefined) return {};
  const { best, samples, sweep, remarks, ...rest } = report;
  return {
    perSampleJ: best.perSampleJ,
    perSampleS: best.perSampleS,
    totalJ: best.perSampleJ * samples,
    lowJ: best.lowJ * samples,
    highJ: best.highJ * samples,
    totalS: best.perSampleS * samples,
    lowS: best.lowS === undefined ? null : best.lowS * samples,
    highS: best.highS === undefined ? null : best.highS * samples,
    samples,
    bestBatch: best.batch,
    sweep: sweep.map((row) => ({ ...row, lowS: row.lowS ?? null, highS: row.highS ?? null })),
    model: rest.model,
    runtime: rest.runtime,
    kind: rest.kind,
    aboveIdle: rest.hasBaseline,
    measuredS: rest.measuredS,
    interrupted: rest.interrupted,
    remarks,
  };
}

function targetFields(target: TargetForecast | undefined): Readonly<Record<string, unknown>> {
  if (target === undefined) return {};
  const { epochs, lowEpochs, highEpochs, energyJ, lowJ, highJ, ...rest } = target;
  const known = (value: number | undefined) => value ?? null;
  return {
    target: {
      ...rest,
      epochs: known(epochs),
      lowEpochs: known(lowEpochs),
      highEpochs: known(highEpochs),
      energyJ: known(energyJ),
      lowJ: known(lowJ),
      highJ: known(highJ),
    },
  };
}

export const profile: Command = {
  name: "profile",
  summary: "run a network just long enough to say what many samples need, and at which batch size",
  arguments: [{ name: "model", description: "an .onnx file or zoo:NAME; not needed with --curve", required: false }],
  options: [
    { flags: "--samples <n>", description: "samples to extrapolate to (default 1)" },
    {
      flags: "--batch <n,…>",
      description: "batch sizes to try (default 1,2,4,8,16,32 where the file leaves the batch open)",
    },
    { flags: "--duration <time>", description: "length of a timed section (default 0.5s)" },
    { flags: "--rounds <n>", description: "sections of each batch size, taking turns (default 3)" },
    {
      flags: "--precision <ratio>",
      description: "the best batch is run on until half the 95 % interval of its time is this share of it (default 2%)",
    },
    { flags: "--limit <time>", description: "longest time for that (default 60s)" },
    {
      flags: "--curve <file>",
      description: "CSV of a training run: epoch, accuracy, energy_j (or power_w and time_s)",
    },
    { flags: "--target-accuracy <ratio>", description: "with --curve: joules until this accuracy, as a range" },
    { flags: "--dim <name=n>", description: "length of a symbolic dimension; may be repeated", repeatable: true },
    { flags: "--warmup <n>", description: "passes before each section (default 3)" },
    { flags: "--threads <n>", description: "threads within an operator (default: one per physical core)" },
    { flags: "--provider <name>", description: "cpu, webgpu, cuda, coreml or dml (default cpu)" },
    ...SESSION_OPTIONS,
  ],
  examples: [
    "joulecast profile model.onnx --samples 50000",
    "joulecast profile zoo:resnet18 --batch 1,8,32 --samples 1e6 --precision 1%",
    "joulecast profile --curve epochs.csv --target-accuracy 0.9",
  ],
  run: async ([model], options, context) => {
    const target = targetOf(options);
    if (model === undefined && target === undefined)
      throw new InputError(
        "no-model",
        "neither a network nor --curve is given",
        "joulecast profile model.onnx --samples 50000",
      );
    const { profileModel } = await import("./profile-model.ts");
    const profiled = model === undefined ? undefined : await profileModel(model, options, context);
    return {
      result: {
        ...(profiled && { runId: options.save === false ? null : profiled.runId }),
        ...modelFields(profiled?.report),
        ...targetFields(target),
      },
      document: profileDocument(profiled?.report, target),
      exitCode: profiled?.report.interrupted ? 130 : 0,
      remarks: profiled?.remarks ?? [],
    };
  },
};
