// A replay of recorded training runs as a document: the rules against each other, then every run.
import { LEAST_CALIBRATION_RUNS, NOMINAL_COVERAGE } from "../../predict/step/interval.ts";
import { DEFAULT_START, DEFAULT_WINDOW, type StepPlan } from "../../predict/step/project.ts";
import type { Replay, ReplayedRun, Rule } from "../../predict/step/replay.ts";
import { formatRatio } from "../../units/format.ts";
import type { Column, Document, Section } from "../document.ts";
import { countCell, quantityCell, rangeCell, ratioCell, textCell } from "../show.ts";

export interface StepInput {
  readonly replayed: Replay;
  readonly plan: StepPlan;
  readonly remarks: readonly string[];
}

/** What the rules are called, in the order shown. */
const RULE_WORDS: readonly (readonly [Rule, string])[] = [
  ["stepEpoch", "STEP, joules per epoch"],
  ["stepPower", "STEP, power × forecast time"],
  ["stepPowerOracle", "STEP, power × true time (oracle)"],
  ["firstEpoch", "first epoch × epochs"],
  ["mlco2", "MLCO2, TDP × true time"],
  ["greenAlgorithms", "Green Algorithms, TDP × usage × true time"],
];

function scoreTable({ score }: Replay): Section {
  return {
    kind: "table",
    name: "score",
    title: "How far off",
    columns: [
      { title: "rule" },
      { title: "mean error", align: "right" },
      { title: "worst", align: "right", priority: 1 },
      { title: "RMSE", align: "right", priority: 2 },
      { title: "runs", align: "right", priority: 3 },
    ],
    rows: RULE_WORDS.flatMap(([rule, words]) => {
      const told = score[rule];
      if (told === undefined) return [];
      const { mape, worst, rmseJ, runs } = told;
      return [[textCell(words), ratioCell(mape), ratioCell(worst), quantityCell(rmseJ, "J"), countCell(runs)]];
    }),
  };
}

const errorOf = ({ stepEpochJ, trueJ }: ReplayedRun): number | undefined =>
  trueJ === 0 ? undefined : stepEpochJ / trueJ - 1;

/** Shown when the design power of at least one run's GPU is known. */
const CALCULATOR_COLUMNS: readonly Column[] = [
  { title: "MLCO2", align: "right", priority: 2 },
  { title: "Green Algorithms", align: "right", priority: 1 },
];

function runsTable({ runs }: Replay): Section {
  const isCalculated = runs.some(({ mlco2J }) => mlco2J !== undefined);
  return {
    kind: "table",
    name: "runs",
    main: true,
    title: "Runs",
    limit: 20,
    columns: [
      { title: "run" },
      { title: "epochs", align: "right", priority: 5 },
      { title: "true", align: "right" },
      { title: "STEP", align: "right" },
      { title: "90 % interval", align: "right", only: "screen", priority: 6 },
      { title: "low", only: "data" },
      { title: "high", only: "data" },
      { title: "error", align: "right" },
      { title: "power form", align: "right", priority: 4 },
      { title: "first epoch", align: "right", priority: 3 },
      ...(isCalculated ? CALCULATOR_COLUMNS : []),
    ],
    rows: runs.map((run) => [
      textCell(run.run, run.remarks.length > 0 ? "warning" : undefined),
      countCell(run.epochs),
      quantityCell(run.trueJ, "J"),
      quantityCell(run.stepEpochJ, "J"),
      rangeCell(run.lowJ, run.highJ, "J"),
      quantityCell(run.lowJ, "J"),
      quantityCell(run.highJ, "J"),
      ratioCell(errorOf(run)),
      quantityCell(run.stepPowerJ, "J"),
      quantityCell(run.firstEpochJ, "J"),
      ...(isCalculated ? [quantityCell(run.mlco2J, "J"), quantityCell(run.greenAlgorithmsJ, "J")] : []),
    ]),
  };
}

function intervalNote({ runs, score }: Replay): string {
  const own = runs.some(({ factor }) => factor !== 1)
    ? `; if each was scaled by the errors of the other runs, ${formatRatio(score.coverageScaled)} (near nine of ten by construction)`
    : `; with ${LEAST_CALIBRATION_RUNS} runs they could be held against the errors of the others`;
  return `${formatRatio(score.coverage)} of the runs lie in their ${formatRatio(NOMINAL_COVERAGE)} interval, as it is told while a run goes on${own}`;
}

export function stepDocument({ replayed, plan, remarks }: StepInput): Document {
  const { start = DEFAULT_START, window = DEFAULT_WINDOW } = plan;
  const short = replayed.runs.flatMap(({ run, remarks: own }) => own.map((remark) => `${run}: ${remark}`));
  const found =
    start === "found" ? ["the stabilising point is found in the whole run: a forecast knows only its beginning"] : [];
  return {
    title: `${replayed.runs.length} recorded ${replayed.runs.length === 1 ? "run" : "runs"}`,
    subtitle: `projected from ${window} epochs after ${start === "found" ? "the stabilising point" : `epoch ${start}`}`,
    sections: [
      scoreTable(replayed),
      runsTable(replayed),
      {
        kind: "chart",
        chart: {
          kind: "ranges",
          title: "Projected over true",
          note: "1 is the truth; the line is the 90 % interval. The 40 runs that are farthest off.",
          axis: "projected over true",
          unit: "",
          rows: [...replayed.runs]
            .filter(({ trueJ }) => trueJ > 0)
            .sort((a, b) => Math.abs(errorOf(b)!) - Math.abs(errorOf(a)!))
            .slice(0, 40)
            .map(({ run, trueJ, stepEpochJ, lowJ, highJ }) => ({
              label: "STEP, joules per epoch",
              series: run,
              value: stepEpochJ / trueJ,
              low: lowJ / trueJ,
              high: highJ / trueJ,
            })),
        },
      },
      ...(short.length > 0 ? [{ kind: "notes" as const, tone: "warning" as const, notes: short }] : []),
      { kind: "notes", notes: [intervalNote(replayed), ...found, ...remarks] },
    ],
  };
}
