// The DeepRx study on paper: a figure or table of [DeepRxEnergy] per section, with the spread over seeds. Numbers come from study/papers/deeprx.

import { studentQuantile } from "../../math/distribution.ts";
import type { DeepRxEnergy } from "../../study/papers/deeprx/energy.ts";
import {
  type BerPoint,
  curveOf,
  logMeanBer,
  type Spread,
  sinrAt,
  spreadOf,
  type TrainingRecord,
} from "../../study/papers/deeprx/result.ts";
import type { DeepRxScale } from "../../study/papers/deeprx/scale.ts";
import type { Point, StudyPoints } from "../../study/papers/deeprx/trainings.ts";
import { type ReproducedRow, reproducedRow } from "../../study/papers/reproduced.ts";
import { formatNumber } from "../../units/format.ts";
import type { Cell, Column, LinesChart, Section } from "../document.ts";
import { countCell, durationCell, largeCountCell, numberWithoutUnitCell, quantityCell, textCell } from "../show.ts";

/** Everything that the figures are made of. */
export interface DeepRxResults {
  readonly scale: DeepRxScale;
  readonly points: StudyPoints;
  readonly records: ReadonlyMap<string, TrainingRecord>;
  /** References that need no training, by name. */
  readonly references: readonly { readonly name: string; readonly ber: readonly BerPoint[] }[];
  readonly energy: DeepRxEnergy;
  /** BER at which gains are told. */
  readonly gainAt: number;
  /** Measured joules of one inference here, with what they are; undefined where nothing could be read. */
  readonly measured: { readonly perInferenceJ: number; readonly kind: string } | undefined;
  /** Distilled, pruned and quantised one after another; undefined where not done. */
  readonly combined?: readonly CombinedStep[];
}

/** One step of shrinking. */
export interface CombinedStep {
  readonly name: string;
  readonly macs: number;
  readonly weightBytes: number;
  readonly logMeanBer: number;
}

const right = (title: string, priority = 0): Column => ({ title, align: "right", priority });

/** "−2.31 ± 0.04 (5)". */
function spreadCell(spread: Spread | undefined): Cell {
  if (spread === undefined) return textCell("not done", "dim");
  const { mean, deviation, n } = spread;
  return {
    text: `${mean.toFixed(3)}${deviation === undefined ? "" : ` ± ${deviation.toFixed(3)}`} (${n})`,
    value: mean,
  };
}

const doneOf = (point: Point, { records }: DeepRxResults): readonly TrainingRecord[] =>
  point.map(({ id }) => records.get(id)).filter((record) => record !== undefined);

const meanBerOf = (point: Point, results: DeepRxResults): Spread | undefined =>
  spreadOf(doneOf(point, results).map(({ ber }) => logMeanBer(ber)));

/** Joules of a training and of an inference, of the first record. */
function costCells([first]: readonly TrainingRecord[], { energy }: DeepRxResults): readonly Cell[] {
  const perMacJ = energy.inferenceJ / energy.macs;
  return [
    largeCountCell(first && 2 * first.macs),
    quantityCell(first && first.macs * perMacJ, "J"),
    quantityCell(first?.energyJ, "J"),
    durationCell(first?.seconds),
  ];
}

const COSTS: readonly Column[] = [
  right("FLOPs per slot", 2),
  right("per inference (Coral, modelled)", 3),
  right("training energy", 3),
  right("training time", 3),
];

interface Line {
  readonly name: string;
  readonly point: Point;
}

function pointsTable(
  name: string,
  title: string,
  first: string,
  lines: readonly Line[],
  results: DeepRxResults,
): Section {
  return {
    kind: "table",
    name,
    title,
    columns: [{ title: first }, right("log10 mean BER ± deviation (seeds)"), ...COSTS],
    rows: lines.map((line) => [
      textCell(line.name),
      spreadCell(meanBerOf(line.point, results)),
      ...costCells(doneOf(line.point, results), results),
    ]),
  };
}

function pointsChart(
  title: string,
  x: string,
  series: readonly (Line & { readonly x: number; readonly series: string })[],
  results: DeepRxResults,
  logX = true,
): Section {
  const names = [...new Set(series.map((one) => one.series))];
  const chart: LinesChart = {
    kind: "lines",
    mark: "dots",
    title,
    note: "A dot is the mean over seeds; the table has the spread.",
    x,
    y: "log10 geometric-mean BER",
    logX,
    series: names.map((name) => ({
      name,
      points: series.flatMap((one) => {
        const spread = one.series === name ? meanBerOf(one.point, results) : undefined;
        return spread === undefined ? [] : [[one.x, spread.mean] as const];
      }),
    })),
  };
  return { kind: "chart", chart };
}

