// One student's training under a teacher. The loop is learn/train; here the teacher's answers and the student come together.
import type { DataSet } from "../../learn/data/data-set.ts";
import { type FitPlan, type Fitted, fitNetwork } from "../../learn/train/fit.ts";
import { InputError } from "../../units/input-error.ts";
import type { WeightedNetwork } from "../network.ts";
import { askedTensors, asksAnew, type DistilForm, lossOf, type Objective, PASSES_ANEW } from "./objective.ts";
import { AnswerBook, answerBytes, checkSameAnswers, inlined } from "./teacher.ts";

/** "before": the teacher answers once, its answers are kept and fed. "inside": it runs in every step. The numbers learned from are the same. */
export type TeacherRuns = "before" | "inside";

/** Answers up to this size are kept, unless something else is asked for. */
const KEPT_BYTES = 2 ** 28;

/** How the teacher runs if nobody says: beforehand where its answers are few enough and always the same. */
function defaultRuns(teacher: WeightedNetwork, objective: Objective, samples: number, dims = {}): TeacherRuns {
  if (asksAnew(objective.form)) return "inside";
  return answerBytes(teacher.graph, askedTensors(objective), dims) * samples <= KEPT_BYTES ? "before" : "inside";
}

/** @throws InputError "teacher-inside" for a form whose teacher cannot answer once and for all */
export function checkBeforehand(form: DistilForm): void {
  if (!asksAnew(form)) return;
  throw new InputError(
    "teacher-inside",
    `the form ${form} asks the teacher at new inputs in every step, so its answers cannot be made beforehand`,
    "leave --teacher-runs out",
  );
}

export interface DistilPlan extends Omit<FitPlan, "network" | "weights" | "loss" | "teacher"> {
  readonly student: WeightedNetwork;
  readonly teacher: WeightedNetwork;
  readonly objective: Objective;
  /** What the teacher said of the training data: shared by trainings of one teacher on one data set. Default: a new one. */
  readonly answers?: AnswerBook;
  /** Default: as `defaultRuns` says. */
  readonly teacherRuns?: TeacherRuns;
  /** Wraps the teacher's answering beforehand: a window in which a meter reads. Not called when all is answered already. Default: nothing. */
  readonly onTeacher?: (answer: () => Promise<DataSet>) => Promise<DataSet>;
}

export interface Distilled extends Fitted {
  /** Undefined at α = 1, where nobody asks the teacher. */
  readonly teacherRuns: TeacherRuns | undefined;
  /** Passes of one sample that the teacher ran for this training. */
  readonly samplesAsked: number;
}

const hasLabels = ({ columns }: DataSet): boolean => columns.some(({ role }) => role === "label");

/** @throws InputError "no-labels" */
function checkLabelled(set: DataSet, objective: Objective): void {
  if (objective.alpha === 0 || hasLabels(set)) return;
  throw new InputError(
    "no-labels",
    `${set.name} has no labels, and α is ${objective.alpha}: they have that weight`,
    "give labels, or --alpha 0 to learn from the teacher alone",
  );
}

/**
 * Data without labels get the teacher's: its likeliest class, or its bits. A score is then how often the student agrees with it.
 * @throws InputError for data that the teacher cannot read
 */
export async function labelledByTeacher(book: AnswerBook, objective: Objective): Promise<DataSet> {
  const set = await book.withAnswers([undefined]);
  const said = set.columns.at(-1)!;
  const { shape, values } = said;
  const columns = set.columns.slice(0, -1);
  if (objective.hard.kind !== "cross-entropy") {
    const isBits = objective.hard.kind === "bce";
    const labels = isBits ? Float32Array.from(values, (value) => (value > 0 ? 1 : 0)) : values;
    return { ...set, columns: [...columns, { ...said, role: "label", values: labels }] };
  }
  const [classes = 1, ...rest] = shape;
  const places = rest.reduce((a, b) => a * b, 1);
  const labels = new Int32Array(set.samples * places);
  for (let i = 0; i < set.samples; i++)
    for (let p = 0; p < places; p++) {
      const at = (k: number) => values[(i * classes + k) * places + p]!;
      let best = 0;
      for (let k = 1; k < classes; k++) if (at(k) > at(best)) best = k;
      labels[i * places + p] = best;
    }
  return { ...set, columns: [...columns, { ...said, role: "label", shape: rest, values: labels }] };
}

/**
 * Trains a student. At α = 1 this is fitNetwork with the labels' loss, bit for bit.
 * @throws InputError "other-outputs" when teacher and student answer in other shapes, "no-labels", and what fitNetwork throws
 */
export async function distilNetwork(plan: DistilPlan): Promise<Distilled> {
  const { student, teacher, objective, answers, teacherRuns, onTeacher, ...rest } = plan;
  const { dims = {}, runtime, batch, threads } = rest;
  checkSameAnswers(teacher.graph, student.graph, dims);
  checkLabelled(rest.train, objective);
  const loss = lossOf(objective);
  const fit: FitPlan = { ...rest, network: student.graph, weights: student.weights, loss, judgedBy: objective.hard };
  if (objective.alpha === 1) return { ...(await fitNetwork(fit)), teacherRuns: undefined, samplesAsked: 0 };
  const { samples } = rest.train;
  const runs = teacherRuns ?? defaultRuns(teacher, objective, samples, dims);
  if (runs === "before") {
    checkBeforehand(objective.form);
    const book =
      answers ??
      new AnswerBook(teacher, { runtime, set: rest.train, batch, dims, ...(threads !== undefined && { threads }) });
    const asked = book.samplesAsked;
    const answer = () => book.withAnswers(askedTensors(objective));
    const train = await (onTeacher === undefined || book.knows(askedTensors(objective)) ? answer() : onTeacher(answer));
    const fitted = await fitNetwork({ ...fit, train });
    return { ...fitted, teacherRuns: runs, samplesAsked: book.samplesAsked - asked };
  }
  const fitted = await fitNetwork({ ...fit, teacher: { graph: await inlined(teacher) } });
  const { updates, resumedAt } = fitted.result;
  const passes = asksAnew(objective.form) ? PASSES_ANEW : 1;
  const samplesAsked = (updates - resumedAt) * (rest.accumulate ?? 1) * batch * passes;
  return { ...fitted, teacherRuns: runs, samplesAsked };
}
