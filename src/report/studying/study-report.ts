// What a study shows, for people: every table and figure of [Mavromatis2024] on its own rows, each with its doubt. Numbers come from study/analysis.ts.
import type { Effect } from "../../math/anova.ts";
import type { Correlation } from "../../math/correlation.ts";
import {
  accuracyFront,
  batchSweep,
  type Correlated,
  correlate,
  epochRanges,
  grouped,
  joulesToAccuracy,
  type MeanRow,
  meanRows,
  networkByMachine,
  phaseRatios,
  retrainings,
  variancesOf,
  wholeRuns,
} from "../../study/analysis.ts";
import type { TrialRecord } from "../../study/record.ts";
import { QUANTITIES, type StudyRow, settingOf, settingsThatVary, settingText } from "../../study/study-row.ts";
import { formatNumber, formatQuantity, formatRatio } from "../../units/format.ts";
import type { Cell, Column, Document, Section } from "../document.ts";
import {
  countCell,
  durationCell,
  largeCountCell,
  numberWithoutUnitCell,
  quantityCell,
  ratioCell,
  textCell,
} from "../show.ts";
import { placeText, settingColumns } from "./setting-columns.ts";
import { studyCharts } from "./study-charts.ts";

export interface StudyReportOptions {
  readonly title: string;
  /** Accuracy in [0, 1] to count joules to. Default: 90 % of the best that was reached. */
  readonly targetAccuracy?: number;
  readonly notes?: readonly string[];
}

const right = (title: string, priority = 0): Column => ({ title, align: "right", priority });

/** One table by network, phase and machine: how long, how many joules, from which parts. */
function measuredSection(rows: readonly StudyRow[]): Section {
  const mean = meanRows(wholeRuns(rows)).toSorted(
    (a, b) => a.machine.localeCompare(b.machine) || a.phase.localeCompare(b.phase) || b.energyJ - a.energyJ,
  );
  const { columns, cells } = settingColumns(mean, ["machine", "batch"]);
  const hasSpread = mean.some(({ repetitions }) => repetitions > 1);
  const kinds = [...new Set(mean.map(({ kind }) => kind))];
  return {
    kind: "table",
    name: "measured",
    title: "Duration and energy, means of repetitions",
    // In a narrow terminal the column may go: modelled joules are not to be taken for measured ones.
    caption: `Joules above idle power where it was seen; ${kinds.join("; ")}.`,
    main: true,
    columns: [
      { title: "network" },
      { title: "phase" },
      ...columns,
      right("duration"),
      right("net energy"),
      ...(hasSpread ? [right("± over repetitions", 4), right("repetitions", 3)] : []),
      right("above idle", 2),
      right("gross power", 2),
      right("processor", 3),
      right("accelerator", 3),
      right("memory", 3),
      right("utilisation", 2),
      right("accelerator memory", 2),
      right("accuracy", 1),
      { title: "kind", priority: 5 },
    ],
    rows: mean.map((row) => [
      textCell(row.network),
      textCell(row.phase),
      ...cells(row),
      durationCell(row.durationS),
      quantityCell(row.energyJ, "J"),
      ...(hasSpread ? [spreadCell(row), countCell(row.repetitions)] : []),
      quantityCell(row.energyJ / row.durationS, "W"),
      quantityCell(row.grossPowerW, "W"),
      quantityCell(row.cpuPowerW, "W"),
      quantityCell(row.gpuPowerW, "W"),
      quantityCell(row.dramPowerW, "W"),
      ratioCell(row.utilisationRatio),
      row.vramBytes === undefined ? ratioCell(row.vramRatio) : quantityCell(row.vramBytes, "B"),
      ratioCell(row.accuracy),
      textCell(row.kind),
    ]),
  };
}

/** "± 12.0 mJ": one standard deviation over the repetitions. */
function spreadCell({ energySigmaJ }: MeanRow): Cell {
  if (energySigmaJ === undefined) return textCell(undefined);
  return { text: `± ${formatQuantity(energySigmaJ, "J")}`, value: energySigmaJ, unit: "J" };
}