function figure1({ energy, measured }: DeepRxResults): readonly Section[] {
  const rows = energy.processors.flatMap(({ device, estimates }) =>
    estimates.map(({ metric, energyJ, lowJ, highJ }) => ({
      label: device,
      series: metric,
      value: energyJ,
      low: lowJ,
      high: highJ,
    })),
  );
  return [
    {
      kind: "chart",
      chart: {
        kind: "ranges",
        title: "Fig 1: energy of one inference of the published DeepRx, modelled",
        axis: "energy per inference (J)",
        unit: "J",
        rows,
      },
    },
    {
      kind: "table",
      name: "fig1",
      title: "Fig 1: energy of one inference",
      columns: [
        { title: "processor", group: true },
        { title: "metric" },
        right("energy"),
        right("low", 1),
        right("high", 1),
      ],
      rows: [
        ...rows.map(({ label, series, value, low, high }) => [
          textCell(label),
          textCell(series),
          quantityCell(value, "J"),
          quantityCell(low, "J"),
          quantityCell(high, "J"),
        ]),
        [
          textCell("this machine"),
          textCell(measured === undefined ? "no power source could be read" : measured.kind),
          quantityCell(measured?.perInferenceJ, "J"),
          textCell(undefined),
          textCell(undefined),
        ],
      ],
    },
  ];
}

function figure2({ energy }: DeepRxResults): readonly Section[] {
  return [
    {
      kind: "chart",
      chart: {
        kind: "bars",
        title: "Fig 2: energy by block on the Coral Edge TPU, metric 0",
        axis: "energy per inference (J)",
        unit: "J",
        bars: energy.blocks.map(({ block, energyJ }) => ({ label: block, value: energyJ })),
      },
    },
    {
      kind: "table",
      name: "fig2",
      title: "Fig 2: energy by layer",
      columns: [{ title: "block", group: true }, { title: "layer" }, right("energy")],
      rows: energy.layers.map(({ block, layer, energyJ }) => [
        textCell(block),
        textCell(layer),
        quantityCell(energyJ, "J"),
      ]),
      detail: true,
    },
  ];
}

/** Joules of training once, and of inference as it goes on. */
function balance({ energy }: DeepRxResults): Section {
  const perDayJ = energy.inferenceJ * 1000 * 86_400;
  const days = Array.from({ length: 41 }, (_, i) => 10 ** (-3 + i * 0.125));
  return {
    kind: "chart",
    chart: {
      kind: "lines",
      title: "Training against inference, modelled",
      note: "Training on A100s at their peak; inference on the Coral Edge TPU, 1,000 slots per second. They meet where inference has cost as much.",
      x: "days of inference",
      y: "energy (J)",
      yUnit: "J",
      logX: true,
      logY: true,
      series: [
        { name: "training", points: days.map((day) => [day, energy.trainingJ] as const) },
        { name: "inference", points: days.map((day) => [day, day * perDayJ] as const) },
      ],
    },
  };
}

/** BER of a point's records put together: the mean over seeds, SINR by SINR. */
function meanCurve(records: readonly TrainingRecord[], pilots: number): readonly (readonly [number, number])[] {
  const curves = records.map(({ ber }) => curveOf(ber, pilots));
  return (curves[0] ?? []).map(({ sinrDb }, i) => {
    const ratios = curves.map((curve) => curve[i]!.ber);
    return [sinrDb, ratios.reduce((a, b) => a + b, 0) / ratios.length] as const;
  });
}

function figure6(results: DeepRxResults): readonly Section[] {
  const { points, records, references } = results;
  const { teacher, student, taught } = points.compared;
  const teacherRecord = records.get(teacher.id);
  return [1, 2].map((pilots): Section => {
    const series = [
      { name: "teacher", points: teacherRecord ? meanCurve([teacherRecord], pilots) : [] },
      { name: "distilled", points: meanCurve(doneOf(taught, results), pilots) },
      { name: "from scratch", points: meanCurve(doneOf(student, results), pilots) },
      ...references.map(({ name, ber }) => ({
        name,
        points: curveOf(ber, pilots).map((point) => [point.sinrDb, point.ber] as const),
      })),
    ];
    return {
      kind: "chart",
      chart: {
        kind: "lines",
        mark: "dots",
        title: `Fig 6: BER against SINR, ${pilotsText(pilots)}`,
        note: "Means over seeds; zero errors are left out of a logarithmic axis.",
        x: "SINR (dB)",
        y: "BER",
        logY: true,
        series,
      },
    };
  });
}

