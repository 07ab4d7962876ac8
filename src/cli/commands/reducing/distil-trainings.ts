// The trainings of a distillation, one after the other: assistants, every point of the grid with every seed, the best point without a teacher. What is
// chosen is chosen on validation data; test data are looked at once, for the chosen point.
import type { DataSet } from "../../../learn/data/data-set.ts";
import type { EpochRow, Score, TrainingEnd } from "../../../learn/train/plan.ts";
import { sessionMeter } from "../../../node/runtime/session-meter.ts";
import {
  type Distilled,
  type DistilPlan,
  distilNetwork,
  labelledByTeacher,
  type TeacherRuns,
} from "../../../reduce/distil/distil.ts";
import { automaticPairs, namedPairs } from "../../../reduce/distil/features.ts";
import { bestOf, type GridPoint } from "../../../reduce/distil/grid.ts";
import { askedTensors, type Objective } from "../../../reduce/distil/objective.ts";
import { AnswerBook } from "../../../reduce/distil/teacher.ts";
import { judgeNetwork } from "../../../reduce/judge.ts";
import type { WeightedNetwork } from "../../../reduce/network.ts";
import { unlessStopped } from "../../../reduce/stoppable.ts";
import { InputError } from "../../../units/input-error.ts";
import type { CommandContext, OptionValues } from "../../command.ts";
import { dimensionsOption } from "../../options.ts";
import { learningData } from "../learning/learning-data.ts";
import { type LearningSettings, trainableBy } from "../learning/learning-options.ts";
import { wallFactorOption } from "../measuring/machine-options.ts";
import type { NetworkShelf } from "./distil-networks.ts";
import type { DistilSettings } from "./distil-options.ts";
import type { ReductionTools } from "./reduction-outcome.ts";

/** One student trained. */
export interface Training {
  readonly point: GridPoint;
  readonly seed: number;
  /** Before the names of its windows. */
  readonly prefix: string;
  readonly network: WeightedNetwork;
  readonly rows: readonly EpochRow[];
  readonly end: TrainingEnd;
  readonly updates: number;
  readonly teacherRuns: TeacherRuns | undefined;
  /** On what it was chosen by: validation data where something is chosen, else the test data. */
  readonly score: Score | undefined;
  /** On the test data; undefined where it was not looked at. */
  readonly test: Score | undefined;
}

/** What a teacher ran: joules of its own where it answers beforehand. */
export interface TeacherWork {
  readonly name: string;
  readonly network: WeightedNetwork;
  /** Passes of one sample. */
  samples: number;
  /** Names of the windows in which it answered beforehand. */
  readonly windows: string[];
}

export interface Trainings {
  /** By point, in the order of the grid. */
  readonly points: readonly (readonly Training[])[];
  readonly assistants: readonly Training[];
  /** The best point's student from the labels alone, seed by seed; empty unless asked for. */
  readonly scratch: readonly Training[];
  readonly best: number;
  readonly chosen: Training;
  readonly teachers: readonly TeacherWork[];
  readonly interrupted: boolean;
}

export interface DistilData {
  readonly train: DataSet;
  readonly validation: DataSet | undefined;
  readonly test: DataSet | undefined;
  /** The data have no labels: those of the first teacher stand for them, and a score is agreement with it. */
  readonly byTeacher: boolean;
}

const hasLabels = (set: DataSet): boolean => set.columns.some(({ role }) => role === "label");

