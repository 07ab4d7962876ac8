// What a study's rows show: means, correlations, ratios, ranges, fronts. Every function takes rows and gives numbers; showing them is report/studying.
import { type TwoWay, twoWayAnova } from "../math/anova.ts";
import { type Correlation, pearsonCorrelation, spearmanCorrelation } from "../math/correlation.ts";
import { mean } from "../math/statistics.ts";
import { type Phase, QUANTITIES, type QuantityKey, type StudyRow } from "./study-row.ts";

/** Rows by key, in the order of their first. */
export function grouped<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

const settingOf = ({ network, phase, machine, data, batch, epoch }: StudyRow): string =>
  JSON.stringify([network, phase, machine, data, batch, epoch]);

/** Fields that repetitions of one setting may differ in. */
const AVERAGED = ["durationS", "energyJ", "accuracy", "loss", "cpuPowerW", "gpuPowerW", "dramPowerW"] as const;
const ALSO_AVERAGED = ["utilisationRatio", "vramBytes"] as const;

/** One row per setting: the mean of its repetitions. */
export function meanRows(rows: readonly StudyRow[]): readonly StudyRow[] {
  return [...grouped(rows, settingOf).values()].map((group) => {
    const averages = [...AVERAGED, ...ALSO_AVERAGED].flatMap((field) => {
      const values = group.map((row) => row[field]).filter((value) => value !== undefined);
      return values.length === 0 ? [] : [[field, mean(values)] as const];
    });
    return { ...group[0]!, ...Object.fromEntries(averages), repetition: 0 };
  });
}

/** Whole runs: rows without an epoch as they are, those with one added up over the epochs of a run. */
export function wholeRuns(rows: readonly StudyRow[]): readonly StudyRow[] {
  const keyOf = (row: StudyRow): string =>
    JSON.stringify([row.network, row.phase, row.machine, row.data, row.batch, row.repetition]);
  return [...grouped(rows, keyOf).values()].flatMap((group) => {
    const whole = group.filter(({ epoch }) => epoch === undefined);
    if (whole.length > 0) return whole;
    const sorted = group.toSorted((a, b) => a.epoch! - b.epoch!);
    const { epoch: _, ...last } = sorted.at(-1)!;
    const samples = sorted.every((row) => row.samples !== undefined)
      ? { samples: sorted.reduce((sum, row) => sum + row.samples!, 0) }
      : {};
    return [
      {
        ...last,
        ...samples,
        durationS: sorted.reduce((sum, row) => sum + row.durationS, 0),
        energyJ: sorted.reduce((sum, row) => sum + row.energyJ, 0),
      },
    ];
  });
}

/** How two quantities go together over the networks of one phase on one machine. */
export interface Correlated {
  readonly phase: Phase;
  readonly machine: string;
  readonly x: QuantityKey;
  readonly y: QuantityKey;
  readonly pearson: Correlation;
  readonly spearman: Correlation;
}

/** What is looked at: [x, y]. */
export const PAIRS: readonly (readonly [QuantityKey, QuantityKey])[] = [
  ["duration", "energy"],
  ["macs", "energy"],
  ["params", "energy"],
  ["macsPerParam", "energy"],
  ["size", "energy"],
  ["buffers", "energy"],
  ["utilisation", "energy"],
  ["utilisation", "power"],
  ["vram", "power"],
  ["accuracy", "energy"],
];

/** Correlations within each phase and machine; pairs with fewer than four networks, or a constant, are left out. */
export function correlate(
  rows: readonly StudyRow[],
  pairs: readonly (readonly [QuantityKey, QuantityKey])[] = PAIRS,
): readonly Correlated[] {
  const groups = grouped(meanRows(wholeRuns(rows)), ({ phase, machine }) => JSON.stringify([phase, machine]));
  return [...groups.values()].flatMap((group) =>
    pairs.flatMap(([x, y]) => {
      const known = group.flatMap((row) => {
        const [a, b] = [QUANTITIES[x].of(row), QUANTITIES[y].of(row)];
        return a === undefined || b === undefined ? [] : [[a, b] as const];
      });
      const [xs, ys] = [known.map(([a]) => a), known.map(([, b]) => b)];
      const [pearson, spearman] = [pearsonCorrelation(xs, ys), spearmanCorrelation(xs, ys)];
      if (pearson === undefined || spearman === undefined) return [];
      const { phase, machine } = group[0]!;
      return [{ phase, machine, x, y, pearson, spearman }];
    }),
  );
}

