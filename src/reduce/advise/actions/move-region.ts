// The same joules on another grid: no joule is saved, but CO2e may be.
import { formatNumber, formatRatio } from "../../../units/format.ts";
import { exact } from "../../../units/range.ts";
import type { Action } from "../action.ts";

export const moveRegion: Action = {
  id: "move-region",
  consider: ({ move, before }) => {
    if (move === undefined) return undefined;
    const { from, to } = move;
    const carbonRatio = from.kgPerKwh > 0 ? 1 - to.kgPerKwh / from.kgPerKwh : 0;
    const grids = `${to.name} has ${formatNumber(to.kgPerKwh)} kg CO2e/kWh, ${from.name} ${formatNumber(from.kgPerKwh)}`;
    return {
      change: `to ${to.name}`,
      saving: { before: before.value, after: before, saved: exact(0), basis: "estimated", isTried: false },
      costJ: 0,
      costBasis: "estimated",
      risk: "none",
      carbonRatio,
      obstacle: carbonRatio > 0 ? undefined : `neither joules nor CO2e are saved: ${grids}`,
      why: `no joules are saved, but ${formatRatio(carbonRatio)} of the CO2e: ${grids}`,
    };
  },
  silence: () => "no other grid was named: --move-to REGION",
};
