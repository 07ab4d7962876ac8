// `joulecast distil`: a small network learns from a large one; what it costs, what it saves, and whether the teacher helped.
import type { LossSpec } from "../../../learn/training-graph.ts";
import { mean, standardDeviation } from "../../../math/statistics.ts";
import { type GridPoint, type Spread, spreadOf } from "../../../reduce/distil/grid.ts";
import { asksAnew, lossOf, PASSES_ANEW } from "../../../reduce/distil/objective.ts";
import { type PairedDifference, pairedDifference } from "../../../reduce/distil/paired.ts";
import { checkSameAnswers } from "../../../reduce/distil/teacher.ts";
import {
  comparisonText,
  type GridRow,
  gridSection,
  payBackRows,
  payBackSection,
} from "../../../report/reducing/distil-report.ts";
import type { ReductionPoint } from "../../../report/reducing/reduction-report.ts";
import { plural } from "../../../report/work-sections.ts";
import { formatNumber } from "../../../units/format.ts";
import { countGraph } from "../../../work/count-graph.ts";
import type { Optimiser } from "../../../work/training.ts";
import { ZOO_PREFIX } from "../../../zoo/network.ts";
import type { Command, CommandContext, OptionValues, Outcome } from "../../command.ts";
import { dimensionsOption } from "../../options.ts";
import { learningData } from "../learning/learning-data.ts";
import type { Pricing } from "../learning/learning-energy.ts";
import { sumOf } from "../learning/learning-result.ts";
import { noEpochOf, outOption } from "../learning/network-out.ts";
import { NetworkShelf } from "./distil-networks.ts";
import { DISTIL_OPTIONS, type DistilSettings, distilSettings } from "./distil-options.ts";
import { distilData, freezing, objectiveOf, Trainer, type Training, type Trainings } from "./distil-trainings.ts";
import { lossOn } from "./reduction-options.ts";
import { type Look, type Reduced, type ReductionTools, reductionOutcome, type Told } from "./reduction-outcome.ts";
import { reductionPricing } from "./reduction-pricing.ts";

type Dims = Readonly<Record<string, number>>;
type Joules = Readonly<Record<string, number>>;

/** What the work table knows of an optimiser; lamb's extra norms are not in it. */
function counted({ optimiser }: DistilSettings["learning"]): Optimiser {
  if (optimiser.kind === "sgd") return (optimiser.momentum ?? 0) > 0 ? "sgd-momentum" : "sgd";
  return optimiser.kind === "adam" ? "adam" : "adamw";
}

/** Everything that can be refused before a minute is spent: answers that do not match, options out of range, features. */
async function checkAll(settings: DistilSettings, shelf: NetworkShelf, hard: LossSpec, dims: Dims): Promise<void> {
  for (const point of settings.points) {
    const teacher = await shelf.teacher(point.teacher);
    const [seed = 0] = settings.learning.seeds;
    const student = await shelf.student(point.student, point.teacher, seed);
    checkSameAnswers(teacher.graph, student.graph, dims);
    lossOf(objectiveOf(point, settings, hard, student, teacher, dims));
    freezing(settings.learning, student);
    for (const name of settings.assistants)
      checkSameAnswers(teacher.graph, (await shelf.student(name, point.teacher, seed)).graph, dims);
  }
}

function addedUp(parts: readonly Joules[]): Joules {
  const metrics = Object.keys(parts[0] ?? {}).filter((metric) => parts.every((part) => part[metric] !== undefined));
  return Object.fromEntries(metrics.map((metric) => [metric, parts.reduce((sum, part) => sum + part[metric]!, 0)]));
}

const scaled = (joules: Joules, factor: number): Joules =>
  Object.fromEntries(Object.entries(joules).map(([metric, value]) => [metric, factor * value]));