/** Lowest, mean and highest over networks and repetitions in one epoch. */
export interface EpochRange {
  readonly machine: string;
  readonly epoch: number;
  readonly runs: number;
  /** Joules from the first epoch to the end of this one. */
  readonly energyJ: Range;
  readonly accuracy: Range | undefined;
  readonly loss: Range | undefined;
}

export interface Range {
  readonly low: number;
  readonly mean: number;
  readonly high: number;
}

function rangeOf(values: readonly (number | undefined)[]): Range | undefined {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return undefined;
  return { low: Math.min(...known), mean: mean(known), high: Math.max(...known) };
}

const runOf = ({ network, machine, data, batch, repetition }: StudyRow): string =>
  JSON.stringify([network, machine, data, batch, repetition]);

/** Training rows with their epochs, each with the joules since its first. */
function cumulated(rows: readonly StudyRow[]): readonly (StudyRow & { readonly sinceStartJ: number })[] {
  const epochs = rows.filter(({ phase, epoch }) => phase === "training" && epoch !== undefined);
  return [...grouped(epochs, runOf).values()].flatMap((run) => {
    let sinceStartJ = 0;
    return run
      .toSorted((a, b) => a.epoch! - b.epoch!)
      .map((row) => {
        sinceStartJ += row.energyJ;
        return { ...row, sinceStartJ };
      });
  });
}

/** Loss, joules and accuracy by epoch, over all networks of a machine. */
export function epochRanges(rows: readonly StudyRow[]): readonly EpochRange[] {
  const groups = grouped(cumulated(rows), ({ machine, epoch }) => JSON.stringify([machine, epoch]));
  return [...groups.values()].map((group) => ({
    machine: group[0]!.machine,
    epoch: group[0]!.epoch!,
    runs: group.length,
    energyJ: rangeOf(group.map(({ sinceStartJ }) => sinceStartJ))!,
    accuracy: rangeOf(group.map(({ accuracy }) => accuracy)),
    loss: rangeOf(group.map(({ loss }) => loss)),
  }));
}

/** Joules until an accuracy was reached for the first time; undefined where it never was. */
export interface ToAccuracy {
  readonly network: string;
  readonly machine: string;
  readonly repetition: number;
  readonly epoch: number | undefined;
  readonly energyJ: number | undefined;
}

/** @param target accuracy in [0, 1] */
export function joulesToAccuracy(rows: readonly StudyRow[], target: number): readonly ToAccuracy[] {
  return [...grouped(cumulated(rows), runOf).values()].map((run) => {
    const { network, machine, repetition } = run[0]!;
    const reached = run.find(({ accuracy }) => accuracy !== undefined && accuracy >= target);
    return { network, machine, repetition, epoch: reached?.epoch, energyJ: reached?.sinceStartJ };
  });
}

/** Training against inference, sample for sample. */
export interface PhaseRatio {
  readonly network: string;
  readonly machine: string;
  readonly durationRatio: number;
  readonly energyRatio: number;
}

const perSample = (row: StudyRow, value: number): number => value / (row.samples ?? 1);

/** Only networks with both phases; where samples are not given, both phases are taken to go through as many. */
export function phaseRatios(rows: readonly StudyRow[]): readonly PhaseRatio[] {
  const whole = meanRows(wholeRuns(rows));
  const groups = grouped(whole, ({ network, machine, batch }) => JSON.stringify([network, machine, batch]));
  return [...groups.values()].flatMap((group) => {
    const training = group.find(({ phase }) => phase === "training");
    const inference = group.find(({ phase }) => phase === "inference");
    // Joules above idle may come out at or below 0 within their doubt: no ratio is made of them.
    if (training === undefined || inference === undefined) return [];
    if (!(training.energyJ > 0 && inference.energyJ > 0)) return [];
    return [
      {
        network: training.network,
        machine: training.machine,
        durationRatio: perSample(training, training.durationS) / perSample(inference, inference.durationS),
        energyRatio: perSample(training, training.energyJ) / perSample(inference, inference.energyJ),
      },
    ];
  });
}

/** Joules and seconds per sample at one batch size. */
export interface SweepPoint {
  readonly network: string;
  readonly phase: Phase;
  readonly machine: string;
  readonly batch: number;
  readonly perSampleJ: number;
  readonly perSampleS: number;
  readonly powerW: number;
}