/** Data columns only: labels that are not there are the teacher's. */
export async function distilData(
  settings: DistilSettings,
  teacher: WeightedNetwork,
  hard: Objective["hard"],
  tools: Pick<ReductionTools, "runtime">,
  dims: Readonly<Record<string, number>>,
): Promise<DistilData> {
  const sets = learningData(settings.learning);
  if (hasLabels(sets.train)) return { ...sets, byTeacher: false };
  const weighted = settings.points.find(({ alpha }) => alpha > 0);
  if (weighted !== undefined || settings.hasScratch)
    throw new InputError(
      "no-labels",
      `${sets.train.name} has no labels, and ${weighted ? `α is ${weighted.alpha}: they have that weight` : "--scratch learns from them"}`,
      "give labels, or --alpha 0 to learn from the teacher alone",
    );
  const objective = { form: settings.form, alpha: 0, temperature: 1, hard };
  const label = (set: DataSet | undefined) =>
    set && labelledByTeacher(new AnswerBook(teacher, { runtime: tools.runtime, set, dims }), objective);
  const [validation, test] = [await label(sets.validation), await label(sets.test)];
  return { train: sets.train, validation, test, byTeacher: true };
}

/** "α 0.5, T 4, zoo:mnist-cnn, seed 1: " with what varies. */
function prefixOf(point: GridPoint, seed: number, { points, learning }: DistilSettings): string {
  const varies = (key: keyof GridPoint) => new Set(points.map((one) => one[key])).size > 1;
  const parts = [
    ...(varies("teacher") ? [`teacher ${point.teacher}`] : []),
    ...(varies("student") ? [`student ${point.student}`] : []),
    ...(varies("alpha") ? [`α ${point.alpha}`] : []),
    ...(varies("temperature") ? [`T ${point.temperature}`] : []),
    ...(learning.seeds.length > 1 ? [`seed ${seed}`] : []),
  ];
  return parts.length === 0 ? "" : `${parts.join(", ")}: `;
}

function told(row: EpochRow, prefix: string): string {
  const { epoch, loss, score, seconds } = row;
  const judged =
    score === undefined
      ? ""
      : `, ${score.accuracy === undefined ? "evaluation loss" : "accuracy"} ${(score.accuracy ?? score.loss).toPrecision(4)}`;
  return `${prefix}epoch ${epoch}: loss ${loss.toPrecision(4)}${judged}, ${seconds.toFixed(1)} s\n`;
}

/** What the trainings of one command share. */
export interface TrainerPlan {
  readonly settings: DistilSettings;
  readonly shelf: NetworkShelf;
  readonly data: DistilData;
  /** The labels' loss. */
  readonly hard: Objective["hard"];
  readonly tools: ReductionTools;
  readonly options: OptionValues;
  readonly context: CommandContext;
}

/** The trainings of one command under way. A lifetime, hence a class. */
export class Trainer {
  readonly #plan: TrainerPlan;
  readonly #books = new Map<WeightedNetwork, AnswerBook>();
  readonly #teachers = new Map<WeightedNetwork, TeacherWork>();
  readonly #assistants: Training[] = [];
  /** Who teaches the student in the place of the teacher of that name. */
  readonly #lastTeachers = new Map<string, WeightedNetwork>();

  constructor(plan: TrainerPlan) {
    this.#plan = plan;
  }

