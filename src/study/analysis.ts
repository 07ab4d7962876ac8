// What a study's rows show: means, correlations, ratios, ranges, fronts. Every function takes rows and gives numbers; showing them is report/studying.
import { type TwoWay, twoWayAnova } from "../math/anova.ts";
import { type Correlation, pearsonCorrelation, spearmanCorrelation } from "../math/correlation.ts";
import { mean, standardDeviation } from "../math/statistics.ts";
import { type Phase, QUANTITIES, type QuantityKey, type Setting, type StudyRow, settingOf } from "./study-row.ts";

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

/** Equal for rows that were made with equal settings. */
const settingKey = ({ data, batch, learningRate, weightDecay, momentum }: Setting): string =>
  JSON.stringify([data, batch, learningRate, weightDecay, momentum]);

const keyOf = (...parts: readonly unknown[]): string => JSON.stringify(parts);

/** Fields that repetitions of one setting may differ in. */
const AVERAGED = ["durationS", "energyJ", "accuracy", "loss", "grossPowerW", "cpuPowerW", "gpuPowerW"] as const;
const ALSO_AVERAGED = ["dramPowerW", "utilisationRatio", "vramBytes", "vramRatio"] as const;

/** The mean of repetitions, and how far they are apart. */
export interface MeanRow extends StudyRow {
  readonly repetitions: number;
  /** Standard deviation over the repetitions; undefined for one. */
  readonly durationSigmaS?: number;
  readonly energySigmaJ?: number;
}

/** One row per setting: the mean of its repetitions. */
export function meanRows(rows: readonly StudyRow[]): readonly MeanRow[] {
  const groups = grouped(rows, (row) => keyOf(row.network, row.phase, row.machine, settingKey(row), row.epoch));
  return [...groups.values()].map((group) => {
    const averages = [...AVERAGED, ...ALSO_AVERAGED].flatMap((field) => {
      const values = group.map((row) => row[field]).filter((value) => value !== undefined);
      return values.length === 0 ? [] : [[field, mean(values)] as const];
    });
    const { trial: _, ...first } = group[0]!;
    const spread = (of: (row: StudyRow) => number): number => standardDeviation(group.map(of));
    return {
      ...first,
      ...Object.fromEntries(averages),
      repetition: 0,
      repetitions: group.length,
      ...(group.length > 1 && {
        durationSigmaS: spread(({ durationS }) => durationS),
        energySigmaJ: spread(({ energyJ }) => energyJ),
      }),
    };
  });
}

const OVER_TIME = ["grossPowerW", "cpuPowerW", "gpuPowerW", "dramPowerW"] as const;
/** Load is sampled once a second: short epochs may have none. */
const WHERE_KNOWN = ["utilisationRatio", "vramBytes", "vramRatio"] as const;

/** Mean over the time of epochs; undefined where one does not have it. */
function overTime(
  rows: readonly StudyRow[],
  field: (typeof OVER_TIME | typeof WHERE_KNOWN)[number],
): number | undefined {
  const total = rows.reduce((sum, row) => sum + row.durationS, 0);
  const parts = rows.map((row) => (row[field] === undefined ? Number.NaN : row[field] * row.durationS));
  const value = parts.reduce((sum, part) => sum + part, 0) / total;
  return Number.isFinite(value) ? value : undefined;
}

/** Whole runs: rows without an epoch as they are, those with one added up over the epochs of a run; powers and loads are means over them. */
export function wholeRuns(rows: readonly StudyRow[]): readonly StudyRow[] {
  const groups = grouped(rows, (row) =>
    keyOf(row.network, row.phase, row.machine, settingKey(row), row.repetition, row.trial),
  );
  return [...groups.values()].flatMap((group) => {
    const whole = group.filter(({ epoch }) => epoch === undefined);
    if (whole.length > 0) return whole;
    const sorted = group.toSorted((a, b) => a.epoch! - b.epoch!);
    const { epoch: _, ...last } = sorted.at(-1)!;
    const samples = sorted.every((row) => row.samples !== undefined)
      ? { samples: sorted.reduce((sum, row) => sum + row.samples!, 0) }
      : {};
    const means = [
      ...OVER_TIME.map((field) => [field, overTime(sorted, field)] as const),
      ...WHERE_KNOWN.map((field) => {
        const known = sorted.filter((row) => row[field] !== undefined);
        return [field, known.length === 0 ? undefined : overTime(known, field)] as const;
      }),
    ].filter(([, value]) => value !== undefined);
    return [
      {
        ...last,
        ...samples,
        ...Object.fromEntries(means),
        durationS: sorted.reduce((sum, row) => sum + row.durationS, 0),
        energyJ: sorted.reduce((sum, row) => sum + row.energyJ, 0),
      },
    ];
  });
}

