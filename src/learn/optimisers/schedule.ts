// Learning rates over time: functions of the step, computed outside of the graph and fed as lr. A warm-up rises linearly from
// lr/steps to lr; then the schedule begins.
import { InputError } from "../../units/input-error.ts";

export type ScheduleSpec = {
  /** Steps of warm-up; a whole number from 0, default 0. */
  readonly warmupSteps?: number;
} & (
  | { readonly kind: "constant" }
  /** lr·factor^⌊step/every⌋; factor above 0, default 0.1. */
  | { readonly kind: "step"; readonly every: number; readonly factor?: number }
  /** Half a cosine from lr down to lr·end at `steps` [Loshchilov2017]; end default 0. */
  | { readonly kind: "cosine"; readonly steps: number; readonly end?: number }
  /** A straight line from lr down to lr·end at `steps`; end default 0. */
  | { readonly kind: "linear"; readonly steps: number; readonly end?: number }
);

/** Share of lr after `done` of `steps`. */
const FALLS = {
  cosine: (share: number, end: number) => end + (1 - end) * 0.5 * (1 + Math.cos(Math.PI * share)),
  linear: (share: number, end: number) => end + (1 - end) * (1 - share),
} as const;

/**
 * The learning rate of every step.
 * @param lr the highest rate, above 0
 * @returns a function of the step, from 1; after the schedule's end it stays where it is
 * @throws InputError "bad-option" for numbers out of range
 */
export function scheduleOf(lr: number, spec: ScheduleSpec = { kind: "constant" }): (step: number) => number {
  const { warmupSteps = 0 } = spec;
  check("learning rate", lr, lr > 0 && Number.isFinite(lr), "above 0");
  check("warm-up", warmupSteps, Number.isInteger(warmupSteps) && warmupSteps >= 0, "a whole number from 0");
  const after = afterWarmup(spec);
  return (step) => (step <= warmupSteps ? (lr * step) / warmupSteps : lr * after(step - 1 - warmupSteps, warmupSteps));
}

/** Share of lr, `done` steps after the warm-up. */
function afterWarmup(spec: ScheduleSpec): (done: number, warmup: number) => number {
  if (spec.kind === "constant") return () => 1;
  if (spec.kind === "step") {
    const { every, factor = 0.1 } = spec;
    check("step length", every, Number.isInteger(every) && every >= 1, "a whole number from 1");
    check("factor", factor, factor > 0, "above 0");
    return (done) => factor ** Math.floor(done / every);
  }
  const { steps, end = 0 } = spec;
  check("steps", steps, Number.isInteger(steps) && steps >= 1, "a whole number from 1");
  check("end", end, end >= 0 && end <= 1, "0 to 1");
  return (done, warmup) => FALLS[spec.kind](Math.min(1, done / Math.max(1, steps - warmup)), end);
}

function check(name: string, value: number, fits: boolean, expected: string): void {
  if (!fits) throw new InputError("bad-option", `${name} is ${value}, expected ${expected}`, `choose another ${name}`);
}
