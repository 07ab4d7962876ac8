// The options of `distil`: from text to settings and the axes of a grid. Nothing is read or run here.
import { checkBeforehand, type TeacherRuns } from "../../../reduce/distil/distil.ts";
import { type GridAxes, type GridPoint, gridPoints, MOST_TRAININGS } from "../../../reduce/distil/grid.ts";
import { DISTIL_FORMS, type DistilForm } from "../../../reduce/distil/objective.ts";
import { InputError } from "../../../units/input-error.ts";
import { unknownName } from "../../../units/nearest.ts";
import type { OptionSpec, OptionValues } from "../../command.ts";
import {
  countOption,
  flagOption,
  listOption,
  offOption,
  quantityOption,
  repeatedOption,
  textOption,
} from "../../options.ts";
import { LEARNING_OPTIONS, type LearningSettings, learningSettings, oneOf } from "../learning/learning-options.ts";
import { isRatio } from "./distil-networks.ts";
import { REDUCTION_OPTIONS } from "./reduction-options.ts";

const AXES = ["alpha", "temperature", "student", "teacher"] as const;
const RUNS: readonly TeacherRuns[] = ["before", "inside"];
/** Options of a single long training. */
const NOT_HERE = /^--(budget|checkpoint|resume)\b/;
/** Share of the training samples that points and seeds are chosen by. */
const CHOOSING_SHARE = 0.1;
const DEFAULTS = { alpha: 0.5, temperature: 4 } as const;

export const DISTIL_OPTIONS: readonly OptionSpec[] = [
  { flags: "--teacher <model>", description: "the network to learn from: an .onnx file, or zoo:NAME" },
  { flags: "--student <model>", description: "the network that learns: zoo:NAME, or an .onnx file" },
  { flags: "--shrink <ratio>", description: "instead of --student: the teacher with this share of its channels" },
  { flags: "--alpha <share>", description: "weight of the labels, 0 to 1; 1 is plain training (default 0.5)" },
  { flags: "--temperature <t>", description: "T, above 0 and up to 100: softens both networks' answers (default 4)" },
  { flags: "--t2", description: "multiply the divergence by T² (default)" },
  { flags: "--no-t2", description: "leave T² out" },
  { flags: "--form <name>", description: `${DISTIL_FORMS.join(", ")} (default softmax)` },
  {
    flags: "--features <own=theirs,…>",
    description: "with --form features: layers of student and teacher to match (default: the ends of blocks)",
  },
  { flags: "--match-weight <w>", description: "weight of matched features or derivatives, from 0 (default 1)" },
  {
    flags: "--assistant <model,…>",
    description: "networks between teacher and student, each taught by the one before",
  },
  {
    flags: "--grid <axis=a,b,…>",
    description: `values of ${AXES.join(", ")} to try, all combinations; may be repeated`,
    repeatable: true,
  },
  { flags: "--max-trainings <n>", description: `most trainings of a grid (default ${MOST_TRAININGS})` },
  { flags: "--scratch", description: "also train the best student without a teacher, and compare seed by seed" },
  {
    flags: "--teacher-runs <when>",
    description: "before: its answers are kept; inside: in every step (default: before up to 256 MB)",
  },
  ...LEARNING_OPTIONS.filter(({ flags }) => !NOT_HERE.test(flags)),
  ...REDUCTION_OPTIONS,
];

export interface DistilSettings {
  /** With a share for validation wherever something is chosen. */
  readonly learning: LearningSettings;
  readonly form: DistilForm;
  readonly squared: boolean;
  readonly matchWeight: number;
  /** Undefined: the ends of blocks. */
  readonly features: readonly (readonly [own: string, teacher: string])[] | undefined;
  readonly assistants: readonly string[];
  readonly teacherRuns: TeacherRuns | undefined;
  readonly hasScratch: boolean;
  readonly points: readonly GridPoint[];
  /** α and T of assistants: the first ones given. */
  readonly assistantPoint: Pick<GridPoint, "alpha" | "temperature">;
  /** More than one point or seed: the best is chosen on validation data. */
  readonly chooses: boolean;
}

type Axis = (typeof AXES)[number];

/** "alpha=0.1,0.5,temperature=2" → values by axis. What looks like an option of a zoo network belongs to the name before it. */
function gridOption(options: OptionValues): ReadonlyMap<Axis, readonly string[]> {
  const found = new Map<Axis, string[]>();
  for (const text of repeatedOption(options, "--grid")) {
    let axis: Axis | undefined;
    for (const part of text.split(",").map((word) => word.trim())) {
      const [, name, value = ""] = /^(\w+)=(.*)$/.exec(part) ?? [];
      const last = axis && found.get(axis)?.at(-1);
      const belongs = last?.startsWith("zoo:") === true && !(AXES as readonly string[]).includes(name ?? "");
      if (name !== undefined && axis !== undefined && belongs) {
        found.set(axis, [...found.get(axis)!.slice(0, -1), `${last},${part}`]);
        continue;
      }
      if (name !== undefined) axis = axisNamed(name);
      const word = name === undefined ? part : value;
      if (axis === undefined || word === "")
        throw new InputError("bad-grid", `--grid: "${text}" is not axis=value,…`, "write --grid alpha=0.1,0.5,0.9");
      found.set(axis, [...(found.get(axis) ?? []), word]);
    }
  }
  return found;
}

