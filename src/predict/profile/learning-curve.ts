// Joules to a target accuracy from the first epochs of a training run: accuracy follows a power law of the epoch, a − b·epoch^(−c)
// [Hestness2017], and the range is that of all laws that fit the epochs about as well. Not a forecast of time: see step/.

import { mean, standardDeviation } from "../../math/statistics.ts";
import { cellsOf, linesOf } from "../../measure/imports/csv.ts";
import { InputError } from "../../units/input-error.ts";

/** One epoch that was trained. */
export interface Epoch {
  readonly epoch: number;
  /** In [0, 1]. */
  readonly accuracy: number;
  /** Joules of this epoch alone. */
  readonly energyJ: number;
}

/** a − b·epoch^(−c). */
export interface PowerLaw {
  /** Accuracy that the curve tends to. */
  readonly limit: number;
  readonly scale: number;
  readonly exponent: number;
}

export interface TargetForecast {
  readonly accuracy: number;
  /** True when an epoch that was trained reached it. */
  readonly reached: boolean;
  /** undefined: the law does not reach it. */
  readonly epochs: number | undefined;
  readonly lowEpochs: number | undefined;
  /** undefined: laws that fit as well never reach it. */
  readonly highEpochs: number | undefined;
  readonly energyJ: number | undefined;
  readonly lowJ: number | undefined;
  readonly highJ: number | undefined;
  readonly law: PowerLaw;
  /** Standard deviation of accuracies about the law. */
  readonly deviation: number;
  readonly remarks: readonly string[];
}

/** A law has three numbers: with fewer epochs than this nothing tells how well it fits. */
const LEAST_EPOCHS = 5;
/** Beyond it a forecast is as good as never. */
const MOST_EPOCHS = 1e6;
const EXPONENTS = Array.from({ length: 81 }, (_, i) => 0.05 * 80 ** (i / 80)); // 0.05 to 4
const LIMIT_STEPS = 100;
/** 90 % of χ² with one degree of freedom: laws within it of the best are as good, for one number asked. */
const CHI_90 = 2.706;

interface Fitted extends PowerLaw {
  readonly squares: number;
}

/** The best b ≥ 0 for given a and c. */
function scaleOf(epochs: readonly Epoch[], limit: number, exponent: number): Fitted {
  let [xy, xx] = [0, 0];
  for (const { epoch, accuracy } of epochs) {
    const x = epoch ** -exponent;
    xy += x * (limit - accuracy);
    xx += x * x;
  }
  const scale = Math.max(0, xy / xx);
  const squares = epochs.reduce(
    (sum, { epoch, accuracy }) => sum + (limit - scale * epoch ** -exponent - accuracy) ** 2,
    0,
  );
  return { limit, scale, exponent, squares };
}

/** Every law on a grid: limits from the best accuracy seen to 1, exponents from 0.05 to 4. */
function lawsOf(epochs: readonly Epoch[]): Fitted[] {
  const best = epochs.reduce((most, { accuracy }) => Math.max(most, accuracy), 0);
  const low = mean(epochs.slice(-Math.max(2, Math.ceil(epochs.length / 4))).map(({ accuracy }) => accuracy));
  const from = Math.min(best, low);
  return EXPONENTS.flatMap((exponent) =>
    Array.from({ length: LIMIT_STEPS + 1 }, (_, i) => scaleOf(epochs, from + ((1 - from) * i) / LIMIT_STEPS, exponent)),
  );
}

/** Epochs until the law reaches an accuracy; undefined: it does not. */
function epochsTo({ limit, scale, exponent }: PowerLaw, accuracy: number): number | undefined {
  if (!(limit > accuracy)) return undefined;
  const epochs = (scale / (limit - accuracy)) ** (1 / exponent);
  return epochs <= MOST_EPOCHS ? Math.max(1, Math.ceil(epochs)) : undefined;
}

/** Joules of the first `count` epochs: those trained as they were, the others like those after the first. */
function joulesOf(epochs: readonly Epoch[], count: number, perEpochJ: number): number {
  const trained = epochs.slice(0, count).reduce((sum, { energyJ }) => sum + energyJ, 0);
  return trained + Math.max(0, count - epochs.length) * perEpochJ;
}

/**
 * @param epochs in order, numbered from 1
 * @param accuracy in (0, 1)
 * @throws InputError when the epochs are too few to say anything
 */