/** Joules of all trainings and of the teachers' passes, as the metrics price them. */
function modelledJ(made: Trainings, settings: DistilSettings, price: Pricing, dims: Dims): Joules {
  const { batch, accumulate } = settings.learning;
  const optimiser = counted(settings.learning);
  const trained = everyTraining(made).map(({ network, updates, point }) => {
    const work = countGraph(network.graph, { batch, dims, phase: "training", optimiser });
    const passes = point.alpha < 1 && asksAnew(settings.form) ? PASSES_ANEW : 1;
    return scaled(price.energyJ(work), updates * accumulate * batch * passes);
  });
  const asked = made.teachers
    .filter(({ samples }) => samples > 0)
    .map(({ network, samples }) => scaled(price.energyJ(countGraph(network.graph, { batch: 1, dims })), samples));
  return addedUp([...trained, ...asked]);
}

/** All that were trained on the way to the student; those from scratch are only there to compare. */
const everyTraining = ({ points, assistants }: Trainings): readonly Training[] => [...assistants, ...points.flat()];

const epochsJ = ({ rows, prefix }: Training, windowJ: Told["windowJ"]): number | undefined =>
  sumOf(rows.map(({ epoch }) => windowJ(`${prefix}epoch ${epoch}`)));

function spreadOfNumbers(values: readonly (number | undefined)[]): Spread | undefined {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0 || known.length < values.length) return undefined;
  return { mean: mean(known), deviation: known.length > 1 ? standardDeviation(known) : undefined };
}

function gridRows(made: Trainings, windowJ: Told["windowJ"], price: Pricing, dims: Dims): readonly GridRow[] {
  return made.points.map((own, i) => {
    const work = countGraph(own[0]!.network.graph, { batch: 1, dims });
    return {
      point: own[0]!.point,
      isBest: i === made.best,
      validation: spreadOf(own.map(({ score }) => score)),
      training: spreadOfNumbers(own.map((training) => epochsJ(training, windowJ))),
      macs: work.total.macs,
      energyJ: price.energyJ(work),
    };
  });
}

/** Joules spent on the way to the student, as read: epochs of all trainings and the teacher's answers. */
function readJ(made: Trainings, windowJ: Told["windowJ"]): number | undefined {
  const asked = made.teachers.flatMap(({ windows }) => windows.map(windowJ));
  return sumOf([...everyTraining(made).map((training) => epochsJ(training, windowJ)), ...asked]);
}

/** Of the test scores, seed by seed; a loss is better when it is lower, so the sign is turned. */
function comparison({ points, best, scratch }: Trainings): PairedDifference | undefined {
  const pairs = scratch.flatMap((plain) => {
    const own = points[best]!.find(({ seed }) => seed === plain.seed);
    const [a, b] = [own?.test ?? own?.score, plain.test ?? plain.score];
    return a === undefined || b === undefined ? [] : [[a.accuracy ?? -a.loss, b.accuracy ?? -b.loss] as const];
  });
  if (pairs.length === 0) return undefined;
  return pairedDifference(
    pairs.map(([a]) => a),
    pairs.map(([, b]) => b),
  );
}

const worth = ({ test, score }: Training): number | null => {
  const known = test ?? score;
  return known?.accuracy ?? known?.loss ?? null;
};

function gridResult(row: GridRow, own: readonly Training[], windowJ: Told["windowJ"]) {
  const { point, validation, training, macs, energyJ, isBest } = row;
  return {
    ...point,
    chosen: isBest,
    validation: validation ? { mean: validation.mean, deviation: validation.deviation ?? null } : null,
    trainingJ: training ? { mean: training.mean, deviation: training.deviation ?? null } : null,
    macs,
    energyJ,
    seeds: own.map((one) => ({
      seed: one.seed,
      end: one.end,
      metric: one.score?.accuracy ?? one.score?.loss ?? null,
      seconds: one.rows.reduce((sum, { seconds }) => sum + seconds, 0),
      energyJ: epochsJ(one, windowJ) ?? null,
    })),
  };
}