function networksSection(rows: readonly StudyRow[]): Section {
  const known = [...grouped(rows, ({ network }) => network).values()].map(([first]) => first!);
  return {
    kind: "table",
    name: "networks",
    title: "What the networks are",
    columns: [
      { title: "network" },
      right("MACs"),
      right("parameters"),
      right("MACs per parameter"),
      right("trainable", 1),
      right("buffers", 1),
      right("size", 1),
    ],
    rows: known.map((row) => [
      textCell(row.network),
      largeCountCell(row.macs),
      largeCountCell(row.params),
      numberWithoutUnitCell(QUANTITIES.macsPerParam.of(row)),
      largeCountCell(row.trainableParams),
      largeCountCell(row.buffers),
      quantityCell(row.sizeBytes, "B"),
    ]),
    detail: true,
  };
}

const intervalOf = ({ value, low, high }: Correlation): string =>
  `${value.toFixed(2)}  [${low.toFixed(2)}, ${high.toFixed(2)}]`;

function correlationsSection(found: readonly Correlated[]): Section {
  const { columns, cells } = settingColumns(found);
  return {
    kind: "table",
    name: "correlations",
    title: "What goes with what (95 % intervals)",
    columns: [
      { title: "x" },
      { title: "y" },
      { title: "phase" },
      ...columns,
      right("Pearson r"),
      right("Spearman ρ"),
      right("networks", 1),
    ],
    rows: found.map((one) => [
      textCell(QUANTITIES[one.x].name),
      textCell(QUANTITIES[one.y].name),
      textCell(one.phase),
      ...cells(one),
      { text: intervalOf(one.pearson), value: one.pearson.value },
      { text: intervalOf(one.spearman), value: one.spearman.value },
      countCell(one.pearson.n),
    ]),
  };
}

function epochsSection(rows: readonly StudyRow[]): readonly Section[] {
  const ranges = epochRanges(rows);
  if (ranges.length === 0) return [];
  const { columns, cells } = settingColumns(ranges);
  const text = (range: { low: number; mean: number; high: number } | undefined, shown: (value: number) => string) =>
    range === undefined
      ? textCell(undefined)
      : textCell(`${shown(range.mean)}  (${shown(range.low)} to ${shown(range.high)})`);
  return [
    {
      kind: "table",
      name: "epochs",
      title: "By epoch, over all networks: mean (lowest to highest)",
      columns: [...columns, right("epoch"), right("energy since the start"), right("accuracy"), right("loss", 1)],
      rows: ranges.map((range) => [
        ...cells(range),
        countCell(range.epoch),
        text(range.energyJ, (value) => quantityCell(value, "J").text),
        text(range.accuracy, formatRatio),
        text(range.loss, formatNumber),
      ]),
    },
  ];
}

function sweepSection(rows: readonly StudyRow[]): readonly Section[] {
  const points = batchSweep(rows);
  if (points.length === 0) return [];
  const placeOf = placeText(points.map(({ batch: _, ...point }) => point));
  const nameOf = ({ batch: _, ...point }: (typeof points)[number]) =>
    [point.network, point.phase, placeOf(point)].filter((part) => part !== "").join(", ");
  const { columns, cells } = settingColumns(points);
  return [
    {
      kind: "chart",
      chart: {
        kind: "lines",
        mark: "dots",
        title: "Energy per sample by batch size",
        x: "batch",
        y: "energy per sample (J)",
        yUnit: "J",
        logX: true,
        series: [...grouped(points, nameOf)].map(([name, own]) => ({
          name,
          points: own.map(({ batch, perSampleJ }) => [batch, perSampleJ] as const),
        })),
      },
    },
    {
      kind: "table",
      name: "batches",
      title: "Batch sizes",
      columns: [
        { title: "network" },
        { title: "phase" },
        ...columns,
        right("energy per sample"),
        right("power above idle"),
      ],
      rows: points.map((point) => [
        textCell(point.network),
        textCell(point.phase),
        ...cells(point),
        quantityCell(point.perSampleJ, "J"),
        quantityCell(point.powerW, "W"),
      ]),
    },
  ];
}

function ratiosSection(rows: readonly StudyRow[]): readonly Section[] {
  const ratios = phaseRatios(rows);
  if (ratios.length === 0) return [];
  const { columns, cells } = settingColumns(ratios);
  return [
    {
      kind: "table",
      name: "ratios",
      title: "Training over inference, per sample",
      columns: [{ title: "network" }, ...columns, right("time"), right("energy")],
      rows: ratios.map((ratio) => [
        textCell(ratio.network),
        ...cells(ratio),
        numberWithoutUnitCell(ratio.durationRatio),
        numberWithoutUnitCell(ratio.energyRatio),
      ]),
    },
  ];
}