export function forecastTarget(epochs: readonly Epoch[], accuracy: number): TargetForecast {
  if (epochs.length < LEAST_EPOCHS)
    throw new InputError(
      "too-few-epochs",
      `${epochs.length} epochs cannot tell the course of a learning curve`,
      `train at least ${LEAST_EPOCHS}, better ten`,
    );
  const laws = lawsOf(epochs);
  const law = laws.reduce((best, other) => (other.squares < best.squares ? other : best));
  // Accuracies are counted to a few digits: a fit that is better than that is luck.
  const variance = Math.max(law.squares / Math.max(1, epochs.length - 3), 1e-8);
  const alike = laws.filter(({ squares }) => squares - law.squares <= CHI_90 * variance);
  const typical = epochs.slice(1).map(({ energyJ }) => energyJ); // the first epoch never counts as typical
  const perEpochJ = mean(typical);
  const spreadJ = typical.length > 1 ? (1.645 * standardDeviation(typical)) / Math.sqrt(typical.length) : perEpochJ;
  const at = epochs.findIndex((epoch) => epoch.accuracy >= accuracy);
  const deviation = Math.sqrt(variance);
  if (at >= 0) {
    const energyJ = joulesOf(epochs, at + 1, perEpochJ);
    const [count, joules] = [at + 1, energyJ];
    return {
      accuracy,
      reached: true,
      epochs: count,
      lowEpochs: count,
      highEpochs: count,
      energyJ: joules,
      lowJ: joules,
      highJ: joules,
      law,
      deviation,
      remarks: [`epoch ${epochs[at]!.epoch} reached it: nothing is projected`],
    };
  }
  const after = (count: number | undefined) => (count === undefined ? undefined : Math.max(count, epochs.length + 1));
  const counts = alike.map((other) => after(epochsTo(other, accuracy)));
  const known = counts.filter((count) => count !== undefined);
  const lowEpochs = known.length > 0 ? known.reduce((a, b) => Math.min(a, b)) : undefined;
  const highEpochs = known.length === counts.length ? known.reduce((a, b) => Math.max(a, b)) : undefined;
  const expected = after(epochsTo(law, accuracy));
  const joules = (count: number | undefined, each: number) =>
    count === undefined ? undefined : joulesOf(epochs, count, Math.max(0, each));
  return {
    accuracy,
    reached: false,
    epochs: expected,
    lowEpochs,
    highEpochs,
    energyJ: joules(expected, perEpochJ),
    lowJ: joules(lowEpochs, perEpochJ - spreadJ),
    highJ: joules(highEpochs, perEpochJ + spreadJ),
    law,
    deviation,
    remarks: [
      ...(expected === undefined
        ? [`the curve that fits best tends to ${law.limit.toFixed(3)}, below the target: it may never be reached`]
        : []),
      ...(expected !== undefined && highEpochs === undefined
        ? ["curves that fit about as well never reach it: there is no upper end"]
        : []),
    ],
  };
}

const bad = (name: string, row: number, why: string, hint: string) =>
  new InputError("bad-curve", `${name}, row ${row}: ${why}`, hint);

const COLUMNS = "columns epoch, accuracy and energy_j, or epoch, accuracy, power_w and time_s, each of one epoch";

/**
 * Reads a learning curve from CSV text. `time_s` is the duration of the epoch; accuracies above 1 are read as per cent.
 * @throws InputError naming the row
 */
export function readLearningCurve(name: string, text: string): readonly Epoch[] {
  const lines = linesOf(text);
  const columns = cellsOf(lines[0] ?? "").map((column) => column.toLowerCase());
  const at = (...names: readonly string[]) => columns.findIndex((column) => names.includes(column));
  const [epochAt, accuracyAt] = [at("epoch"), at("accuracy", "acc", "val_accuracy")];
  const [energyAt, powerAt, timeAt] = [at("energy_j"), at("power_w", "power"), at("time_s", "time", "seconds")];
  if (accuracyAt < 0 || (energyAt < 0 && (powerAt < 0 || timeAt < 0)))
    throw new InputError("bad-curve", `${name} has the columns ${columns.join(", ")}`, `it needs ${COLUMNS}`);
  const rows = lines.flatMap((line, i) =>
    i === 0 || line.trim() === "" ? [] : [{ row: i + 1, cells: cellsOf(line) }],
  );
  const number = (row: number, cells: readonly string[], index: number): number => {
    const value = Number(cells[index]);
    if (cells[index] !== undefined && cells[index] !== "" && Number.isFinite(value)) return value;
    throw bad(name, row, `${columns[index]} is "${cells[index] ?? ""}", not a number`, "mend or delete the row");
  };
  const accuracies = rows.map(({ row, cells }) => number(row, cells, accuracyAt));
  const scale = accuracies.some((value) => value > 1) ? 100 : 1;
  const epochs = rows.map(({ row, cells }, i): Epoch => {
    const energyJ =
      energyAt >= 0 ? number(row, cells, energyAt) : number(row, cells, powerAt) * number(row, cells, timeAt);
    const accuracy = accuracies[i]! / scale;
    if (!(accuracy >= 0 && accuracy <= 1)) throw bad(name, row, `accuracy is ${accuracies[i]}`, "give it from 0 to 1");
    if (!(energyJ > 0)) throw bad(name, row, `the epoch's energy is ${energyJ} J, expected above 0`, `give ${COLUMNS}`);
    return { epoch: epochAt >= 0 ? number(row, cells, epochAt) : i + 1, accuracy, energyJ };
  });
  const first = epochs[0]?.epoch ?? 1;
  epochs.forEach(({ epoch }, i) => {
    if (epoch !== first + i)
      throw bad(
        name,
        rows[i]!.row,
        `epoch ${epoch} after ${first + i - 1}`,
        "give every epoch once, in order, from the first",
      );
  });
  // Some programs count from 0.
  return epochs.map((each, i) => ({ ...each, epoch: i + 1 }));
}