function settingRows(
  settings: DistilSettings,
  { chosen, teachers }: Trainings,
): readonly (readonly [string, string])[] {
  const { form, squared, assistants, learning } = settings;
  const { teacher, student, alpha, temperature }: GridPoint = chosen.point;
  const soft = form === "mse" ? form : `${form}, T ${formatNumber(temperature)}${squared ? "" : ", without T²"}`;
  const asked = teachers.reduce((sum, { samples }) => sum + samples, 0);
  return [
    ["teacher", [teacher, ...assistants].join(" → ")],
    ["student", /^[\d.]/.test(student) ? `${student} of the teacher's channels` : student],
    [
      "loss",
      alpha === 1
        ? `${learning.loss.kind} (α 1: the teacher is not asked)`
        : `${formatNumber(alpha)} ${learning.loss.kind}, ${formatNumber(1 - alpha)} ${soft}`,
    ],
    ...(chosen.teacherRuns === undefined
      ? []
      : [
          [
            "teacher ran",
            `${chosen.teacherRuns === "before" ? "beforehand" : "inside every step"}, ${plural(asked, "sample")} in all`,
          ] as const,
        ]),
  ];
}

function notesOf(settings: DistilSettings, made: Trainings, byTeacher: boolean, hasTest: boolean): readonly string[] {
  const drawn = [...new Set(settings.points.map(({ teacher }) => teacher))].filter((name) =>
    name.startsWith(ZOO_PREFIX),
  );
  const many = settings.chooses;
  return [
    ...drawn.map((name) => `${name} is not trained: a teacher of the zoo has drawn weights and knows nothing`),
    ...(byTeacher ? ["the data have no labels: accuracy is how often the network agrees with the first teacher"] : []),
    ...(many
      ? [
          `${plural(made.points.flat().length, "student")} trained; the best is chosen on validation data${hasTest ? ", and only that point sees the test data" : ""}`,
        ]
      : []),
    ...(settings.learning.patience === undefined
      ? []
      : ["each student is that of its best epoch, by validation data: samples held back from training"]),
    ...(hasTest ? [] : ["there are no test samples: accuracy before and after is not known"]),
    ...(made.interrupted ? ["interrupted: what had been trained by then is here"] : []),
  ];
}

function pointsOf(rows: readonly GridRow[]): readonly ReductionPoint[] {
  if (rows.length < 2) return [];
  return rows.flatMap(({ point, validation, energyJ }) =>
    validation === undefined
      ? []
      : [
          {
            label: `${point.student}, α ${point.alpha}, T ${point.temperature}`,
            series: "grid (validation)",
            accuracy: validation.mean,
            energyJ,
          },
        ],
  );
}

async function distilAll(options: OptionValues, context: CommandContext): Promise<Outcome> {
  outOption(options);
  const settings = distilSettings(options);
  const dims = dimensionsOption(options, "--dim");
  const price = await reductionPricing(options);
  const shelf = new NetworkShelf(dims);
  const [first] = settings.points;
  if (first === undefined) throw new Error("a grid without points");
  const { test: plain, train } = learningData(settings.learning);
  const hard: LossSpec = lossOn(train, settings.learning.loss);
  try {
    await checkAll(settings, shelf, hard, dims);
    const { onnxRuntime } = await import("../../../node/runtime/onnx-runtime.ts");
    const teacher = await shelf.teacher(first.teacher);
    const data = await distilData(settings, teacher, hard, { runtime: onnxRuntime() }, dims);
    const reduce = async (tools: ReductionTools): Promise<Look> => {
      const trainer = new Trainer({ settings, shelf, data, hard, tools, options, context });
      const trained = await trainer.all();
      return async () => lookAt(await trainer.compared(trained));
    };
    const lookAt = async (made: Trainings): Promise<Reduced> => {
      const { chosen, points, best } = made;
      const found = comparison(made);
      const isAccuracy = chosen.score?.accuracy !== undefined;
      const rows = gridRows(made, () => undefined, price, dims);
      const unfinished = noEpochOf(chosen);
      return {
        before: await shelf.teacher(chosen.point.teacher),
        after: chosen.network,
        trained: { rows: chosen.rows, earlierEpochs: 0, prefix: chosen.prefix },
        settings: settingRows(settings, made),
        points: pointsOf(rows),
        notes: [
          ...(found === undefined ? [] : [comparisonText(found, isAccuracy)]),
          ...notesOf(settings, made, data.byTeacher, plain !== undefined),
        ],
        interrupted: made.interrupted,
        ...(unfinished !== undefined && { unfinished }),
        closing: (told) => closing(made, found, settings, price, dims, told),
        result: {
          data: settings.learning.data,
          teacher: chosen.point.teacher,
          student: chosen.point.student,
          form: settings.form,
          alpha: chosen.point.alpha,
          temperature: chosen.point.temperature,
          squared: settings.squared,
          teacherRuns: chosen.teacherRuns ?? null,
          teacherSamples: made.teachers.reduce((sum, { samples }) => sum + samples, 0),
          chosen: { point: best, seed: chosen.seed, seeds: points[best]!.length },
          settings: settings.learning,
        },
      };
    };
    const task = {
      command: "distil",
      model: first.teacher,
      title: `${first.teacher} distilled${settings.points.length > 1 ? "" : ` into ${first.student}`}`,
      judge: data.test && { set: data.test, loss: hard },
      reduce,
    };
    return await reductionOutcome(task, options, context);
  } finally {
    shelf.close();
  }
}