const pilotsText = (pilots: number): string => `${pilots} pilot symbol${pilots > 1 ? "s" : ""}`;

/** One pair of seeds: where each curve falls to the ratio. */
interface Crossing {
  readonly scratchDb: number | undefined;
  readonly taughtDb: number | undefined;
}

function crossings(results: DeepRxResults, pilots: number, at: number): readonly Crossing[] {
  const { student, taught } = results.points.compared;
  return taught.flatMap((training, i) => {
    const [a, b] = [results.records.get(student[i]!.id), results.records.get(training.id)];
    if (a === undefined || b === undefined) return [];
    const [scratchDb, taughtDb] = [a, b].map(({ ber }) => sinrAt(curveOf(ber, pilots), at));
    return [{ scratchDb, taughtDb }];
  });
}

/** dB that distilling gains at a ratio, seed by seed where both curves reach it: positive is better. */
const gainsOf = (found: readonly Crossing[]): readonly number[] =>
  found.flatMap(({ scratchDb, taughtDb }) =>
    scratchDb === undefined || taughtDb === undefined ? [] : [scratchDb - taughtDb],
  );

/** The lowest of the usual ratios that every curve of both kinds reaches; undefined where none is. */
function commonRatio(results: DeepRxResults, pilots: number): number | undefined {
  return [1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2].find((at) => {
    const found = crossings(results, pilots, at);
    return found.length > 0 && gainsOf(found).length === found.length;
  });
}

function gainRow(results: DeepRxResults, pilots: number, at: number, published: number | undefined, why: string) {
  const found = crossings(results, pilots, at);
  const spread = spreadOf(gainsOf(found));
  const only = (name: keyof Crossing, other: keyof Crossing) =>
    found.filter((one) => one[name] !== undefined && one[other] === undefined).length;
  const reached = `${spread?.n ?? 0} of ${found.length} pairs of seeds reach it with both; ${only("taughtDb", "scratchDb")} only distilled, ${only("scratchDb", "taughtDb")} only from scratch`;
  const range = spread === undefined ? "" : `; ${formatNumber(spread.low)} to ${formatNumber(spread.high)} dB`;
  const item = `gain of distilling at BER ${at}, ${pilotsText(pilots)}, dB`;
  return reproducedRow(item, published, spread?.mean, `${why}${reached}${range}`);
}

/** Gains at the ratio asked for, and at the lowest that all curves reach where that is another. */
export function gainRows(results: DeepRxResults): readonly ReproducedRow[] {
  return [1, 2].flatMap((pilots) => {
    const common = commonRatio(results, pilots);
    const published = "published for its receiver, the number of pilots is not said; ";
    const asked = gainRow(results, pilots, results.gainAt, 4, published);
    return common === undefined || common === results.gainAt
      ? [asked]
      : [asked, gainRow(results, pilots, common, undefined, "the lowest ratio that all curves reach here; ")];
  });
}

/** What the networks are worth beside receivers that learn nothing. */
export function referenceRows({ points, records, references }: DeepRxResults): readonly ReproducedRow[] {
  const ls = references.find(({ name }) => name === "ls");
  const teacher = records.get(points.compared.teacher.id);
  if (ls === undefined || teacher === undefined) return [];
  const difference = logMeanBer(teacher.ber) - logMeanBer(ls.ber);
  const verdict = difference > 0 ? "the teacher is worse than least squares: trained for too few steps" : "better";
  return [reproducedRow("log10 mean BER, teacher minus the LS reference", undefined, difference, verdict)];
}

/** Whether distilling helps the student, seed by seed, in log10 mean BER: negative is better. */
export function differenceRow(results: DeepRxResults): ReproducedRow {
  const { student, taught } = results.points.compared;
  const differences = taught.flatMap((training, i) => {
    const [a, b] = [results.records.get(student[i]!.id), results.records.get(training.id)];
    return a === undefined || b === undefined ? [] : [logMeanBer(b.ber) - logMeanBer(a.ber)];
  });
  const spread = spreadOf(differences);
  const verdict =
    spread?.deviation === undefined
      ? "one seed says nothing"
      : Math.abs(spread.mean) < studentQuantile(0.975, spread.n - 1) * (spread.deviation / Math.sqrt(spread.n))
        ? "no difference beyond the spread between seeds"
        : spread.mean < 0
          ? "distilling helps here"
          : "distilling harms here";
  return reproducedRow(
    "log10 mean BER, distilled minus from scratch, same seeds",
    undefined,
    spread?.mean,
    `${verdict}${spread?.deviation === undefined ? "" : `; deviation between seeds ${formatNumber(spread.deviation)}, n = ${spread.n}`}`,
  );
}