/** Networks that were measured at two batch sizes or more. */
export function batchSweep(rows: readonly StudyRow[]): readonly SweepPoint[] {
  const known = meanRows(wholeRuns(rows)).filter(({ batch }) => batch !== undefined);
  const groups = grouped(known, ({ network, phase, machine, data }) => JSON.stringify([network, phase, machine, data]));
  return [...groups.values()]
    .filter((group) => new Set(group.map(({ batch }) => batch)).size > 1)
    .flatMap((group) =>
      group
        .toSorted((a, b) => a.batch! - b.batch!)
        .map((row) => ({
          network: row.network,
          phase: row.phase,
          machine: row.machine,
          batch: row.batch!,
          perSampleJ: perSample(row, row.energyJ),
          perSampleS: perSample(row, row.durationS),
          powerW: row.energyJ / row.durationS,
        })),
    );
}

/** A point of accuracy against joules. */
export interface FrontPoint {
  readonly network: string;
  readonly machine: string;
  readonly energyJ: number;
  readonly accuracy: number;
  /** Nothing else has at least its accuracy for fewer joules. */
  readonly isOnFront: boolean;
}

/** The best accuracy of each network against the joules of its training, machine by machine. */
export function accuracyFront(rows: readonly StudyRow[]): readonly FrontPoint[] {
  const best = new Map<string, number>();
  for (const row of rows) {
    const key = JSON.stringify([row.network, row.machine]);
    if (row.accuracy !== undefined) best.set(key, Math.max(row.accuracy, best.get(key) ?? 0));
  }
  const points = meanRows(wholeRuns(rows))
    .filter(({ phase }) => phase === "training")
    .flatMap(({ network, machine, energyJ }) => {
      const accuracy = best.get(JSON.stringify([network, machine]));
      return accuracy === undefined ? [] : [{ network, machine, energyJ, accuracy }];
    });
  return points.map((point) => ({
    ...point,
    isOnFront: !points.some(
      (other) =>
        other.machine === point.machine &&
        other.accuracy >= point.accuracy &&
        other.energyJ <= point.energyJ &&
        (other.accuracy > point.accuracy || other.energyJ < point.energyJ),
    ),
  }));
}

/** When training a frugal network anew pays against going on with a hungry one. */
export interface Retrain {
  readonly from: string;
  readonly to: string;
  readonly machine: string;
  /** Joules per inference saved. */
  readonly savedJ: number;
  readonly trainingJ: number;
  /** Inferences after which the training is paid. */
  readonly inferences: number;
  /** Accuracy of `to` minus that of `from`; undefined where either is not known. */
  readonly accuracyChange: number | undefined;
}

/** Every change from a network to one with fewer joules per inference, cheapest to pay back first. Needs both phases and samples. */
export function retrainings(rows: readonly StudyRow[]): readonly Retrain[] {
  const whole = meanRows(wholeRuns(rows));
  const accuracy = new Map(
    accuracyFront(rows).map((point) => [JSON.stringify([point.network, point.machine]), point.accuracy]),
  );
  const inference = whole.filter(({ phase, samples }) => phase === "inference" && samples !== undefined);
  return inference
    .flatMap((from) =>
      inference.flatMap((to): Retrain[] => {
        const training = whole.find(
          ({ phase, network, machine }) => phase === "training" && network === to.network && machine === to.machine,
        );
        const savedJ = perSample(from, from.energyJ) - perSample(to, to.energyJ);
        if (training === undefined || from.machine !== to.machine) return [];
        if (!(savedJ > 0 && to.energyJ > 0 && training.energyJ > 0)) return [];
        const [a, b] = [from, to].map(({ network, machine }) => accuracy.get(JSON.stringify([network, machine])));
        return [
          {
            from: from.network,
            to: to.network,
            machine: to.machine,
            savedJ,
            trainingJ: training.energyJ,
            inferences: training.energyJ / savedJ,
            accuracyChange: a === undefined || b === undefined ? undefined : b - a,
          },
        ];
      }),
    )
    .toSorted((a, b) => a.inferences - b.inferences);
}

/**
 * Whether networks rank alike on all machines: two-way analysis of the logarithm of joules, so that effects are factors.
 * @returns undefined with fewer than two machines or networks, a combination missing, or joules not above 0
 */
export function networkByMachine(rows: readonly StudyRow[], phase: Phase): TwoWay | undefined {
  const whole = wholeRuns(rows).filter((row) => row.phase === phase);
  if (whole.some(({ energyJ }) => !(energyJ > 0))) return undefined;
  return twoWayAnova(
    whole.map(({ network, machine, energyJ }) => ({ a: network, b: machine, value: Math.log(energyJ) })),
  );
}
