// A lower limit of power: slower, at fewer joules, where most of the power goes with the clock. Advice only: nothing is set, ever.
import { formatNumber, formatQuantity } from "../../../units/format.ts";
import { powerCapLever } from "../../levers/power-cap.ts";
import type { Action } from "../action.ts";

/** Longest time accepted, as a multiple: a model of the clock is not to be believed far from it. */
const MOST_SLOWDOWN = 1.2;

export const powerCap: Action = {
  id: "power-cap",
  consider: ({ power, before, use, seconds }) => {
    if (power === undefined) return undefined;
    const { activeW, idleW } = power;
    const loadS = seconds === undefined ? 0 : use.ratePerS * seconds;
    // As if arithmetic bound all of it: memory's share would be as fast, but its power does not fall with the clock either.
    const advice = powerCapLever({
      activeW,
      staticW: Math.min(idleW, activeW),
      maxSlowdown: loadS > 0 ? Math.min(MOST_SLOWDOWN, Math.max(1, 1 / loadS)) : MOST_SLOWDOWN,
    });
    const after = before.value * (1 - advice.savedRatio);
    const saved = before.value - after;
    return {
      change: `cap at ${formatQuantity(advice.capW, "W")}`,
      saving: {
        before: before.value,
        after: { value: after, low: after, high: after },
        saved: { value: saved, low: saved, high: saved },
        basis: "estimated",
        isTried: false,
      },
      costJ: 0,
      costBasis: "estimated",
      risk: "none",
      atMost: "perhaps",
      obstacle: advice.verdict === "will not help" ? advice.why : undefined,
      why: `by a model of clock and voltage, at ${formatNumber(advice.slowdown)} times the time; nothing is set here, and a sweep with a meter must confirm it`,
      numbers: { capW: advice.capW, slowdown: advice.slowdown },
    };
  },
  silence: ({ device }) => `the idle power of ${device?.name ?? "this machine"} is not known`,
};
