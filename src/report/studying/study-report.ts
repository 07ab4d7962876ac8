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
  meanRows,
  networkByMachine,
  phaseRatios,
  retrainings,
  wholeRuns,
} from "../../study/analysis.ts";
import type { TrialRecord } from "../../study/record.ts";
import { type Phase, QUANTITIES, type QuantityKey, type StudyRow } from "../../study/study-row.ts";
import { formatNumber, formatRatio } from "../../units/format.ts";
import type { Column, Document, LinesChart, Section } from "../document.ts";
import {
  countCell,
  durationCell,
  largeCountCell,
  numberWithoutUnitCell,
  quantityCell,
  ratioCell,
  textCell,
} from "../show.ts";

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
  return {
    kind: "table",
    name: "measured",
    title: "Duration and energy, means of repetitions",
    main: true,
    columns: [
      { title: "network" },
      { title: "phase" },
      { title: "machine", priority: 2 },
      right("batch", 2),
      right("duration"),
      right("energy"),
      right("mean power", 1),
      right("processor", 3),
      right("accelerator", 3),
      right("memory", 3),
      right("utilisation", 2),
      right("accuracy", 1),
      { title: "kind", priority: 2 },
    ],
    rows: mean.map((row) => [
      textCell(row.network),
      textCell(row.phase),
      textCell(row.machine),
      countCell(row.batch),
      durationCell(row.durationS),
      quantityCell(row.energyJ, "J"),
      quantityCell(row.energyJ / row.durationS, "W"),
      quantityCell(row.cpuPowerW, "W"),
      quantityCell(row.gpuPowerW, "W"),
      quantityCell(row.dramPowerW, "W"),
      ratioCell(row.utilisationRatio),
      ratioCell(row.accuracy),
      textCell(row.kind),
    ]),
  };
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
      right("buffers", 2),
      right("size", 1),
    ],
    rows: known.map((row) => [
      textCell(row.network),
      largeCountCell(row.macs),
      largeCountCell(row.params),
      numberWithoutUnitCell(QUANTITIES.macsPerParam.of(row)),
      largeCountCell(row.buffers),
      quantityCell(row.sizeBytes, "B"),
    ]),
    detail: true,
  };
}

const intervalOf = ({ value, low, high }: Correlation): string =>
  `${value.toFixed(2)}  [${low.toFixed(2)}, ${high.toFixed(2)}]`;

function correlationsSection(found: readonly Correlated[]): Section {
  return {
    kind: "table",
    name: "correlations",
    title: "What goes with what (95 % intervals)",
    columns: [
      { title: "x" },
      { title: "y" },
      { title: "phase" },
      { title: "machine", priority: 2 },
      right("Pearson r"),
      right("Spearman ρ"),
      right("networks", 1),
    ],
    rows: found.map(({ x, y, phase, machine, pearson, spearman }) => [
      textCell(QUANTITIES[x].name),
      textCell(QUANTITIES[y].name),
      textCell(phase),
      textCell(machine),
      { text: intervalOf(pearson), value: pearson.value },
      { text: intervalOf(spearman), value: spearman.value },
      countCell(pearson.n),
    ]),
  };
}

/** Two quantities against each other, a dot per network, a colour per machine. */
function scatter(rows: readonly StudyRow[], phase: Phase, x: QuantityKey, y: QuantityKey): readonly Section[] {
  const known = meanRows(wholeRuns(rows)).flatMap((row) => {
    const [a, b] = [QUANTITIES[x].of(row), QUANTITIES[y].of(row)];
    return row.phase === phase && a !== undefined && b !== undefined ? [{ row, at: [a, b] as const }] : [];
  });
  if (known.length < 2) return [];
  const axis = (key: QuantityKey) => {
    const { name, unit } = QUANTITIES[key];
    return unit === "" || unit === "ratio" ? name : `${name} (${unit})`;
  };
  const chart: LinesChart = {
    kind: "lines",
    mark: "points",
    title: `${QUANTITIES[y].name} against ${QUANTITIES[x].name}, ${phase}`,
    x: axis(x),
    y: axis(y),
    xUnit: QUANTITIES[x].unit,
    yUnit: QUANTITIES[y].unit,
    logX: x !== "utilisation" && x !== "accuracy",
    logY: y === "energy",
    series: [...grouped(known, ({ row }) => row.machine)].map(([machine, points]) => ({
      name: machine,
      points: points.map(({ at }) => at),
      labels: points.map(({ row }) => row.network),
    })),
  };
  return [{ kind: "chart", chart }];
}

