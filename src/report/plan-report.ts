// A plan as a document: the answer, how far such answers were off on what was left out, and the ranking. Takes results, computes none.
import { FORMS } from "../predict/pre/forms.ts";
import type { PlanAnswer } from "../predict/pre/plan.ts";
import { type Combination, PUBLISHED_SAVING, type Recommendation } from "../predict/pre/recommend.ts";
import type { SetUp } from "../predict/pre/run.ts";
import type { ScoreRow } from "../predict/pre/score.ts";
import { summarise } from "../predict/pre/summary.ts";
import { formatNumber, formatRatio } from "../units/format.ts";
import type { Cell, Document, Fact, Section } from "./document.ts";
import {
  countCell,
  durationCell,
  numberWithoutUnitCell,
  quantityCell,
  rangeCell,
  ratioCell,
  textCell,
} from "./show.ts";

export interface PlanInput {
  readonly question: SetUp | undefined;
  readonly answer: PlanAnswer | undefined;
  readonly rows: readonly ScoreRow[];
  /** The kernel ridge as it is published, scored alike. */
  readonly published: readonly ScoreRow[];
  readonly recommendation: Recommendation | undefined;
  readonly assumptions: readonly string[];
  readonly runs: number;
}

const formLabel = (model: string): string => FORMS.find(({ id }) => id === model)?.label ?? model;
/** Errors from half on are not to be missed. */
const errorCell = (ratio: number): Cell => ({ ...ratioCell(ratio), ...(ratio >= 0.5 && { tone: "warning" as const }) });

function answerSections(question: SetUp, answer: PlanAnswer): readonly Section[] {
  const facts: Fact[] = [
    { label: "energy", cell: quantityCell(answer.energyJ, "J") },
    { label: "90 % interval", cell: rangeCell(answer.lowJ, answer.highJ, "J") },
    { label: "mean power", cell: quantityCell(answer.meanPowerW, "W") },
    { label: "duration", cell: durationCell(answer.durationS) },
    { label: "form", cell: textCell(answer.form.label) },
  ];
  const basis =
    answer.basis === "repeat"
      ? `The history holds ${answer.repeats} runs of this very set-up: the answer is their mean.`
      : `Predicted from ${answer.features.length} features; interval from the errors on what was left out.`;
  const outside = answer.outside.map((text) => `Outside what was seen: ${text}`);
  const noInterval =
    answer.lowJ === undefined ? ["No interval: too little to leave out, so the error is not known."] : [];
  return [
    { kind: "facts", title: `${question.architecture} on ${question.environment}`, facts },
    { kind: "notes", notes: [basis] },
    ...(outside.length + noInterval.length > 0
      ? [{ kind: "notes" as const, tone: "warning" as const, notes: [...outside, ...noInterval] }]
      : []),
  ];
}

function summaryTable(rows: readonly ScoreRow[]): Section {
  return {
    kind: "table",
    name: "summary",
    title: "Error on what was left out",
    columns: [
      { title: "left out", group: true },
      { title: "form" },
      { title: "median", align: "right" },
      { title: "worst", align: "right" },
      { title: "worst is", priority: 3 },
      { title: "in interval", align: "right", priority: 1 },
    ],
    rows: summarise(rows).map((each) => [
      textCell(each.by),
      textCell(formLabel(each.model)),
      ratioCell(each.medianMape),
      errorCell(each.worstMape),
      textCell(each.worst),
      ratioCell(each.coverage ?? undefined),
    ]),
  };
}

function scoreTable(rows: readonly ScoreRow[], published: readonly ScoreRow[]): Section {
  return {
    kind: "table",
    name: "score",
    main: true,
    title: "Each left out",
    columns: [
      { title: "left out" },
      { title: "form" },
      { title: "error", align: "right" },
      { title: "bias", align: "right", priority: 2 },
      { title: "RMSE", align: "right", priority: 4 },
      { title: "in interval", align: "right", priority: 1 },
      { title: "runs", align: "right", priority: 5 },
      { title: "as published", align: "right" },
    ],
    rows: rows.map((row) => {
      const peer = published.find(
        ({ by, leftOut, part }) => by === row.by && leftOut === row.leftOut && part === row.part,
      );
      return [
        textCell(row.leftOut),
        textCell(formLabel(row.model)),
        errorCell(row.mape),
        ratioCell(row.bias),
        quantityCell(row.rmseJ, "J"),
        ratioCell(row.coverage),
        countCell(row.runs),
        peer === undefined ? { text: "" } : errorCell(peer.mape),
      ];
    }),
  };
}

