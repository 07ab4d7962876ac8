// `joulecast calibrate`: collect and fit in about five minutes, kept as the device that `estimate --on this-machine` means.

import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import type { RunnablePoint } from "../../../node/collect/collect.ts";
import { writeWhole } from "../../../node/files.ts";
import { encodeProfile, fitCalibration, MOST_MINUTES, type ProfileRecord } from "../../../predict/collect/calibrate.ts";
import { DOUBTFUL, isBeyond, scoreNote } from "../../../predict/collect/calibrated-metric.ts";
import { collectedKind } from "../../../predict/collect/kinds/table.ts";
import { drawPoints, oneLayerNetwork, type PointLimits } from "../../../predict/collect/points.ts";
import type { SampleRow } from "../../../predict/collect/sample-row.ts";
import { calibrateDocument } from "../../../report/predicting/calibrate-report.ts";
import { formatDuration } from "../../../units/format.ts";
import { InputError } from "../../../units/input-error.ts";
import { parseWithin } from "../../../units/parse.ts";
import type { Command, CommandContext, OptionValues } from "../../command.ts";
import { countOption, flagOption, listOption, offOption, textOption } from "../../options.ts";
import { collectedOn, RUNNING_OPTIONS, runningOptions, sessionOptions } from "./collect-options.ts";
import { readText } from "./sample-files.ts";

/** Share of the configurations: what decides the joules of networks is drawn most often. */
const SHARES: Readonly<Record<string, number>> = {
  conv: 10,
  "conv-depthwise": 4,
  linear: 5,
  maxpool: 3,
  avgpool: 3,
  globalaveragepool: 3,
  relu: 3,
  clip: 3,
  sigmoid: 3,
  tanh: 3,
  erf: 3,
  softmax: 3,
  batchnorm: 3,
  layernorm: 3,
  add: 3,
  mul: 3,
  concat: 3,
  transpose: 3,
};
/** Types of a quick calibration: a minute is not enough for all, and what networks spend most on comes first. */
const QUICK_LAYERS = ["conv", "conv-depthwise", "linear", "relu", "add", "maxpool", "globalaveragepool"];
/** Configurations of each type that come first, so that a slow machine has a model of all of them; three times as many convolutions. */
const FIRST = 16;
const QUICK_FIRST = 20;
/** Configurations of a type per share: more than a few minutes allow, so that time is what ends a calibration. */
const PER_SHARE = 40;
const LIMITS: PointLimits = { macs: 2 ** 31, elements: 2 ** 23 };
const QUICK_LIMITS: PointLimits = { macs: 2 ** 30, elements: 2 ** 22 };
/** The weights of dense layers outgrow every cache, and that decides how long they take. */
const LINEAR_LIMITS: PointLimits = { macs: 2 ** 31, elements: 2 ** 25 };

function limitsOf(id: string, isQuick: boolean): PointLimits {
  if (isQuick) return QUICK_LIMITS;
  return id === "linear" ? LINEAR_LIMITS : LIMITS;
}

/** Networks that the result is held against; they are run after the layers. */
const CHECKED = ["zoo:cifar/lenet", "zoo:resnet18", "zoo:mobilenet-v2"];
/** Part of the minutes that fitting and checking need. */
const REST_SHARE = 0.15;

interface Gathered {
  readonly rows: readonly SampleRow[];
  /** Layers that come first, and of which every type has enough to be fitted. */
  readonly wanted: number;
  readonly interrupted: boolean;
  readonly failed: number;
  readonly durationS: number;
}

interface Planned {
  readonly points: readonly RunnablePoint[];
  /** So many of them come first. */
  readonly wanted: number;
}

function planned(options: OptionValues, isQuick: boolean): Planned {
  const named = listOption(options, "--layers") ?? (isQuick ? QUICK_LAYERS : Object.keys(SHARES));
  const seed = countOption(options, "--seed", 0) ?? 0;
  const points = countOption(options, "--points");
  const kinds = named.map((id) => {
    const kind = collectedKind(id);
    const count = points ?? (SHARES[kind.id] ?? 1) * PER_SHARE;
    const first = Math.min(count, (isQuick ? QUICK_FIRST : FIRST) * (kind.id === "conv" ? 3 : 1));
    return { kind, count, first, limits: limitsOf(kind.id, isQuick) };
  });
  const drawn = [
    ...drawPoints(
      kinds.map((each) => ({ ...each, count: each.first })),
      seed,
    ),
    ...drawPoints(
      kinds.map((each) => ({ ...each, count: each.count - each.first, from: each.first })),
      seed,
    ),
  ];
  return {
    points: drawn.map(({ id, kind, parameters }) => ({
      sample: { id, op: kind.id, parameters },
      graph: () => oneLayerNetwork(kind, parameters, seed),
    })),
    wanted: kinds.reduce((sum, { first }) => sum + first, 0),
  };
}