function epochsSection(rows: readonly StudyRow[]): readonly Section[] {
  const ranges = epochRanges(rows);
  if (ranges.length === 0) return [];
  const text = (range: { low: number; mean: number; high: number } | undefined, shown: (value: number) => string) =>
    range === undefined
      ? textCell(undefined)
      : textCell(`${shown(range.mean)}  (${shown(range.low)} to ${shown(range.high)})`);
  return [
    {
      kind: "table",
      name: "epochs",
      title: "By epoch, over all networks: mean (lowest to highest)",
      columns: [
        { title: "machine", priority: 1 },
        right("epoch"),
        right("energy since the start"),
        right("accuracy"),
        right("loss", 1),
      ],
      rows: ranges.map((range) => [
        textCell(range.machine),
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
  const nameOf = ({ network, phase, machine }: (typeof points)[number]) => `${network}, ${phase}, ${machine}`;
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
        { title: "machine", priority: 1 },
        right("batch"),
        right("energy per sample"),
        right("mean power"),
      ],
      rows: points.map((point) => [
        textCell(point.network),
        textCell(point.phase),
        textCell(point.machine),
        countCell(point.batch),
        quantityCell(point.perSampleJ, "J"),
        quantityCell(point.powerW, "W"),
      ]),
    },
  ];
}

function ratiosSection(rows: readonly StudyRow[]): readonly Section[] {
  const ratios = phaseRatios(rows);
  if (ratios.length === 0) return [];
  return [
    {
      kind: "table",
      name: "ratios",
      title: "Training over inference, per sample",
      columns: [{ title: "network" }, { title: "machine", priority: 1 }, right("time"), right("energy")],
      rows: ratios.map(({ network, machine, durationRatio, energyRatio }) => [
        textCell(network),
        textCell(machine),
        numberWithoutUnitCell(durationRatio),
        numberWithoutUnitCell(energyRatio),
      ]),
    },
  ];
}

function frontSection(rows: readonly StudyRow[], target: number | undefined): readonly Section[] {
  const front = accuracyFront(rows);
  if (front.length === 0) return [];
  const best = Math.max(...front.map(({ accuracy }) => accuracy));
  const aim = target ?? 0.9 * best;
  const reached = joulesToAccuracy(rows, aim);
  return [
    {
      kind: "chart",
      chart: {
        kind: "lines",
        mark: "points",
        title: "Accuracy against training energy",
        note: "On the front: nothing else is at least as accurate for fewer joules.",
        x: "energy (J)",
        y: "accuracy",
        xUnit: "J",
        yUnit: "ratio",
        logX: true,
        series: [true, false].map((isOnFront) => ({
          name: isOnFront ? "on the front" : "behind it",
          points: front.filter((one) => one.isOnFront === isOnFront).map((one) => [one.energyJ, one.accuracy] as const),
          labels: front.filter((one) => one.isOnFront === isOnFront).map(({ network }) => network),
        })),
      },
    },
    {
      kind: "table",
      name: "to-accuracy",
      title: `Joules to an accuracy of ${formatRatio(aim)}`,
      columns: [{ title: "network" }, { title: "machine", priority: 1 }, right("epoch"), right("energy")],
      rows: reached.map(({ network, machine, epoch, energyJ }) => [
        textCell(network),
        textCell(machine),
        epoch === undefined ? textCell("not reached", "dim") : countCell(epoch),
        quantityCell(energyJ, "J"),
      ]),
    },
  ];
}

function retrainSection(rows: readonly StudyRow[]): readonly Section[] {
  const changes = retrainings(rows).slice(0, 20);
  if (changes.length === 0) return [];
  return [
    {
      kind: "table",
      name: "retraining",
      title: "When training a frugal network pays, soonest first",
      columns: [
        { title: "from" },
        { title: "to" },
        { title: "machine", priority: 2 },
        right("saved per inference"),
        right("training", 1),
        right("paid after"),
        right("accuracy"),
      ],
      rows: changes.map(({ from, to, machine, savedJ, trainingJ, inferences, accuracyChange }) => [
        textCell(from),
        textCell(to),
        textCell(machine),
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
  return (["training", "inference"] as const).flatMap((phase): Section[] => {
    const found = networkByMachine(rows, phase);
    if (found === undefined) return [];
    const line = (name: string, { f, p, degrees, shareRatio }: Effect) => [
      textCell(name),
      ratioCell(shareRatio),
      countCell(degrees),
      numberWithoutUnitCell(f),
      { text: p === undefined ? "not known" : p < 1e-4 ? "below 0.0001" : p.toFixed(4), value: p },
    ];
    return [
      {
        kind: "table",
        name: `variance-${phase}`,
        title: `Do networks rank alike on all machines? Variance of log energy, ${phase}`,
        columns: [{ title: "effect" }, right("share"), right("degrees"), right("F"), right("p")],
        rows: [
          line("network", found.a),
          line("machine", found.b),
          line("network × machine", found.interaction),
          line("rest", found.residual),
        ],
      },
    ];
  });
}

/** Trials that did not end well. */
function failedSection(records: readonly TrialRecord[]): readonly Section[] {
  const failed = records.filter(({ status }) => status !== "done");
  if (failed.length === 0) return [];
  return [
    {
      kind: "table",
      name: "failed",
      title: "Trials without a result",
      columns: [{ title: "trial", wrap: true }, { title: "end" }, { title: "reason", wrap: true }],
      rows: failed.map(({ trial, status, reason }) => [textCell(trial.id), textCell(status), textCell(reason)]),
    },
  ];
}

/** Joules above idle that are not above 0: the idle power moved by more than the trial took. */
function doubtSection(rows: readonly StudyRow[]): readonly Section[] {
  const odd = wholeRuns(rows).filter(({ energyJ }) => !(energyJ > 0));
  if (odd.length === 0) return [];
  const names = [...new Set(odd.map(({ network, phase }) => `${network} (${phase})`))].join(", ");
  const note = `no joules above idle: ${names}. Idle power moved by more than the trial took: measure longer (epochs, inference-passes), on a quiet machine`;
  return [{ kind: "notes", tone: "warning", notes: [note] }];
}

/** A study as a document. */
export function studyDocument(records: readonly TrialRecord[], options: StudyReportOptions): Document {
  const rows = records.flatMap((record) => record.rows);
  const found = correlate(rows);
  const done = records.filter(({ status }) => status === "done").length;
  const figures: readonly (readonly [QuantityKey, QuantityKey])[] = [
    ["macs", "energy"],
    ["macsPerParam", "energy"],
    ["utilisation", "power"],
  ];
  return {
    title: options.title,
    subtitle: `${done} of ${records.length} trials with a result`,
    sections: [
      ...(rows.length === 0 ? [] : [measuredSection(rows), networksSection(rows)]),
      ...(found.length === 0 ? [] : [correlationsSection(found)]),
      ...(["training", "inference"] as const).flatMap((phase) =>
        figures.flatMap(([x, y]) => scatter(rows, phase, x, y)),
      ),
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
export function studyResult(records: readonly TrialRecord[]) {
  const rows = records.flatMap((record) => record.rows);
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
    correlations: correlate(rows).map(({ phase, machine, x, y, pearson, spearman }) => ({
      phase,
      machine,
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
    variance: {
      training: networkByMachine(rows, "training") ?? null,
      inference: networkByMachine(rows, "inference") ?? null,
    },
  };
}
