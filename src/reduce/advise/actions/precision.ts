// What the three precisions share: the network written in fewer bits, run and judged where it can be, counted where not.
import { type QuantiseSpec, quantise } from "../../quantise/quantise.ts";
import type { AccuracyRisk, Action, AdviceContext, Subject } from "../action.ts";
import { bestTried, bottleneckText, firstTried, passesJ, savingBy } from "../evidence.ts";
import { inType } from "../what-if.ts";

/** Training samples that ranges are calibrated by. */
export const CALIBRATION_SAMPLES = 128;

export interface PrecisionAction {
  readonly id: "int8-static" | "int8-dynamic" | "float16";
  readonly dtype: "int8" | "float16";
  /** Activations keep their type in memory. */
  readonly isOnlyWeights: boolean;
  /** Where nothing was judged. */
  readonly risk: AccuracyRisk;
  /** Samples that are passed through the network to make it. */
  readonly samples: number;
  readonly spec: (subject: Subject) => QuantiseSpec;
  /** Why not on this machine, where it was not tried. */
  readonly obstacle: (context: AdviceContext) => string | undefined;
  /** One clause on the machine, for what was tried there. */
  readonly machine: (context: AdviceContext) => string;
}

function deviceText({ device }: AdviceContext, dtype: PrecisionAction["dtype"]): string {
  if (device === undefined) return "";
  return device.peakFlopsPerS[dtype] === undefined
    ? `; no ${dtype} rate is known of ${device.name}: only bytes are saved`
    : `; ${device.name} has a rate of its own for ${dtype}`;
}

export function precisionAction(what: PrecisionAction): Action {
  const { id, dtype } = what;
  return {
    id,
    candidates: async (subject) => {
      const { network } = await quantise(subject.network, what.spec(subject));
      return [{ name: id, network, isJudged: true }];
    },
    consider: (context) => {
      const { refused, isHere, work } = context;
      const tried = bestTried(context, id);
      const judged = firstTried(context, id);
      const cannot = refused.get(id);
      const saving =
        cannot === undefined ? savingBy(context, tried, inType(work, dtype, what.isOnlyWeights)) : undefined;
      if (saving === undefined && cannot === undefined) return undefined;
      const told = tried === undefined ? deviceText(context, dtype) : `; ${what.machine(context)}`;
      return {
        change: id,
        saving,
        costJ: judged?.madeJ ?? passesJ(context, what.samples),
        costBasis: judged?.madeJ === undefined ? "estimated" : judged.basis,
        risk: what.risk,
        accuracy: judged?.score,
        obstacle: cannot ?? (isHere && tried === undefined ? what.obstacle(context) : undefined),
        why: `weights in ${dtype === "int8" ? "a quarter" : "half"} of the bytes${told}${bottleneckText(context)}`,
      };
    },
    silence: () => "the metric tells nothing of this type",
  };
}

/** What a processor makes of 8-bit products, in words. */
export function int8Text({ processor: { isFast, found } }: AdviceContext): string {
  if (isFast === undefined) return "whether the processor has 8-bit products it does not say";
  return isFast
    ? `the processor has 8-bit products (${found.join(", ")})`
    : "the processor has no 8-bit products (VNNI or the like), so 8 bits save memory and seldom time";
}

export const int8Obstacle = (context: AdviceContext): string | undefined =>
  context.processor.isFast === false ? int8Text(context) : undefined;
