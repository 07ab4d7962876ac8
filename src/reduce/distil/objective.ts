// What a student is trained for: L = α·hard + (1 − α)·soft, α weighting the labels as in [DeepRxEnergy], section III-B, equation 2. The forms of
// "soft" are a table; the losses themselves are learn/losses.
import type { FeaturePair, LossSpec } from "../../learn/training-graph.ts";
import { InputError } from "../../units/input-error.ts";

export interface Objective {
  readonly form: DistilForm;
  /** Weight of the labels, in [0, 1]. 1 is plain training: nobody asks the teacher then. */
  readonly alpha: number;
  /** Above 0. Not looked at where only logits are matched. */
  readonly temperature: number;
  /** Multiply the divergence by T². Default true. */
  readonly squared?: boolean;
  /** The labels' own loss. */
  readonly hard: LossSpec;
  /** Tensors that are matched in the form "features". */
  readonly pairs?: readonly FeaturePair[];
  /** Weight of matched features or derivatives beside the divergence; from 0. Default 1. */
  readonly matchWeight?: number;
}

interface Term {
  readonly weight: number;
  readonly loss: LossSpec;
}

/** What the labels leave out, the teacher's answers leave out too. */
const maskOf = (hard: LossSpec) => ("masked" in hard && hard.masked ? { masked: true } : {});
const classes = ({ temperature, squared = true }: Objective) =>
  ({ kind: "soft-classes", temperature, squared }) as const;
const bitwise = ({ temperature, squared = true, hard }: Objective) =>
  ({ kind: "soft-bits", temperature, squared, ...maskOf(hard) }) as const;
const alone = (loss: LossSpec): readonly Term[] => [{ weight: 1, loss }];

/** Soft parts by form. */
const FORMS = {
  /** Softmax over classes on axis 1 [Hinton2015]. */
  softmax: (o) => alone(classes(o)),
  /** Every number a bit of its own. */
  bits: (o) => alone(bitwise(o)),
  /** Squared difference of the logits [Ba2014]. */
  mse: ({ hard }) => alone({ kind: "match-logits", ...maskOf(hard) }),
  /** Softmax of logits with mean 0 and deviation 1 [Sun2024]. */
  standardised: (o) => alone({ ...classes(o), standardised: true }),
  /** Softmax, and tensors inside both networks [Romero2015]. */
  features: (o) => [
    { weight: 1, loss: classes(o) },
    { weight: o.matchWeight ?? 1, loss: { kind: "match-features", pairs: o.pairs ?? [] } },
  ],
  /** Softmax, and derivatives by the inputs [Czarnecki2017]. */
  sobolev: (o) => [
    { weight: 1, loss: o.hard.kind === "bce" ? bitwise(o) : classes(o) },
    { weight: o.matchWeight ?? 1, loss: { kind: "match-gradients" } },
  ],
} as const satisfies Readonly<Record<string, (o: Objective) => readonly Term[]>>;

export type DistilForm = keyof typeof FORMS;
export const DISTIL_FORMS = Object.keys(FORMS) as readonly DistilForm[];

/** Forms whose teacher must run inside the step: it is asked at other inputs in each. */
export const asksAnew = (form: DistilForm): boolean => form === "sobolev";

/** Passes of both networks in a step of such a form: at the data, and at either end of a difference. */
export const PASSES_ANEW = 3;

/** The teacher's tensors that a form reads, in the order in which the loss asks for them; undefined stands for its logits. */
export function askedTensors({ form, alpha, pairs = [] }: Objective): readonly (string | undefined)[] {
  if (alpha === 1) return [];
  return form === "features" ? [undefined, ...pairs.map(({ teacher }) => teacher)] : [undefined];
}

/**
 * The loss of an objective. At α = 1 it is the labels' own loss and nothing else, so that plain training comes out bit for bit.
 * @throws InputError "bad-option" for α outside [0, 1], a temperature that is not above 0, a negative weight
 */
export function lossOf(objective: Objective): LossSpec {
  const { alpha, temperature, matchWeight = 1, hard, form } = objective;
  const check = (name: string, value: number, fits: boolean, expected: string) => {
    if (!fits)
      throw new InputError("bad-option", `${name} is ${value}, expected ${expected}`, `choose another ${name}`);
  };
  check("alpha", alpha, alpha >= 0 && alpha <= 1, "0 to 1");
  check("temperature", temperature, temperature > 0 && Number.isFinite(temperature), "a number above 0");
  check("the weight of what is matched", matchWeight, matchWeight >= 0 && Number.isFinite(matchWeight), "0 or more");
  if (alpha === 1) return hard;
  const soft = FORMS[form](objective).map(({ weight, loss }) => ({ weight: (1 - alpha) * weight, loss }));
  return { kind: "sum", terms: alpha === 0 ? soft : [{ weight: alpha, loss: hard }, ...soft] };
}
