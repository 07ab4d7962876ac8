// The options of `quantize`: from text to a specification. Nothing is read or run here.
import { CALIBRATION_KINDS, type CalibrationKind } from "../../../reduce/quantise/calibration/table.ts";
import { PRECISIONS, type Precision } from "../../../reduce/quantise/quantise.ts";
import { InputError } from "../../../units/input-error.ts";
import type { OptionSpec, OptionValues } from "../../command.ts";
import { countOption, flagOption, listOption, textOption } from "../../options.ts";
import { LEARNING_LOSSES, oneOf } from "../learning/learning-options.ts";
import { threadsOption } from "../threads-option.ts";
import { DATA_OPTIONS, REDUCTION_OPTIONS } from "./reduction-options.ts";

const ACTIVATIONS = ["uint8", "int8"] as const;
const STATIC: Precision = "int8-static";

export const QUANTIZE_OPTIONS: readonly OptionSpec[] = [
  { flags: "--to <precision>", description: `${PRECISIONS.join(", ")} (default ${STATIC})` },
  { flags: "--per-channel", description: "int8: one scale per output channel of a weight instead of one for all" },
  {
    flags: "--calibration <rule>",
    description: `ranges of activations: ${CALIBRATION_KINDS.join(", ")} (default minmax)`,
  },
  { flags: "--samples <n>", description: "training samples to calibrate by (default 256)" },
  {
    flags: "--activation <type>",
    description: `int8-static: codes of activations, ${ACTIVATIONS.join(", ")} (default uint8, which ONNX Runtime fuses best on x86)`,
  },
  { flags: "--reduce-range", description: "int8: weights in 7 bits, for x86 without VNNI" },
  { flags: "--keep <layer,…>", description: "layers, or blocks of them, that stay in float" },
  { flags: "--keep-ends", description: "int8: the first and the last layer stay in float" },
  { flags: "--seed <n>", description: "of the draw of calibration samples (default 0)" },
  ...DATA_OPTIONS,
  ...REDUCTION_OPTIONS,
];

export interface QuantizeSettings {
  readonly to: Precision;
  /** Undefined: nothing is judged. */
  readonly data: string | undefined;
  readonly loss: (typeof LEARNING_LOSSES)[number];
  readonly limitTest: number | undefined;
  readonly perChannel: boolean;
  readonly reduceRange: boolean;
  readonly keep: readonly string[];
  readonly keepEnds: boolean;
  readonly calibration: CalibrationKind;
  readonly activation: (typeof ACTIVATIONS)[number];
  readonly samples: number;
  readonly seed: number;
  readonly threads: number | undefined;
}

/** Options that mean something for some precisions only. */
const ONLY: readonly (readonly [flag: string, precisions: readonly Precision[]])[] = [
  ["--calibration", [STATIC]],
  ["--samples", [STATIC]],
  ["--activation", [STATIC]],
  ["--per-channel", [STATIC, "int8-dynamic"]],
  ["--reduce-range", [STATIC, "int8-dynamic"]],
  ["--keep-ends", [STATIC, "int8-dynamic"]],
];

function checkMeant(options: OptionValues, to: Precision): void {
  for (const [flag, precisions] of ONLY) {
    const isGiven = textOption(options, flag) !== undefined || flagOption(options, flag);
    if (!isGiven || precisions.includes(to)) continue;
    throw new InputError(
      "no-effect",
      `${flag} means nothing for ${to}`,
      `it is for ${precisions.join(" and ")}: leave it out`,
    );
  }
}

/** @throws InputError for what cannot be meant */
export function quantizeSettings(options: OptionValues): QuantizeSettings {
  const to = oneOf(options, "--to", PRECISIONS, STATIC);
  checkMeant(options, to);
  const data = textOption(options, "--data");
  if (data === undefined && to === STATIC)
    throw new InputError(
      "no-data",
      "int8-static needs samples to calibrate by, and no data set is given",
      "give --data FOLDER, or --to int8-dynamic, which needs none",
    );
  return {
    to,
    data,
    loss: oneOf(options, "--loss", LEARNING_LOSSES, "cross-entropy"),
    limitTest: countOption(options, "--limit-test"),
    perChannel: flagOption(options, "--per-channel"),
    reduceRange: flagOption(options, "--reduce-range"),
    keep: listOption(options, "--keep") ?? [],
    keepEnds: flagOption(options, "--keep-ends"),
    calibration: oneOf(options, "--calibration", CALIBRATION_KINDS, "minmax"),
    activation: oneOf(options, "--activation", ACTIVATIONS, "uint8"),
    samples: countOption(options, "--samples") ?? 256,
    seed: countOption(options, "--seed", 0) ?? 0,
    threads: threadsOption(options),
  };
}