/** Accuracy to count joules to: what is asked for, else 90 % of the best; undefined where no accuracy is known. */
function targetOf(rows: readonly StudyRow[], asked: number | undefined): number | undefined {
  const known = accuracyFront(rows).map(({ accuracy }) => accuracy);
  return asked ?? (known.length === 0 ? undefined : 0.9 * Math.max(...known));
}

function frontSection(rows: readonly StudyRow[], target: number | undefined): readonly Section[] {
  const front = accuracyFront(rows);
  if (front.length === 0) return [];
  const aim = targetOf(rows, target)!;
  const reached = joulesToAccuracy(rows, aim);
  const placeOf = placeText(front);
  const { columns, cells } = settingColumns(reached);
  const labelOf = (point: (typeof front)[number]) =>
    [point.network, placeOf(point)].filter((part) => part !== "").join(", ");
  return [
    {
      kind: "chart",
      chart: {
        kind: "lines",
        mark: "points",
        title: "Accuracy against training energy",
        note: "On the front: nothing else on its machine and data is at least as accurate for fewer joules.",
        x: "energy (J)",
        y: "accuracy",
        xUnit: "J",
        yUnit: "ratio",
        logX: true,
        series: [true, false].map((isOnFront) => ({
          name: isOnFront ? "on the front" : "behind it",
          points: front.filter((one) => one.isOnFront === isOnFront).map((one) => [one.energyJ, one.accuracy] as const),
          labels: front.filter((one) => one.isOnFront === isOnFront).map(labelOf),
        })),
      },
    },
    {
      kind: "table",
      name: "to-accuracy",
      title: `Joules to an accuracy of ${formatRatio(aim)}`,
      columns: [{ title: "network" }, ...columns, right("epoch"), right("energy")],
      rows: reached.map((one) => [
        textCell(one.network),
        ...cells(one),
        one.epoch === undefined ? textCell("not reached", "dim") : countCell(one.epoch),
        quantityCell(one.energyJ, "J"),
      ]),
    },
  ];
}

function retrainSection(rows: readonly StudyRow[]): readonly Section[] {
  const changes = retrainings(rows).slice(0, 20);
  if (changes.length === 0) return [];
  const { columns, cells } = settingColumns(changes);
  return [
    {
      kind: "table",
      name: "retraining",
      title: "When training a frugal network pays, soonest first",
      columns: [
        { title: "from" },
        { title: "to" },
        ...columns,
        right("saved per inference"),
        right("training", 1),
        right("paid after"),
        right("accuracy"),
      ],
      rows: changes.map(({ from, to, savedJ, trainingJ, inferences, accuracyChange, ...place }) => [
        textCell(from),
        textCell(to),
        ...cells(place),
        quantityCell(savedJ, "J"),
        quantityCell(trainingJ, "J"),
        { text: `${largeCountCell(Math.ceil(inferences)).text} inferences`, value: inferences },
        accuracyChange === undefined
          ? textCell(undefined)
          : {
              text: `${accuracyChange >= 0 ? "+" : ""}${(100 * accuracyChange).toFixed(1)} points`,
              value: accuracyChange,
            },
      ]),
    },
  ];
}

function varianceSection(rows: readonly StudyRow[]): readonly Section[] {
  const line = (name: string, { f, p, degrees, shareRatio }: Effect) => [
    textCell(name),
    ratioCell(shareRatio),
    countCell(degrees),
    numberWithoutUnitCell(f),
    { text: p === undefined ? "not known" : p < 1e-4 ? "below 0.0001" : p.toFixed(4), value: p },
  ];
  return (["training", "inference"] as const).flatMap((phase) => {
    const found = variancesOf(rows, phase);
    const varied = settingsThatVary(found.map(settingOf));
    return found.map((one, i): Section => {
      const setting = settingText(one, varied);
      return {
        kind: "table",
        name: `variance-${phase}${found.length > 1 ? `-${i + 1}` : ""}`,
        title: `Do networks rank alike on all machines? Variance of log energy, ${phase}${setting && `, ${setting}`}`,
        columns: [{ title: "effect" }, right("share"), right("degrees"), right("F"), right("p")],
        rows: [
          line("network", one.variance.a),
          line("machine", one.variance.b),
          line("network × machine", one.variance.interaction),
          line("rest", one.variance.residual),
        ],
      };
    });
  });
}

/** A trial that did not end well. */
export interface TrialFailure {
  readonly trial: string;
  readonly status: TrialRecord["status"];
  readonly reason: string | undefined;
}