/** Every figure and table, in the paper's order, then what is beyond it. */
export function deepRxSections(results: DeepRxResults): readonly Section[] {
  const { scale, points, records, references } = results;
  const ofSize = (middle: number) => ({ x: middle, name: `middle × ${middle}` });
  const reference: readonly Section[] = [
    {
      kind: "table",
      name: "references",
      title: "References on the same slots",
      columns: [{ title: "receiver" }, right("log10 mean BER")],
      rows: references.map(({ name, ber }) => [textCell(name), numberWithoutUnitCell(logMeanBer(ber))]),
    },
  ];
  const done = [...records.values()];
  return [
    {
      kind: "notes",
      tone: scale.id === "smoke" ? "warning" : "plain",
      notes: [`scale ${scale.id}: ${scale.evidence}`],
    },
    {
      kind: "facts",
      facts: [
        { label: "modulation", cell: textCell(scale.modulation) },
        { label: "grid", cell: textCell(`${scale.subcarriers} subcarriers × 14 symbols`) },
        { label: "trainings done", cell: countCell(done.length) },
        { label: "steps each", cell: countCell(scale.recipe.steps) },
        { label: "training time", cell: durationCell(done.reduce((sum, { seconds }) => sum + seconds, 0)) },
      ],
    },
    ...figure1(results),
    ...figure2(results),
    balance(results),
    pointsTable(
      "fig3",
      "Fig 3: size from scratch",
      "size",
      points.sizes.map(({ middle, point }) => ({ name: `middle × ${middle}`, point })),
      results,
    ),
    pointsChart(
      "Fig 3: BER against model size, from scratch",
      "middle multiplier",
      points.sizes.map(({ middle, point }) => ({ ...ofSize(middle), point, series: "from scratch" })),
      results,
    ),
    pointsTable(
      "fig4",
      `Fig 4: teacher size, student middle × ${scale.student}`,
      "teacher",
      [
        { name: "none", point: points.compared.student },
        ...points.teachers.map(({ middle, point }) => ({ name: `middle × ${middle}`, point })),
      ],
      results,
    ),
    pointsChart(
      "Fig 4: BER against teacher size",
      "middle multiplier of the teacher",
      points.teachers.map(({ middle, point }) => ({ ...ofSize(middle), point, series: "distilled" })),
      results,
    ),
    pointsTable(
      "table3",
      "Table III: weight α of the labels (1: from scratch)",
      "α",
      points.alphas.map(({ alpha, point }) => ({ name: String(alpha), point })),
      results,
    ),
    pointsChart(
      "Table III: BER against the weight of the labels",
      "α",
      points.alphas.map(({ alpha, point }) => ({ name: String(alpha), x: alpha, point, series: "student" })),
      results,
      false,
    ),
    pointsTable(
      "fig5",
      "Fig 5: temperature and student size",
      "student, T",
      points.temperatures.map(({ middle, temperature, point }) => ({
        name: `middle × ${middle}, T ${temperature}`,
        point,
      })),
      results,
    ),
    pointsChart(
      "Fig 5: BER against temperature",
      "temperature",
      points.temperatures.map(({ middle, temperature, point }) => ({
        ...ofSize(middle),
        x: temperature,
        point,
        series: `student middle × ${middle}`,
      })),
      results,
    ),
    ...figure6(results),
    ...reference,
    pointsTable("beyond", "Beyond the paper", "student", points.forms, results),
    ...(results.combined === undefined
      ? []
      : [
          {
            kind: "table",
            name: "combined",
            title: "Distilled, pruned and quantised, one after another",
            columns: [{ title: "network" }, right("MACs"), right("weights"), right("log10 mean BER")],
            rows: results.combined.map((step) => [
              textCell(step.name),
              largeCountCell(step.macs),
              quantityCell(step.weightBytes, "B"),
              numberWithoutUnitCell(step.logMeanBer),
            ]),
          } satisfies Section,
        ]),
    {
      kind: "notes",
      notes: [
        "geometric means are over SINR, both judging channels and 1 and 2 pilot symbols; zero errors count as half an error",
        "the loss of distilling: α·BCE(bits) + (1 − α)·T²·KL(teacher ‖ student) per bit; (1 − α) and T² are our reading of the paper",
        "judged on TDL-A and TDL-E, 100 ns delay spread, 100 Hz Doppler, 1×2 antennas, without interference: SINR is SNR there",
        "every student of a size has the same teacher, the first seed's: the spread leaves out that of teachers",
        "op-energy prices arithmetic of a 45 nm process, whatever the device",
      ],
    },
  ];
}