function scoreSections(rows: readonly ScoreRow[], published: readonly ScoreRow[]): readonly Section[] {
  if (rows.length === 0) return [];
  return [
    summaryTable(rows),
    scoreTable(rows, published),
    {
      kind: "notes",
      notes: [
        "Error: mean |predicted − true| ÷ true of whole runs, on networks or machines the fit has not seen; never a random split.",
        "Only “power × predicted duration” needs nothing from you; “power × given duration” predicts power alone.",
        ...(published.length === 0
          ? []
          : ["“As published” is the kernel ridge on a target that is not centred: 100 % is an answer of 0."]),
      ],
    },
  ];
}

const savingText = (ratio: number | undefined): string => (ratio === undefined ? "–" : formatRatio(ratio));

function rankingTable({ ranked, quality, maxLoss }: Recommendation): Section {
  const row = (each: Combination): readonly Cell[] => [
    textCell(each.architecture),
    textCell(each.environment),
    quantityCell(each.energyJ, "J"),
    ratioCell(each.quality),
    ratioCell(each.loss),
    ratioCell(each.saving),
    textCell(each.isPareto ? "yes" : ""),
    textCell(each.isWithin ? "yes" : "no", each.isWithin ? undefined : "dim"),
    countCell(each.runs),
  ];
  return {
    kind: "table",
    name: "ranking",
    main: true,
    title: `Least energy for at most ${formatRatio(maxLoss)} loss of ${quality}`,
    columns: [
      { title: "network" },
      { title: "machine", priority: 3 },
      { title: "energy", align: "right" },
      { title: quality, align: "right", priority: 1 },
      { title: "loss", align: "right" },
      { title: "saved", align: "right" },
      { title: "Pareto", priority: 2 },
      { title: "within", priority: 4 },
      { title: "runs", align: "right", priority: 5 },
    ],
    rows: ranked.map(row),
  };
}

function findings(found: Recommendation): Section {
  const { reference, best, savingFromDearest, interaction, scaling } = found;
  const published = formatRatio(PUBLISHED_SAVING.savingRatio);
  const facts: Fact[] = [
    { label: "best quality", cell: textCell(reference && `${reference.architecture} on ${reference.environment}`) },
    { label: "least energy", cell: textCell(best && `${best.architecture} on ${best.environment}`) },
    {
      label: "saved against the best quality",
      cell: textCell(`${savingText(best?.saving)} (published: up to ${published})`),
    },
    { label: "saved against the dearest within", cell: textCell(savingText(savingFromDearest)) },
    { label: "network × machine", cell: textCell(interaction && interactionText(interaction)) },
  ];
  if (scaling !== undefined)
    facts.push({
      label: `${scaling.larger} ÷ ${scaling.smaller}`,
      cell: textCell(`rank correlation with GFLOPs ${formatNumber(scaling.spearman, 2)}`),
    });
  return { kind: "facts", title: "Findings", facts };
}

function interactionText({ f, degrees, p, partialEtaSquared }: NonNullable<Recommendation["interaction"]>): string {
  const chance = p < 1e-4 ? "p < 0.0001" : `p = ${formatNumber(p, 2)}`;
  return `F(${degrees.join(", ")}) = ${formatNumber(f)}, ${chance}, partial η² ${formatNumber(partialEtaSquared, 2)}`;
}

function scalingTable({ scaling }: Recommendation): readonly Section[] {
  if (scaling === undefined) return [];
  return [
    {
      kind: "table",
      name: "scaling",
      title: "Larger machine over smaller",
      caption: `Joules on ${scaling.larger} ÷ joules on ${scaling.smaller}: below 1 the larger machine needs less.`,
      columns: [{ title: "network" }, { title: "GFLOPs", align: "right" }, { title: "energy ratio", align: "right" }],
      rows: scaling.rows.map(({ architecture, gflops, ratio }) => [
        textCell(architecture),
        numberWithoutUnitCell(gflops),
        numberWithoutUnitCell(ratio),
      ]),
    },
  ];
}

function rankingChart({ ranked }: Recommendation): Section {
  return {
    kind: "chart",
    chart: {
      kind: "bars",
      title: "Energy of a training",
      note: "Median of the runs; the colour is the machine.",
      axis: "energy",
      unit: "J",
      bars: ranked.map(({ architecture, environment, energyJ }) => ({
        label: `${architecture} on ${environment}`,
        value: energyJ,
        group: environment,
      })),
    },
  };
}

export function planDocument(input: PlanInput): Document {
  const { question, answer, rows, published, recommendation, assumptions, runs } = input;
  return {
    title: "Training plan",
    subtitle: `${runs} past runs`,
    sections: [
      ...(question && answer ? answerSections(question, answer) : []),
      ...(recommendation
        ? [
            rankingTable(recommendation),
            findings(recommendation),
            ...scalingTable(recommendation),
            rankingChart(recommendation),
          ]
        : []),
      ...scoreSections(rows, published),
      ...(assumptions.length > 0 ? [{ kind: "notes" as const, title: "Assumed and said", notes: assumptions }] : []),
    ],
  };
}