/** How two quantities go together over the networks of one phase on one machine, all with the same setting: one point per network. */
export interface Correlated extends Setting {
  readonly phase: Phase;
  readonly machine: string;
  readonly x: QuantityKey;
  readonly y: QuantityKey;
  readonly pearson: Correlation;
  readonly spearman: Correlation;
}

/** What is looked at: [x, y]. */
const PAIRS: readonly (readonly [QuantityKey, QuantityKey])[] = [
  ["duration", "energy"],
  ["macs", "energy"],
  ["params", "energy"],
  ["macsPerParam", "energy"],
  ["size", "energy"],
  ["buffers", "energy"],
  ["utilisation", "energy"],
  ["utilisation", "grossPower"],
  ["utilisation", "power"],
  ["vram", "grossPower"],
  ["vram", "power"],
  ["vramShare", "grossPower"],
  ["accuracy", "energy"],
];

/** Rows of one phase, machine and setting, one per network. */
export const strata = (rows: readonly StudyRow[]): readonly (readonly StudyRow[])[] => [
  ...grouped(meanRows(wholeRuns(rows)), (row) => keyOf(row.phase, row.machine, settingKey(row))).values(),
];

function knownPairs(
  stratum: readonly StudyRow[],
  x: QuantityKey,
  y: QuantityKey,
): readonly (readonly [number, number])[] {
  return stratum.flatMap((row) => {
    const [a, b] = [QUANTITIES[x].of(row), QUANTITIES[y].of(row)];
    return a === undefined || b === undefined ? [] : [[a, b] as const];
  });
}

/** Utilisation and memory are compared with the power itself; with that above idle only where no more is known. */
function pairsFor(stratum: readonly StudyRow[]): typeof PAIRS {
  const isGross = stratum.some(({ grossPowerW }) => grossPowerW !== undefined);
  return PAIRS.filter(([, y]) => y !== (isGross ? "power" : "grossPower"));
}

/**
 * Correlations within each phase, machine and setting, over its networks. Batches and hyperparameters of one network are no further
 * networks: taken together they would count the same network again and again, and make intervals too narrow. Pairs with fewer
 * than four networks, or a constant, are left out.
 */
export function correlate(
  rows: readonly StudyRow[],
  pairs?: readonly (readonly [QuantityKey, QuantityKey])[],
): readonly Correlated[] {
  return strata(rows).flatMap((stratum) =>
    (pairs ?? pairsFor(stratum)).flatMap(([x, y]) => {
      const known = knownPairs(stratum, x, y);
      const [xs, ys] = [known.map(([a]) => a), known.map(([, b]) => b)];
      const [pearson, spearman] = [pearsonCorrelation(xs, ys), spearmanCorrelation(xs, ys)];
      if (pearson === undefined || spearman === undefined) return [];
      const { phase, machine } = stratum[0]!;
      return [{ phase, machine, ...settingOf(stratum[0]!), x, y, pearson, spearman }];
    }),
  );
}

/** Lowest, mean and highest over networks and repetitions in one epoch, all with the same setting. */
export interface EpochRange extends Setting {
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

const runOf = (row: StudyRow): string => keyOf(row.network, row.machine, settingKey(row), row.repetition, row.trial);

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

/** Loss, joules and accuracy by epoch, over all networks of a machine and setting. */
export function epochRanges(rows: readonly StudyRow[]): readonly EpochRange[] {
  const groups = grouped(cumulated(rows), (row) => keyOf(row.machine, settingKey(row), row.epoch));
  return [...groups.values()].map((group) => ({
    machine: group[0]!.machine,
    ...settingOf(group[0]!),
    epoch: group[0]!.epoch!,
    runs: group.length,
    energyJ: rangeOf(group.map(({ sinceStartJ }) => sinceStartJ))!,
    accuracy: rangeOf(group.map(({ accuracy }) => accuracy)),
    loss: rangeOf(group.map(({ loss }) => loss)),
  }));
}

/** Joules until an accuracy was reached for the first time; undefined where it never was. */
export interface ToAccuracy extends Setting {
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
    return {
      network,
      machine,
      ...settingOf(run[0]!),
      repetition,
      epoch: reached?.epoch,
      energyJ: reached?.sinceStartJ,
    };
  });
}

