// Weights set to zero one by one. A dense runtime multiplies zeros as well: nothing is saved. Hardware that skips them would save; both are told.
import { formatQuantity } from "../../../units/format.ts";
import { exact } from "../../../units/range.ts";
import type { Action } from "../action.ts";
import { trainingJ } from "../evidence.ts";

/** Share of the weights that stays: networks bear about this without loss [Han2015]. */
const NONZERO = 0.1;

export const pruneUnstructured: Action = {
  id: "prune-unstructured",
  consider: (context) => {
    const { work, before, skippingZeros, training, isHere } = context;
    const [all, few] = [skippingZeros(work, 1)?.value, skippingZeros(work, NONZERO)?.value];
    const both =
      all === undefined || few === undefined
        ? ""
        : `; hardware that skips zeros would need ${formatQuantity(few, "J")} instead of ${formatQuantity(all, "J")} (op-energy)`;
    return {
      change: `${100 * (1 - NONZERO)} % zeros`,
      saving: { before: before.value, after: before, saved: exact(0), basis: "estimated", isTried: false },
      costJ: trainingJ(context),
      costBasis: training?.basis ?? "estimated",
      risk: "some",
      obstacle: `${isHere ? "ONNX Runtime is dense: it" : "a dense runtime"} multiplies zeros like any number, so nothing is saved${both}`,
      why: "",
      ...(all !== undefined &&
        few !== undefined && { numbers: { skippingZerosBeforeJ: all, skippingZerosAfterJ: few } }),
    };
  },
  silence: () => "",
};
