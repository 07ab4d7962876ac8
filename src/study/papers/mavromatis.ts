// The figures of [Mavromatis2024] on a table of measurements: what the text states in numbers beside what the rows give. The paper's
// own tables are plots, so most of `published` is what the text says of all machines at once, or nothing. What does not follow is said in the notes.
import type { Correlation } from "../../math/correlation.ts";
import { median } from "../../math/statistics.ts";
import { formatNumber } from "../../units/format.ts";
import { type Correlated, correlate, meanRows, phaseRatios, strata, wholeRuns } from "../analysis.ts";
import {
  type Phase,
  QUANTITIES,
  type QuantityKey,
  type Setting,
  type StudyRow,
  settingsThatVary,
  settingText,
} from "../study-row.ts";
import { type ReproducedRow, reproducedRow } from "./reproduced.ts";

const TIME_NOTE =
  "holds by construction: energy is mean power × time, and power spans far less than time does over these networks";

/** What the text states, by pair: Spearman's ρ unless r is said. */
const STATED: readonly {
  readonly x: QuantityKey;
  readonly y: QuantityKey;
  readonly which: "pearson" | "spearman";
  readonly published: number;
  readonly note: string;
}[] = [
  { x: "duration", y: "energy", which: "pearson", published: 0.99, note: TIME_NOTE },
  { x: "macs", y: "energy", which: "spearman", published: 0.8, note: "stated for all machines together" },
  {
    x: "macsPerParam",
    y: "energy",
    which: "spearman",
    published: 0.9,
    note: "stated for all machines together, as a better measure than MACs: compare the intervals",
  },
  { x: "utilisation", y: "power", which: "spearman", published: 0.81, note: "stated for HC-3; 0.55 for HC-2" },
];

const intervalText = ({ low, high, n }: Correlation): string =>
  `95 % interval ${formatNumber(low)} to ${formatNumber(high)}, ${n} networks`;

const nameOf = (which: "pearson" | "spearman"): string => (which === "pearson" ? "Pearson r" : "Spearman ρ");

/** The paper subtracts idle energy; what a table of others holds is its own matter, so that "above idle" is not said of it. */
const quantityName = (key: QuantityKey): string => (key === "power" ? "mean power" : QUANTITIES[key].name);

/** Fewest networks that an interval can be told of. */
const FEWEST = 4;

type Place = Setting & { readonly phase: Phase; readonly machine: string };

/** "training, HC-3", and what else it takes to tell one from another. */
const placeName =
  (rows: readonly StudyRow[]) =>
  (place: Place): string => {
    const keys = settingsThatVary(rows.filter(({ phase }) => phase === place.phase));
    return [place.phase, place.machine, settingText(place, keys)].filter((part) => part !== "").join(", ");
  };

/** Every stratum that has both quantities: its correlation, or why there is none. */
function correlationRows(rows: readonly StudyRow[], found: readonly Correlated[]): ReproducedRow[] {
  const nameOfPlace = placeName(rows);
  return STATED.flatMap(({ x, y, which, published, note }) =>
    strata(rows).flatMap((stratum) => {
      const known = stratum.filter((row) => QUANTITIES[x].of(row) !== undefined && QUANTITIES[y].of(row) !== undefined);
      if (known.length === 0) return [];
      const place = nameOfPlace(known[0]!);
      const item = `${nameOf(which)} of ${quantityName(x)} and ${quantityName(y)}, ${place}`;
      const one = found.find((other) => other.x === x && other.y === y && nameOfPlace(other) === place);
      if (one !== undefined)
        return [reproducedRow(item, published, one[which].value, `${intervalText(one[which])}; ${note}`)];
      const why =
        known.length < FEWEST
          ? `not told: it takes ${FEWEST} networks, there ${known.length === 1 ? "is 1" : `are ${known.length}`}`
          : "not told: one of the two is the same for all networks";
      return [reproducedRow(item, published, undefined, why)];
    }),
  );
}

/** Whether MACs per parameter tell more than MACs, by their intervals. */
function rankingRows(rows: readonly StudyRow[], found: readonly Correlated[]): ReproducedRow[] {
  const nameOfPlace = placeName(rows);
  const of = (x: QuantityKey) => found.filter((one) => one.x === x && one.y === "energy");
  return of("macsPerParam").flatMap((ours) => {
    const macs = of("macs").find((one) => nameOfPlace(one) === nameOfPlace(ours));
    if (macs === undefined) return [];
    const [a, b] = [ours.spearman, macs.spearman];
    const apart = a.low > b.high || b.low > a.high;
    return [
      reproducedRow(
        `ρ of MACs per parameter minus ρ of MACs, ${nameOfPlace(ours)}`,
        0.1,
        a.value - b.value,
        apart
          ? "the intervals do not overlap"
          : `the intervals overlap (${intervalText(a)}; ${intervalText(b)}): a ranking of few networks does not tell which measure is better`,
      ),
    ];
  });
}

function ratioRows(rows: readonly StudyRow[]): ReproducedRow[] {
  const ratios = phaseRatios(rows);
  return [...new Set(ratios.map(({ machine }) => machine))].map((machine) => {
    const own = ratios.filter((one) => one.machine === machine).map(({ durationRatio }) => durationRatio);
    const spread = `${formatNumber(Math.min(...own))} to ${formatNumber(Math.max(...own))} over ${own.length} networks`;
    return reproducedRow(
      `training time over inference time, median, ${machine}`,
      3,
      median(own),
      `${spread}; the inference there is the test set five times over, so that both have 50,000 samples`,
    );
  });
}

/** Watts that the total needs beside the accelerator's. */
function restRows(rows: readonly StudyRow[], phase: Phase): ReproducedRow[] {
  const known = meanRows(wholeRuns(rows)).filter((row) => row.phase === phase && row.gpuPowerW !== undefined);
  return [...new Set(known.map(({ machine }) => machine))].map((machine) => {
    const restW = known
      .filter((row) => row.machine === machine)
      .map(({ energyJ, durationS, gpuPowerW }) => energyJ / durationS - gpuPowerW!);
    return reproducedRow(
      `power of processor and memory that the totals imply, highest, W, ${phase}, ${machine}`,
      phase === "training" ? 246 : undefined,
      Math.max(...restW),
      `lowest ${formatNumber(Math.min(...restW))} W; the published totals imply 177 to 246 W on HC-3, whose processor is specified for 65 W`,
    );
  });
}

/** Every row of the paper that the table can give. */
export function reproduceMavromatis(rows: readonly StudyRow[]): readonly ReproducedRow[] {
  const found = correlate(
    rows,
    STATED.map(({ x, y }) => [x, y]),
  );
  return [
    ...ratioRows(rows),
    ...correlationRows(rows, found),
    ...rankingRows(rows, found),
    ...restRows(rows, "training"),
    ...restRows(rows, "inference"),
  ];
}