/** Training against inference, sample for sample, on the same data with the same batch. */
export interface PhaseRatio extends Setting {
  readonly network: string;
  readonly machine: string;
  readonly durationRatio: number;
  readonly energyRatio: number;
}

const perSample = (row: StudyRow, value: number): number => value / (row.samples ?? 1);

/** What a training and an inference must share to be compared. */
const placeOf = ({ machine, data, batch }: StudyRow): string => keyOf(machine, data, batch);

/** One per training setting, only networks with both phases; where samples are not given, both phases are taken to go through as many. */
export function phaseRatios(rows: readonly StudyRow[]): readonly PhaseRatio[] {
  const whole = meanRows(wholeRuns(rows));
  const inferences = new Map(
    whole.filter(({ phase }) => phase === "inference").map((row) => [keyOf(row.network, placeOf(row)), row]),
  );
  return whole
    .filter(({ phase }) => phase === "training")
    .flatMap((training) => {
      const inference = inferences.get(keyOf(training.network, placeOf(training)));
      // Joules above idle may come out at or below 0 within their doubt: no ratio is made of them.
      if (inference === undefined || !(training.energyJ > 0 && inference.energyJ > 0)) return [];
      return [
        {
          network: training.network,
          machine: training.machine,
          ...settingOf(training),
          durationRatio: perSample(training, training.durationS) / perSample(inference, inference.durationS),
          energyRatio: perSample(training, training.energyJ) / perSample(inference, inference.energyJ),
        },
      ];
    });
}

/** Joules and seconds per sample at one batch size. */
export interface SweepPoint extends Setting {
  readonly network: string;
  readonly phase: Phase;
  readonly machine: string;
  readonly batch: number;
  readonly perSampleJ: number;
  readonly perSampleS: number;
  /** Above idle, W. */
  readonly powerW: number;
}

/** Networks that were measured at two batch sizes or more, all else being equal. */
export function batchSweep(rows: readonly StudyRow[]): readonly SweepPoint[] {
  const known = meanRows(wholeRuns(rows)).filter(({ batch }) => batch !== undefined);
  const groups = grouped(known, (row) => {
    const { batch: _, ...rest } = settingOf(row);
    return keyOf(row.network, row.phase, row.machine, settingKey(rest));
  });
  return [...groups.values()]
    .filter((group) => new Set(group.map(({ batch }) => batch)).size > 1)
    .flatMap((group) =>
      group
        .toSorted((a, b) => a.batch! - b.batch!)
        .map((row) => ({
          network: row.network,
          phase: row.phase,
          machine: row.machine,
          ...settingOf(row),
          batch: row.batch!,
          perSampleJ: perSample(row, row.energyJ),
          perSampleS: perSample(row, row.durationS),
          powerW: row.energyJ / row.durationS,
        })),
    );
}

/** A point of accuracy against joules: one training, as a mean of its repetitions. */
export interface FrontPoint extends Setting {
  readonly network: string;
  readonly machine: string;
  readonly energyJ: number;
  readonly accuracy: number;
  /** Nothing else on its machine and data has at least its accuracy for fewer joules. */
  readonly isOnFront: boolean;
}

