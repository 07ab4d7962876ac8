// Every training that the study of [DeepRxEnergy] needs, each once, teachers before their students. What is trained is said here, how is node/radio.
import type { DistilForm } from "../../../reduce/distil/objective.ts";
import type { DeepRxScale } from "./scale.ts";

/** The form of a network: what of the zoo's deeprx differs from the scale's. */
export interface NetworkForm {
  readonly middle: number;
  /** Default: the scale's. */
  readonly depth?: number;
  readonly undilated?: boolean;
}

/** One training. */
export interface Training {
  /** "middle 0.125, seed 3, teacher 1, α 0.5, T 2, bits": the same training has the same id. */
  readonly id: string;
  readonly form: NetworkForm;
  readonly seed: number;
  /** Undefined: from scratch. */
  readonly teacher: Teaching | undefined;
}

export interface Teaching {
  /** Id of the training that gave the teacher. */
  readonly of: string;
  readonly middle: number;
  readonly alpha: number;
  readonly temperature: number;
  readonly form: DistilForm;
}

const formText = ({ middle, depth, undilated }: NetworkForm): string =>
  [`middle ${middle}`, ...(depth === undefined ? [] : [`depth ${depth}`]), ...(undilated ? ["undilated"] : [])].join(
    ", ",
  );

export function scratch(form: NetworkForm, seed: number): Training {
  return { id: `${formText(form)}, seed ${seed}`, form, seed, teacher: undefined };
}

/** A student of the first teacher of that size. */
export function taught(
  form: NetworkForm,
  seed: number,
  {
    middle,
    alpha,
    temperature,
    form: how = "bits",
  }: { middle: number; alpha: number; temperature: number; form?: DistilForm },
): Training {
  if (alpha === 1) return scratch(form, seed);
  const of = scratch({ middle }, 0).id;
  const id = `${formText(form)}, seed ${seed}, teacher ${middle}, α ${alpha}, T ${temperature}, ${how}`;
  return { id, form, seed, teacher: { of, middle, alpha, temperature, form: how } };
}

/** A point of a figure: as many trainings as there are seeds. */
export type Point = readonly Training[];

/** What the study compares, by figure. */
export interface StudyPoints {
  /** Figure 3: by size, from scratch. */
  readonly sizes: readonly { readonly middle: number; readonly point: Point }[];
  /** Figure 4: by teacher. */
  readonly teachers: readonly { readonly middle: number; readonly point: Point }[];
  /** Table III. */
  readonly alphas: readonly { readonly alpha: number; readonly point: Point }[];
  /** Figure 5. */
  readonly temperatures: readonly { readonly middle: number; readonly temperature: number; readonly point: Point }[];
  /** Figure 6. */
  readonly compared: { readonly teacher: Training; readonly student: Point; readonly taught: Point };
  /** Beyond the paper. */
  readonly forms: readonly { readonly name: string; readonly point: Point }[];
}

/** A student of another kind: two fewer blocks, none dilated. */
const other = (scale: DeepRxScale): NetworkForm => ({
  middle: scale.student,
  depth: Math.max(1, scale.depth - 2),
  undilated: true,
});

export function pointsOf(scale: DeepRxScale): StudyPoints {
  const { student, teacher, alpha, temperature } = scale;
  const over = (make: (seed: number) => Training): Point =>
    Array.from({ length: scale.seeds }, (_, seed) => make(seed));
  const usual = { middle: teacher, alpha, temperature };
  const form = { middle: student };
  const alphas = [...new Set([...scale.alphas, alpha])].sort((a, b) => a - b);
  const temperatures = [...new Set([...scale.temperatures, temperature])].sort((a, b) => a - b);
  return {
    sizes: scale.sizes.map((middle) => ({ middle, point: over((seed) => scratch({ middle }, seed)) })),
    teachers: scale.teachers.map((middle) => ({
      middle,
      point: over((seed) => taught(form, seed, { ...usual, middle })),
    })),
    alphas: alphas.map((one) => ({ alpha: one, point: over((seed) => taught(form, seed, { ...usual, alpha: one })) })),
    temperatures: scale.temperatureSizes.flatMap((middle) =>
      temperatures.map((one) => ({
        middle,
        temperature: one,
        point: over((seed) => taught({ middle }, seed, { ...usual, temperature: one })),
      })),
    ),
    compared: {
      teacher: scratch({ middle: teacher }, 0),
      student: over((seed) => scratch(form, seed)),
      taught: over((seed) => taught(form, seed, usual)),
    },
    forms: [
      { name: "mean squared logits", point: over((seed) => taught(form, seed, { ...usual, form: "mse" })) },
      { name: "Sobolev: derivatives too", point: over((seed) => taught(form, seed, { ...usual, form: "sobolev" })) },
      { name: "fewer, undilated blocks, from scratch", point: over((seed) => scratch(other(scale), seed)) },
      { name: "fewer, undilated blocks, distilled", point: over((seed) => taught(other(scale), seed, usual)) },
    ],
  };
}

/** Every training of the points, each once, teachers first. */
export function trainingsOf(points: StudyPoints): readonly Training[] {
  const all = [
    ...points.sizes.flatMap(({ point }) => point),
    points.compared.teacher,
    ...points.compared.student,
    ...points.teachers.flatMap(({ point, middle }) => [scratch({ middle }, 0), ...point]),
    ...points.alphas.flatMap(({ point }) => point),
    ...points.temperatures.flatMap(({ point }) => point),
    ...points.forms.flatMap(({ point }) => point),
  ];
  const once = [...new Map(all.map((training) => [training.id, training])).values()];
  // Results of first seeds come first, so that an interrupted study already shows every figure.
  return once.toSorted((a, b) => Number(a.teacher !== undefined) - Number(b.teacher !== undefined) || a.seed - b.seed);
}