const failuresOf = (records: readonly TrialRecord[]): readonly TrialFailure[] =>
  records
    .filter(({ status }) => status !== "done")
    .map(({ trial, status, reason }) => ({ trial: trial.id, status, reason }));

function failedSection(records: readonly TrialRecord[]): readonly Section[] {
  const failed = failuresOf(records);
  if (failed.length === 0) return [];
  return [
    {
      kind: "table",
      name: "failed",
      title: "Trials without a result",
      columns: [{ title: "trial", wrap: true }, { title: "end" }, { title: "reason", wrap: true }],
      rows: failed.map(({ trial, status, reason }) => [textCell(trial), textCell(status), textCell(reason)]),
    },
  ];
}

const namesOf = (rows: readonly StudyRow[]): string =>
  [...new Set(rows.map(({ network, phase }) => `${network} (${phase})`))].join(", ");

/** What a reader must know of the joules: none above idle, because idle power moved by more than the trial took; idle power left in. */
function doubtSection(rows: readonly StudyRow[]): readonly Section[] {
  const whole = wholeRuns(rows);
  const none = whole.filter(({ energyJ }) => !(energyJ > 0));
  const gross = whole.filter(({ kind }) => kind.includes("idle power included"));
  const notes = [
    ...(none.length === 0
      ? []
      : [
          `no joules above idle: ${namesOf(none)}. Idle power moved by more than the trial took: measure longer (epochs, inference-passes), on a quiet machine`,
        ]),
    ...(gross.length === 0
      ? []
      : [
          `idle power included: ${namesOf(gross)}. No idle time was measured, so nothing is subtracted and these joules are not above idle: give the plan idle or cool-down`,
        ]),
  ];
  return notes.length === 0 ? [] : [{ kind: "notes", tone: "warning", notes }];
}

/** A study as a document. */
export function studyDocument(records: readonly TrialRecord[], options: StudyReportOptions): Document {
  const rows = records.flatMap((record) => record.rows);
  const found = correlate(rows);
  const done = records.filter(({ status }) => status === "done").length;
  return {
    title: options.title,
    subtitle: `${done} of ${records.length} trials with a result`,
    sections: [
      ...(rows.length === 0 ? [] : [measuredSection(rows), networksSection(rows)]),
      ...(found.length === 0 ? [] : [correlationsSection(found)]),
      ...studyCharts(rows),
      ...ratiosSection(rows),
      ...epochsSection(rows),
      ...sweepSection(rows),
      ...frontSection(rows, options.targetAccuracy),
      ...retrainSection(rows),
      ...varianceSection(rows),
      ...failedSection(records),
      ...doubtSection(rows),
      ...(options.notes === undefined || options.notes.length === 0
        ? []
        : [{ kind: "notes", notes: options.notes } satisfies Section]),
    ],
  };
}

/** The same for scripts: the JSON contract's `study report`. */
export function studyResult(
  records: readonly TrialRecord[],
  { targetAccuracy }: Pick<StudyReportOptions, "targetAccuracy"> = {},
) {
  const rows = records.flatMap((record) => record.rows);
  const target = targetOf(rows, targetAccuracy);
  return {
    trials: {
      done: records.filter(({ status }) => status === "done").length,
      failed: records.filter(({ status }) => status === "failed").length,
      setAside: records.filter(({ status }) => status === "set aside").length,
    },
    tables: {
      runs: meanRows(wholeRuns(rows)),
      epochs: epochRanges(rows),
      batches: batchSweep(rows),
      ratios: phaseRatios(rows),
      retrainings: retrainings(rows),
    },
    toAccuracy: target === undefined ? null : { target, runs: joulesToAccuracy(rows, target) },
    correlations: correlate(rows).map(({ phase, machine, x, y, pearson, spearman, ...setting }) => ({
      phase,
      machine,
      ...setting,
      x,
      y,
      pearson: pearson.value,
      low: pearson.low,
      high: pearson.high,
      spearman: spearman.value,
      spearmanLow: spearman.low,
      spearmanHigh: spearman.high,
      n: pearson.n,
    })),
    pareto: accuracyFront(rows),
    failures: failuresOf(records),
    variance: {
      training: networkByMachine(rows, "training") ?? null,
      inference: networkByMachine(rows, "inference") ?? null,
    },
    variances: (["training", "inference"] as const).flatMap((phase) => variancesOf(rows, phase)),
  };
}