const bestOf = (rows: readonly StudyRow[]): number | undefined => {
  const known = rows.map(({ accuracy }) => accuracy).filter((accuracy) => accuracy !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
};

/** Best accuracy in a training's epochs, a mean over its repetitions; where none was looked at, that of the inference beside it. */
function trainedAccuracy(rows: readonly StudyRow[]): (training: StudyRow) => number | undefined {
  const trainingKey = (row: StudyRow): string => keyOf(row.network, row.machine, settingKey(row));
  const inferenceKey = (row: StudyRow): string => keyOf(row.network, placeOf(row));
  const runs = [
    ...grouped(
      rows.filter(({ phase }) => phase === "training"),
      runOf,
    ).values(),
  ].flatMap((run) => {
    const accuracy = bestOf(run);
    return accuracy === undefined ? [] : [{ key: trainingKey(run[0]!), accuracy }];
  });
  const trained = grouped(runs, ({ key }) => key);
  const inferred = grouped(
    rows.filter(({ phase, accuracy }) => phase === "inference" && accuracy !== undefined),
    inferenceKey,
  );
  return (training) => {
    const own = trained.get(trainingKey(training));
    if (own !== undefined) return mean(own.map(({ accuracy }) => accuracy));
    return bestOf(inferred.get(inferenceKey(training)) ?? []);
  };
}

/** The accuracy of each training against its joules; what is on the front is judged within a machine and data set. */
export function accuracyFront(rows: readonly StudyRow[]): readonly FrontPoint[] {
  const accuracyOf = trainedAccuracy(rows);
  const points = meanRows(wholeRuns(rows))
    .filter(({ phase }) => phase === "training")
    .flatMap((row) => {
      const accuracy = accuracyOf(row);
      const { network, machine, energyJ } = row;
      return accuracy === undefined ? [] : [{ network, machine, ...settingOf(row), energyJ, accuracy }];
    });
  return points.map((point) => ({
    ...point,
    isOnFront: !points.some(
      (other) =>
        other.machine === point.machine &&
        other.data === point.data &&
        other.accuracy >= point.accuracy &&
        other.energyJ <= point.energyJ &&
        (other.accuracy > point.accuracy || other.energyJ < point.energyJ),
    ),
  }));
}

/** When training a frugal network anew pays against going on with a hungry one, on the same machine, data and batch. */
export interface Retrain extends Setting {
  readonly from: string;
  readonly to: string;
  readonly machine: string;
  /** Joules per inference saved. */
  readonly savedJ: number;
  readonly trainingJ: number;
  /** Inferences after which the training is paid. */
  readonly inferences: number;
  /** Accuracy of `to` minus that of `from` trained in the same way; undefined where either is not known. */
  readonly accuracyChange: number | undefined;
}

/** Every change from a network to one with fewer joules per inference, cheapest to pay back first. Needs both phases and samples. */
export function retrainings(rows: readonly StudyRow[]): readonly Retrain[] {
  const whole = meanRows(wholeRuns(rows));
  const accuracyOf = trainedAccuracy(rows);
  const inference = whole.filter(({ phase, samples }) => phase === "inference" && samples !== undefined);
  return whole
    .filter(({ phase, energyJ }) => phase === "training" && energyJ > 0)
    .flatMap((training) => {
      const beside = inference.filter((row) => placeOf(row) === placeOf(training));
      const to = beside.find(({ network }) => network === training.network);
      if (to === undefined || !(to.energyJ > 0)) return [];
      return beside.flatMap((from): Retrain[] => {
        const savedJ = perSample(from, from.energyJ) - perSample(to, to.energyJ);
        if (!(savedJ > 0)) return [];
        const [a, b] = [accuracyOf({ ...training, network: from.network }), accuracyOf(training)];
        return [
          {
            from: from.network,
            to: to.network,
            machine: to.machine,
            ...settingOf(training),
            savedJ,
            trainingJ: training.energyJ,
            inferences: training.energyJ / savedJ,
            accuracyChange: a === undefined || b === undefined ? undefined : b - a,
          },
        ];
      });
    })
    .toSorted((a, b) => a.inferences - b.inferences);
}

/** Whether networks rank alike on all machines, in one setting. */
export interface Variance extends Setting {
  readonly phase: Phase;
  readonly variance: TwoWay;
}

/**
 * Two-way analysis of the logarithm of joules by network and machine, so that effects are factors; only repetitions count as such,
 * so every setting is analysed by itself.
 * @returns without settings of fewer than two machines or networks, with a combination missing, or joules not above 0
 */
export function variancesOf(rows: readonly StudyRow[], phase: Phase): readonly Variance[] {
  const whole = wholeRuns(rows).filter((row) => row.phase === phase);
  return [...grouped(whole, settingKey).values()].flatMap((group) => {
    if (group.some(({ energyJ }) => !(energyJ > 0))) return [];
    const variance = twoWayAnova(
      group.map(({ network, machine, energyJ }) => ({ a: network, b: machine, value: Math.log(energyJ) })),
    );
    return variance === undefined ? [] : [{ phase, ...settingOf(group[0]!), variance }];
  });
}

/** The analysis of the first setting that allows one; variancesOf has all. */
export const networkByMachine = (rows: readonly StudyRow[], phase: Phase): TwoWay | undefined =>
  variancesOf(rows, phase)[0]?.variance;