function axisNamed(name: string): Axis {
  const axis = AXES.find((one) => one === name);
  if (axis === undefined) throw unknownName("axis", name, AXES, `--grid takes ${AXES.join(", ")}`);
  return axis;
}

function numbersOf(axis: Axis, texts: readonly string[], low: number, high: number): readonly number[] {
  return [...new Set(texts)].map((text) => {
    const value = Number(text);
    if (text.trim() !== "" && value >= low && value <= high) return value;
    throw new InputError(
      "out-of-range",
      `${axis} "${text}" is not a number from ${low} to ${high}`,
      axis === "temperature" && value > high
        ? "rounding hides what is above: --form mse is what the loss tends to"
        : `choose another ${axis}`,
    );
  });
}

/** Lowest and highest T that the losses take in float32. */
const [COLDEST, HOTTEST] = [1e-3, 100];

function studentOption(options: OptionValues): string | undefined {
  const [student, shrink] = [textOption(options, "--student"), textOption(options, "--shrink")];
  if (student !== undefined && isRatio(student))
    throw new InputError(
      "no-network",
      `--student: "${student}" is a ratio, not a network`,
      `give --shrink ${student} for the teacher with that share of its channels, or --student zoo:NAME`,
    );
  if (shrink !== undefined && !isRatio(shrink))
    throw new InputError(
      "bad-ratio",
      `--shrink: "${shrink}" is not a ratio`,
      "give a share of the teacher's channels such as 0.5 or 50%; a network goes to --student",
    );
  if (student !== undefined && shrink !== undefined)
    throw new InputError("two-students", "both --student and --shrink are given", "leave one of them out");
  return student ?? shrink;
}

/** Values of an axis: those of the grid, else the single option's. */
function axesOf(options: OptionValues): GridAxes {
  const grid = gridOption(options);
  const named = (axis: "student" | "teacher", single: string | undefined, hint: string): readonly string[] => {
    const values = grid.get(axis) ?? (single === undefined ? [] : [single]);
    if (values.length > 0) return [...new Set(values)];
    throw new InputError(`no-${axis}`, `no ${axis} is given`, hint);
  };
  const number = (axis: "alpha" | "temperature", low: number, high: number): readonly number[] => {
    const texts = grid.get(axis) ?? [textOption(options, `--${axis}`) ?? String(DEFAULTS[axis])];
    return numbersOf(axis, texts, low, high);
  };
  return {
    teacher: named("teacher", textOption(options, "--teacher"), "give --teacher big.onnx"),
    student: named("student", studentOption(options), "give --student zoo:NAME, or --shrink 0.5"),
    alpha: number("alpha", 0, 1),
    temperature: number("temperature", COLDEST, HOTTEST),
  };
}

function featuresOf(options: OptionValues, form: DistilForm): DistilSettings["features"] {
  const pairs = listOption(options, "--features")?.map((text) => {
    const [own = "", theirs = ""] = text.split("=");
    if (own !== "" && theirs !== "") return [own, theirs] as const;
    throw new InputError(
      "bad-features",
      `--features: "${text}" is not student=teacher`,
      "write --features relu2=relu4",
    );
  });
  if (pairs !== undefined && form !== "features")
    throw new InputError("no-effect", `--features means nothing for the form ${form}`, "add --form features");
  return pairs;
}

function teacherRunsOf(options: OptionValues, form: DistilForm): TeacherRuns | undefined {
  if (textOption(options, "--teacher-runs") === undefined) return undefined;
  const runs = oneOf(options, "--teacher-runs", RUNS, "before");
  if (runs === "before") checkBeforehand(form);
  return runs;
}

/** @throws InputError for what cannot be meant, "grid-too-large" */
export function distilSettings(options: OptionValues): DistilSettings {
  const plain = learningSettings(options);
  const form = oneOf(options, "--form", DISTIL_FORMS, "softmax");
  const axes = axesOf(options);
  const points = gridPoints(axes, plain.seeds.length, countOption(options, "--max-trainings") ?? MOST_TRAININGS);
  const chooses = points.length * plain.seeds.length > 1;
  const validationShare = plain.validationShare ?? (chooses ? CHOOSING_SHARE : undefined);
  const isBits = form === "bits" && textOption(options, "--loss") === undefined;
  return {
    learning: { ...plain, validationShare, loss: isBits ? { kind: "bce" } : plain.loss },
    form,
    squared: !offOption(options, "--no-t2"),
    matchWeight: quantityOption(options, "--match-weight", "ratio") ?? 1,
    features: featuresOf(options, form),
    assistants: listOption(options, "--assistant") ?? [],
    teacherRuns: teacherRunsOf(options, form),
    hasScratch: flagOption(options, "--scratch"),
    points,
    assistantPoint: { alpha: axes.alpha[0]!, temperature: axes.temperature[0]! },
    chooses,
  };
}
