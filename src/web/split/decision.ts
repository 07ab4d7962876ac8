// What the page shows of a split: every cut's joules at one channel gain, the best one, and a walk on which the cut is chosen anew at
// each place. All decisions are split/'s.

import type { CostTable } from "../../split/costs.ts";
import { answerOf, type CutAnswer, decide, NO_CUT } from "../../split/decide.ts";
import { type Radio, uplink } from "../../split/radio.ts";
import {
  adaptivePath,
  fixedPath,
  type Path,
  type PathTotals,
  type Place,
  totalsOf,
  walk,
} from "../../split/trajectory.ts";

export interface Decision {
  readonly answers: readonly CutAnswer[];
  /** Index of the chosen cut; undefined when nothing can be sent in time. */
  readonly best: number | undefined;
  readonly rateBps: number;
}

/** @throws InputError for numbers that no radio has */
export function decisionAt(table: CostTable, radio: Partial<Radio>, gainRatio: number): Decision {
  const link = uplink(radio);
  const rateBps = link.rateBps(gainRatio);
  const best = decide(table, rateBps, link.sending);
  return {
    answers: table.cuts.map((_, cut) => answerOf(table, cut, rateBps, link.sending)),
    best: best === NO_CUT ? undefined : best,
    rateBps,
  };
}

export interface Walked {
  readonly places: readonly Place[];
  /** Name of a choice → what it costs along the way. */
  readonly choices: readonly { readonly name: string; readonly path: Path; readonly totals: PathTotals }[];
}

/** The built-in walk: the cut chosen anew, beside all on the device and the first cut always. */
export function walked(table: CostTable, radio: Partial<Radio>, seed: number): Walked {
  const link = uplink(radio);
  const places = walk(seed);
  const channel = {
    kind: "block",
    gainRatio: Float64Array.from(places, ({ gainRatio }) => gainRatio),
    rateBps: link.rateBps,
  } as const;
  const paths: readonly (readonly [string, Path])[] = [
    ["chosen at each place", adaptivePath(table, channel, link.sending)],
    ["all on the device", fixedPath(table, table.local, channel, link.sending)],
    ...(table.local === 0 ? [] : [["always the first cut", fixedPath(table, 0, channel, link.sending)] as const]),
  ];
  return { places, choices: paths.map(([name, path]) => ({ name, path, totals: totalsOf(path) })) };
}