  get #learning(): LearningSettings {
    return this.#plan.settings.learning;
  }

  get #dims(): Readonly<Record<string, number>> {
    return dimensionsOption(this.#plan.options, "--dim");
  }

  async all(): Promise<Trainings> {
    const { points, learning } = this.#plan.settings;
    const { signal } = this.#plan.tools;
    const made: Training[][] = [];
    for (const point of points) {
      const own: Training[] = [];
      for (const seed of learning.seeds) {
        if (signal.aborted && (made.length > 0 || own.length > 0)) break;
        own.push(await this.#train(point, seed, prefixOf(point, seed, this.#plan.settings)));
      }
      if (own.length > 0) made.push(own);
    }
    const best = bestOf(made.map((own) => own.map(({ score }) => score)));
    return {
      points: made,
      assistants: this.#assistants,
      scratch: [],
      best,
      chosen: made[best]![bestOf(made[best]!.map(({ score }) => [score]))]!,
      teachers: [...this.#teachers.values()],
      interrupted: signal.aborted,
    };
  }

  /** What was trained, with the same student from scratch where it is asked for, and with test scores: what is not needed to have the student. */
  async compared(trainings: Trainings): Promise<Trainings> {
    const { hasScratch, chooses } = this.#plan.settings;
    const { signal } = this.#plan.tools;
    const { points: made, best } = trainings;
    const scratch: Training[] = [];
    if (hasScratch)
      for (const { seed, point } of made[best]!) {
        if (signal.aborted) break;
        scratch.push(await this.#train({ ...point, alpha: 1 }, seed, `from scratch, seed ${seed}: `));
      }
    const tested = chooses || hasScratch ? await this.#tested(made[best]!) : made[best]!;
    const chosen = tested[bestOf(tested.map(({ score }) => [score]))]!;
    return {
      ...trainings,
      points: made.map((own, i) => (i === best ? tested : own)),
      scratch: await this.#tested(scratch),
      chosen,
      interrupted: signal.aborted,
    };
  }

  /** With their scores on the test data; without them when it is interrupted. */
  async #tested(trainings: readonly Training[]): Promise<readonly Training[]> {
    const { test } = this.#plan.data;
    const { threads } = this.#learning;
    if (test === undefined) return trainings;
    const { runtime, signal } = this.#plan.tools;
    const how = { runtime, signal, set: test, loss: this.#plan.hard, dims: this.#dims };
    const scored: Training[] = [];
    for (const training of trainings) {
      const judge = () => judgeNetwork(training.network, { ...how, ...(threads !== undefined && { threads }) });
      scored.push({ ...training, test: await unlessStopped(judge) });
    }
    return scored;
  }

  /** The last of the chain that begins with this teacher: every assistant learns from the one before [Mirzadeh2020]. */
  async #teacherOf(name: string): Promise<WeightedNetwork> {
    const known = this.#lastTeachers.get(name);
    if (known !== undefined) return known;
    let teacher = await this.#plan.shelf.teacher(name);
    this.#note(name, teacher);
    const [seed = 0] = this.#learning.seeds;
    for (const student of this.#plan.settings.assistants) {
      const point: GridPoint = { teacher: name, student, ...this.#plan.settings.assistantPoint };
      const prefix = `assistant ${student} of ${name}: `;
      const network = await this.#plan.shelf.student(student, name, seed);
      const training = await this.#run(point, seed, prefix, teacher, network, {});
      this.#assistants.push(training);
      teacher = training.network;
      this.#note(student, teacher);
    }
    this.#lastTeachers.set(name, teacher);
    return teacher;
  }

  #note(name: string, network: WeightedNetwork): void {
    if (!this.#teachers.has(network)) this.#teachers.set(network, { name, network, samples: 0, windows: [] });
  }

  async #train(point: GridPoint, seed: number, prefix: string): Promise<Training> {
    // At α = 1 nobody asks a teacher, so no chain is trained for it.
    const teacher = await (point.alpha === 1
      ? this.#plan.shelf.teacher(point.teacher)
      : this.#teacherOf(point.teacher));
    const student = await this.#plan.shelf.student(point.student, point.teacher, seed);
    return this.#run(point, seed, prefix, teacher, student, freezing(this.#learning, student));
  }

  async #run(
    point: GridPoint,
    seed: number,
    prefix: string,
    teacher: WeightedNetwork,
    student: WeightedNetwork,
    frozen: ReturnType<typeof freezing>,
  ): Promise<Training> {
    const objective = objectiveOf(point, this.#plan.settings, this.#plan.hard, student, teacher, this.#dims);
    const { train, validation, test } = this.#plan.data;
    const { form } = this.#plan.settings;
    const { epochs, batch, accumulate, rate, optimiser, schedule, warmUp, clipNorm, threads, patience, recompute } =
      this.#learning;
    const { session, runtime, clock, signal } = this.#plan.tools;
    const plan: DistilPlan = {
      student,
      teacher,
      objective,
      answers: this.#bookOf(teacher),
      runtime,
      clock,
      signal,
      train,
      ...(validation && { validation }),
      ...(test && !this.#plan.settings.chooses && { test }),
      epochs,
      batch,
      accumulate,
      rate,
      optimiser,
      schedule,
      warmUp,
      seed,
      dims: this.#dims,
      onProgress: ({ epoch, epochs: all, loss, done, total }) =>
        this.#plan.context.progress({
          label: `${prefix}epoch ${epoch} of ${all}, loss ${loss.toPrecision(3)}`,
          done,
          total,
          unit: "steps",
        }),
      onEpoch: (row) => this.#plan.context.progress(told(row, prefix)),
      ...frozen,
      ...(recompute && { recompute }),
      ...(clipNorm !== undefined && { clipNorm }),
      ...(threads !== undefined && { threads }),
      ...(patience !== undefined && { earlyStopping: { patience } }),
      ...(this.#plan.settings.teacherRuns !== undefined && { teacherRuns: this.#plan.settings.teacherRuns }),
      ...(session && { meter: sessionMeter(session, { prefix, wallFactor: wallFactorOption(this.#plan.options) }) }),
      onTeacher: (answer) => this.#inWindow(teacher, form, answer),
    };
    const made = await distilNetwork(plan);
    const work = this.#teachers.get(teacher);
    if (work !== undefined) work.samples += made.samplesAsked;
    return trainingOf(made, point, seed, prefix, student);
  }

  /** The teacher's answers beforehand, in a window of their own. */
  async #inWindow<T>(teacher: WeightedNetwork, form: string, answer: () => Promise<T>): Promise<T> {
    const { session } = this.#plan.tools;
    const work = this.#teachers.get(teacher);
    if (work === undefined || session === undefined) return answer();
    this.#plan.context.progress(`${work.name} answers`);
    const name = `teacher ${work.name} answers (${form} ${work.windows.length + 1})`;
    work.windows.push(name);
    return (await session.window(name, answer)).value;
  }

  #bookOf(teacher: WeightedNetwork): AnswerBook {
    const known = this.#books.get(teacher);
    if (known !== undefined) return known;
    const { batch, threads } = this.#learning;
    const how = { runtime: this.#plan.tools.runtime, set: this.#plan.data.train, batch, dims: this.#dims };
    const book = new AnswerBook(teacher, { ...how, ...(threads !== undefined && { threads }) });
    this.#books.set(teacher, book);
    return book;
  }
}

function trainingOf(
  { network, result, after, teacherRuns }: Distilled,
  point: GridPoint,
  seed: number,
  prefix: string,
  { weights }: WeightedNetwork,
): Training {
  return {
    point,
    seed,
    prefix,
    network: { graph: network, weights },
    rows: result.rows,
    end: result.end,
    updates: result.updates,
    teacherRuns,
    score: after,
    test: undefined,
  };
}

/** Which of a student's weights learn, where some are frozen. @throws InputError "unknown-weight" */
export function freezing({ freeze }: LearningSettings, { graph }: WeightedNetwork): Pick<DistilPlan, "trainable"> {
  return freeze === undefined ? {} : { trainable: trainableBy(freeze, [...graph.weights.keys()]) };
}

/** What a student of this point is trained for. @throws InputError for features that do not fit */
export function objectiveOf(
  { alpha, temperature }: GridPoint,
  { form, squared, matchWeight, features }: DistilSettings,
  hard: Objective["hard"],
  student: WeightedNetwork,
  teacher: WeightedNetwork,
  dims: Readonly<Record<string, number>>,
): Objective {
  const objective = { form, alpha, temperature, squared, matchWeight, hard };
  if (askedTensors(objective).length === 0 || form !== "features") return objective;
  const pairs =
    features === undefined
      ? automaticPairs(student.graph, teacher.graph, dims)
      : namedPairs(student.graph, teacher.graph, features, dims);
  return { ...objective, pairs };
}