async function gather(
  path: string,
  options: OptionValues,
  context: CommandContext,
  limitS: number,
  isQuick: boolean,
): Promise<Gathered> {
  const [{ collectPoints }, { openSamples }, { withInterrupts }, { wholeNetworkPoint }, { readModel }, { monotonicS }] =
    await Promise.all([
      import("../../../node/collect/collect.ts"),
      import("../../../node/collect/samples-file.ts"),
      import("../../../node/run/interrupts.ts"),
      import("../../../node/collect/network-points.ts"),
      import("../../../node/model.ts"),
      import("../../../node/clock.ts"),
    ]);
  const running = runningOptions(options, isQuick ? 0.02 : 0.05, 3);
  const on = collectedOn(running);
  const session = await sessionOptions(options);
  const { points, wanted } = planned(options, isQuick);
  rmSync(path, { force: true });
  const file = openSamples(path, on);
  const rows: SampleRow[] = [];
  const beganS = monotonicS();
  const each = { ...running, session, idleS: 0, on };
  return withInterrupts(async (signal) => {
    const onRow = (row: SampleRow) => {
      file.append(row);
      rows.push(row);
    };
    const layers = await collectPoints({
      ...each,
      points,
      limitS,
      signal,
      onRow,
      onProgress: (done, leftS) =>
        context.progress(`${done} layers measured${leftS === undefined ? "" : `, ${formatDuration(leftS)} left`}`),
    });
    context.progress("checking against whole networks");
    const networks = offOption(options, "--no-check") ? [] : CHECKED;
    const whole = await Promise.all(networks.map(async (name) => wholeNetworkPoint(name, 1, await readModel(name))));
    const checked = signal.aborted
      ? { interrupted: true, failed: [] }
      : await collectPoints({
          ...each,
          targetS: Math.max(running.targetS, 0.3),
          repeats: 5,
          points: whole,
          signal,
          onRow,
          onProgress: () => undefined,
        });
    return {
      rows,
      wanted,
      interrupted: layers.interrupted || checked.interrupted,
      failed: layers.failed.length + checked.failed.length,
      durationS: monotonicS() - beganS,
    };
  });
}

export const calibrate: Command = {
  name: "calibrate",
  summary: "measure this machine's layers for some minutes: a device that `estimate --on this-machine` uses",
  arguments: [],
  options: [
    { flags: "--minutes <n>", description: "time for all of it, 0.02 to 600 (default 5; with --quick 1)" },
    { flags: "--quick", description: "fewer layer types, smaller and shorter: about a minute" },
    { flags: "--layers <types>", description: "only these layer types, as for `collect` (default: all)" },
    { flags: "--points <n>", description: "at most so many configurations of each type (default: as time allows)" },
    { flags: "--target-time <time>", description: "length of one repetition (default 0.05s; with --quick 0.02s)" },
    { flags: "--min-passes <n>", description: "least passes of one repetition (default 3)" },
    { flags: "--no-check", description: `do not run ${CHECKED.join(", ")} end to end at the end` },
    ...RUNNING_OPTIONS,
  ],
  out: "where to keep the profile (default: profiles/this-machine.json in the data folder)",
  examples: [
    "joulecast calibrate",
    "joulecast calibrate --quick && joulecast estimate model.onnx --on this-machine,rtx-2080-ti",
  ],
  run: async (_args, options, context) => {
    const { prepareProfiles, profilePath, profileSamplesPath } = await import("../../../node/collect/profiles.ts");
    const isQuick = flagOption(options, "--quick");
    const minutes = textOption(options, "--minutes");
    const totalMin =
      minutes === undefined ? (isQuick ? 1 : 5) : parseWithin(minutes, "min", 0.02, MOST_MINUTES, "--minutes");
    const out = textOption(options, "--out");
    if (out === undefined) prepareProfiles();
    const path = out ?? profilePath();
    const samplesPath = out === undefined ? profileSamplesPath() : `${out.replace(/\.json$/, "")}.samples.jsonl`;
    const gathered = await gather(samplesPath, options, context, 60 * totalMin * (1 - REST_SHARE), isQuick);
    const { rows, wanted, interrupted, durationS } = gathered;
    if (rows.length === 0)
      throw new InputError(
        interrupted ? "interrupted" : "no-samples",
        interrupted ? "interrupted before a layer was measured" : "no layer could be measured",
        "run it again",
      );
    context.progress("fitting");
    const text = readText(samplesPath);
    const measured = rows.filter(({ op }) => op !== "network").length;
    const pace = { measured, wanted, minutes: totalMin };
    const fitted = fitCalibration(samplesPath, text, createHash("sha256").update(text).digest("hex"), pace);
    const { predictor, fits, score, left, kind, samples, disturbed } = fitted;
    const on = rows[0]!;
    const record: ProfileRecord = {
      kind,
      machine: `${on.cpu_name}, ${on.cpu_count} cores, ${on.runtime}, provider ${on.provider}`,
      createdAt: new Date().toISOString(),
      points: samples,
      durationS,
      score: { r2: score.r2, mape: score.mape, bias: score.bias },
    };
    const { checkNetworks } = await import("../../../node/collect/check-networks.ts");
    const checks = await checkNetworks({ ...record, predictor }, rows);
    await writeWhole(path, [encodeProfile(record, predictor)]);
    context.progress("");
    return {
      result: {
        profile: path,
        samples: samplesPath,
        kind,
        machine: record.machine,
        points: samples,
        disturbed,
        failed: gathered.failed,
        durationS,
        interrupted,
        score: { r2: score.r2, mape: score.mape, bias: score.bias },
        rangeByOp: Object.fromEntries(fits.map(({ op, model }) => [op, model.range])),
        ops: fits.map(({ op, model, chosen }) => ({
          op,
          samples: model.samples,
          model: model.regression,
          features: model.features,
          r2: chosen.cv.r2,
          mape: chosen.cv.mape,
          rangesMape: chosen.ranges.mape,
        })),
        left,
        check: checks.map((check) => ({
          ...check,
          predictedS: check.predictedS ?? null,
          measuredJ: check.measuredJ ?? null,
        })),
      },
      document: calibrateDocument({ ...record, path, fits, left, checks, disturbed, interrupted }),
      exitCode: interrupted ? 130 : 0,
      remarks: [
        `wrote ${path}; its samples are in ${samplesPath}`,
        ...(interrupted ? ["interrupted: fitted to what was measured until then"] : []),
        ...(isBeyond(score, DOUBTFUL) ? [scoreNote(score)] : []),
      ],
    };
  },
};
