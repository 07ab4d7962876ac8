// `joulecast predict --with P (MODEL | --samples FILE)`: what a fitted predictor says of a network, or of rows of a file.
import { bindDimensions } from "../../../graph/bind.ts";
import { inferShapes } from "../../../graph/shape/infer.ts";
import { readModel } from "../../../node/model.ts";
import { type LayerwisePredictor, parsePredictor } from "../../../predict/layerwise/layerwise-predictor.ts";
import { parseTarget } from "../../../predict/layerwise/measured.ts";
import { predictNetwork } from "../../../predict/layerwise/network.ts";
import { predictSamples } from "../../../predict/layerwise/predict-samples.ts";
import { networkDocument, samplesDocument } from "../../../report/predicting/predict-report.ts";
import { InputError } from "../../../units/input-error.ts";
import { countWork } from "../../../work/count.ts";
import type { Command, OptionValues, Outcome } from "../../command.ts";
import { countOption, dimensionsOption, repeatedOption, textOption } from "../../options.ts";
import { modelResult } from "../model-result.ts";
import { readSampleFiles, readText, selectRows } from "./sample-files.ts";

/** "Xeon Gold" of the columns that name the machine; "the machine of the samples" where they named none. */
function deviceOf(predictor: LayerwisePredictor): string {
  const named = Object.entries(predictor.ops[0]?.machine ?? {}).filter(([, value]) => Number.isNaN(Number(value)));
  return named.length === 0 ? "machine of the samples" : named.map(([, value]) => value).join(", ");
}

async function predictModel(name: string, predictor: LayerwisePredictor, options: OptionValues): Promise<Outcome> {
  const batch = countOption(options, "--batch");
  const bound = bindDimensions(await readModel(name), {
    dims: dimensionsOption(options, "--dim"),
    ...(batch !== undefined && { batch }),
  });
  const shaped = inferShapes(bound.graph);
  const work = countWork(shaped);
  const answer = predictNetwork(predictor, shaped.graph, work);
  if (answer.layers.length === 0)
    throw new InputError(
      "no-model",
      `the predictor has no model of any layer of "${name}"`,
      `it knows ${predictor.ops.map(({ op }) => op).join(", ")}`,
    );
  const device = deviceOf(predictor);
  const complete = answer.uncovered.length === 0;
  const beyond = answer.layers.filter(({ inRange }) => !inRange);
  const assumptions = [
    ...bound.assumptions,
    ...work.assumptions,
    `each layer alone, as in the samples (${predictor.ops.map(({ op }) => op).join(", ")}); the whole is their sum`,
    ...(beyond.length > 0
      ? [`${beyond.length} of ${answer.layers.length} layers lie outside of what was measured`]
      : []),
    ...(answer.uncovered.length > 0
      ? [
          `${answer.uncovered.length} layers have no model and count 0, so the energy is a least one: ${[...new Set(answer.uncovered.map(({ op }) => op))].join(", ")}`,
        ]
      : []),
  ];
  const entry = {
    device,
    metric: "calibrated",
    energyJ: answer.energyJ,
    lowJ: answer.lowJ,
    highJ: complete ? answer.highJ : null,
    complete,
    perInferenceJ: answer.energyJ / work.batch,
    durationS: answer.durationS ?? null,
    inRange: answer.inRange,
    assumptions,
    layers: answer.layers.map(({ durationS, ...layer }) => ({ ...layer, durationS: durationS ?? null })),
  };
  return {
    result: {
      model: modelResult(work),
      ...entry,
      estimates: [entry],
      skipped: answer.uncovered,
    },
    document: networkDocument({ work, device, answer, assumptions }),
  };
}

function predictFile(path: string, predictor: LayerwisePredictor, options: OptionValues): Outcome {
  const { samples: all } = readSampleFiles([path], textOption(options, "--op"));
  const samples = selectRows(all, repeatedOption(options, "--where"));
  const group = textOption(options, "--group");
  const truth = textOption(options, "--truth");
  const whole = textOption(options, "--whole");
  const answer = predictSamples(predictor, samples, {
    ...(group !== undefined && { group }),
    ...(truth !== undefined && { truth: parseTarget(truth, "--truth") }),
    ...(whole !== undefined && { whole }),
  });
  const { rows, skipped, groups, score, rowScore, byOp } = answer;
  const types = [...new Set(skipped.map(({ op }) => op))];
  return {
    result: {
      rows: rows.map(({ truthJ, ...row }) => ({ ...row, truthJ: truthJ ?? null })),
      skipped,
      ...(groups && { groups: groups.map(({ truthJ, ...one }) => ({ ...one, truthJ: truthJ ?? null })) }),
      ...(score && { score: { ...score, byOp, rows: rowScore } }),
    },
    document: samplesDocument(path, answer),
    remarks: skipped.length > 0 ? [`${skipped.length} rows count 0 (no model of the type): ${types.join(", ")}`] : [],
  };
}

export const predict: Command = {
  name: "predict",
  summary: "predict the energy of a network, or of layers in a file, with a fitted predictor",
  arguments: [{ name: "model", description: "an .onnx file, or a built-in network as zoo:NAME", required: false }],
  options: [
    { flags: "--with <file>", description: "the predictor, as `joulecast fit --out` wrote it" },
    { flags: "--samples <file>", description: ".csv or .jsonl with a row per layer, or TYPE=FILE" },
    { flags: "--op <column>", description: "with --samples: column of the layer type (default op)" },
    { flags: "--group <column>", description: "with --samples: rows of one value are one network; sums are given" },
    {
      flags: "--truth <column>",
      description: "with --samples: measured energy as COLUMN or COLUMN:UNIT, to be scored against",
    },
    {
      flags: "--whole <type>",
      description: "with --group: the layer type of rows that hold the truth of a whole network",
    },
    {
      flags: "--where <column=value>",
      description: "with --samples: only such rows; may be repeated",
      repeatable: true,
    },
    { flags: "--batch <n>", description: "with MODEL: samples in one pass" },
    {
      flags: "--dim <name=n>",
      description: "with MODEL: length of a symbolic dimension; may be repeated",
      repeatable: true,
    },
  ],
  examples: [
    "joulecast predict --with predictor.json zoo:vgg16 --batch 32",
    "joulecast predict --with predictor.json --samples networks.csv --op layer --group network --truth energy:kWh --whole network",
  ],
  run: async ([model], options) => {
    const path = textOption(options, "--with");
    if (path === undefined)
      throw new InputError(
        "no-predictor",
        "no predictor given",
        "name one with --with FILE; `joulecast fit --out FILE` makes it",
      );
    const samples = textOption(options, "--samples");
    if ((model === undefined) === (samples === undefined))
      throw new InputError(
        "model-or-samples",
        model === undefined ? "nothing to predict" : `a model ("${model}") and --samples were given`,
        "give either a MODEL or --samples FILE",
      );
    const predictor = parsePredictor(readText(path), path);
    return model === undefined ? predictFile(samples!, predictor, options) : predictModel(model, predictor, options);
  },
};