/** What needs the finished recording. */
function closing(
  made: Trainings,
  found: PairedDifference | undefined,
  settings: DistilSettings,
  price: Pricing,
  dims: Dims,
  told: Told,
) {
  const { windowJ, measurement } = told;
  const { points, best, chosen, scratch } = made;
  const isAccuracy = chosen.score?.accuracy !== undefined;
  const rows = gridRows(made, windowJ, price, dims);
  const spentJ = readJ(made, windowJ);
  const modelled = modelledJ(made, settings, price, dims);
  const read = spentJ === undefined ? undefined : { by: measurement?.kind ?? "read", energyJ: spentJ };
  const paid = payBackRows(read, modelled, told.record);
  const seeds = points[best]!.map((one) => ({
    seed: one.seed,
    end: one.end,
    score: one.test ?? one.score,
    seconds: one.rows.reduce((sum, { seconds }) => sum + seconds, 0),
    energyJ: epochsJ(one, windowJ),
  }));
  const basis =
    Object.keys(modelled).length === 0 ? "and no device is known to model them" : "and are modelled by the metrics";
  return {
    seeds,
    sections: [...gridSection(rows, settings.learning.seeds.length, isAccuracy), ...payBackSection(paid)],
    notes: spentJ === undefined ? [`the joules of distilling were not read, ${basis}`] : [],
    result: {
      grid: rows.map((row, i) => gridResult(row, points[i]!, windowJ)),
      comparison:
        found === undefined
          ? null
          : {
              mean: found.mean,
              low: found.low ?? null,
              high: found.high ?? null,
              pairs: found.pairs,
              verdict: { a: "teacher helps", b: "teacher harms", "no difference": "no difference", refused: "refused" }[
                found.verdict
              ],
              distilled: points[best]!.map(worth),
              scratch: scratch.map(worth),
            },
      spent: {
        readJ: spentJ ?? null,
        kind: spentJ === undefined ? null : (measurement?.kind ?? null),
        modelledJ: modelled,
      },
      payBack: paid.map(({ spentBy, savedBy, payBack: { spentJ: spent, savedJ, inferences } }) => ({
        spentBy,
        savedBy,
        spentJ: spent,
        savedJ,
        inferences: inferences ?? null,
      })),
    },
  };
}

export const distil: Command = {
  name: "distil",
  summary: "train a small network to answer as a large one does, and tell the joules spent and saved",
  arguments: [],
  options: DISTIL_OPTIONS,
  out: "where to write the student, an .onnx file",
  notes: [
    "The loss is alpha x labels + (1 - alpha) x T^2 x KL(teacher || student at T).",
    "In a grid, a student may also be a share of the teacher's channels, such as 0.5.",
    "Derivatives of the form sobolev are differences between two more passes.",
  ],
  examples: [
    "joulecast distil --teacher big.onnx --shrink 0.25 --data DIR --out small.onnx",
    "joulecast distil --teacher big.onnx --student zoo:mnist-cnn:width=0.2 --data DIR \\\n      --grid alpha=0.1,0.5,0.9 --grid temperature=1,4,8 --seed 0,1,2 --scratch",
    "joulecast distil --teacher big.onnx --shrink 0.5 --data DIR --form features",
  ],
  run: async (_arguments, options, context) => distilAll(options, context),
};
