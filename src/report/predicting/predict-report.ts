// `predict` as a document: a network layer by layer, or rows of a file with their score. Bias per layer type stands beside the sums,
// because errors that cancel in a whole network are still errors.
import type { NetworkPrediction } from "../../predict/layerwise/network.ts";
import type { SamplePredictions } from "../../predict/layerwise/predict-samples.ts";
import type { Score } from "../../predict/score.ts";
import type { WorkReport } from "../../work/work.ts";
import type { Cell, Document, Section } from "../document.ts";
import { countCell, durationCell, quantityCell, rangeCell, ratioCell, textCell } from "../show.ts";

const SHOWN = 20;

const insideCell = (inRange: boolean, outside: readonly string[]): Cell =>
  inRange ? textCell("yes") : textCell(outside[0] ?? "no", "warning");

export interface NetworkReport {
  readonly work: WorkReport;
  readonly device: string;
  readonly answer: NetworkPrediction;
  readonly assumptions: readonly string[];
}

/** Joules by layer type, largest first. */
function byType({ layers }: NetworkPrediction): Section {
  const types = [...new Set(layers.map(({ model }) => model))].map((model) => {
    const own = layers.filter((layer) => layer.model === model);
    return { model, count: own.length, energyJ: own.reduce((sum, { energyJ }) => sum + energyJ, 0) };
  });
  return {
    kind: "chart",
    chart: {
      kind: "bars",
      title: "Energy by layer type",
      axis: "energy",
      unit: "J",
      bars: types
        .sort((a, b) => b.energyJ - a.energyJ)
        .map(({ model, count, energyJ }) => ({ label: `${model} (${count})`, value: energyJ })),
    },
  };
}

/** "at least 3.1 J" where layers are missing from the sum. */
const sumCell = (value: number, complete: boolean): Cell => {
  const cell = quantityCell(value, "J");
  return complete ? cell : { ...cell, text: `at least ${cell.text}`, tone: "warning" };
};

export function networkDocument({ work, device, answer, assumptions }: NetworkReport): Document {
  const complete = answer.uncovered.length === 0;
  return {
    title: `${work.name}, predicted from measured layers`,
    subtitle: `batch ${work.batch} · ${device}`,
    sections: [
      {
        kind: "facts",
        facts: [
          { label: "energy of a pass", cell: sumCell(answer.energyJ, complete) },
          {
            label: "90 % interval",
            cell: complete ? rangeCell(answer.lowJ, answer.highJ, "J") : sumCell(answer.lowJ, false),
          },
          { label: "per inference", cell: sumCell(answer.energyJ / work.batch, complete) },
          { label: "time of a pass", cell: durationCell(answer.durationS) },
        ],
      },
      {
        kind: "table",
        name: "layers",
        main: true,
        limit: SHOWN,
        columns: [
          { title: "layer" },
          { title: "model", priority: 1 },
          { title: "energy", align: "right" },
          { title: "90 % interval", align: "right", priority: 2 },
          { title: "within range", priority: 3 },
        ],
        rows: answer.layers.map(({ name, model, energyJ, lowJ, highJ, inRange, outside }) => [
          textCell(name),
          textCell(model),
          quantityCell(energyJ, "J"),
          rangeCell(lowJ, highJ, "J"),
          insideCell(inRange, outside),
        ]),
      },
      byType(answer),
      ...(answer.uncovered.length > 0
        ? [
            {
              kind: "notes" as const,
              tone: "warning" as const,
              title: "Not predicted, counted 0",
              notes: answer.uncovered.map(({ name, op, reason }) => `${name} (${op}): ${reason}`),
            },
          ]
        : []),
      { kind: "notes", title: "Assumptions", notes: assumptions },
    ],
  };
}

function scoreRow(label: string, score: Score): Cell[] {
  return [
    textCell(label),
    countCell(score.count),
    Number.isNaN(score.r2) ? textCell(undefined) : { text: score.r2.toFixed(4), value: score.r2 },
    ratioCell(score.mape),
    ratioCell(score.bias),
    ratioCell(score.absolute),
    ratioCell(score.coverage),
  ];
}

function scoreTable({ score, rowScore, byOp, groups }: SamplePredictions): Section[] {
  if (score === undefined || rowScore === undefined) return [];
  return [
    {
      kind: "table",
      title: "Against what was measured",
      name: "score",
      caption:
        "Bias is Σ predicted / Σ measured − 1, where errors cancel; in Σ|error| they do not. Coverage of a 90 % interval.",
      columns: [
        { title: "" },
        { title: "number", align: "right", priority: 1 },
        { title: "R²", align: "right" },
        { title: "mean error", align: "right" },
        { title: "bias", align: "right" },
        { title: "Σ|error|", align: "right", priority: 2 },
        { title: "coverage", align: "right", priority: 2 },
      ],
      rows: [
        ...(groups ? [scoreRow("groups", score)] : []),
        scoreRow("rows", rowScore),
        ...byOp.map((one) => scoreRow(one.op, one)),
      ],
    },
  ];
}

function groupTable({ groups }: SamplePredictions): Section[] {
  if (groups === undefined) return [];
  return [
    {
      kind: "table",
      title: "Groups",
      name: "groups",
      limit: SHOWN,
      columns: [
        { title: "group" },
        { title: "layers", align: "right", priority: 1 },
        { title: "predicted", align: "right" },
        { title: "90 % interval", align: "right", priority: 2 },
        { title: "measured", align: "right" },
      ],
      rows: groups.map(({ group, rows, energyJ, lowJ, highJ, truthJ }) => [
        textCell(group),
        countCell(rows),
        quantityCell(energyJ, "J"),
        rangeCell(lowJ, highJ, "J"),
        quantityCell(truthJ, "J"),
      ]),
    },
  ];
}

export function samplesDocument(name: string, answer: SamplePredictions): Document {
  const { rows, skipped } = answer;
  const reasons = new Map<string, number>();
  for (const { op, reason } of skipped) {
    const key = `${op}: ${reason}`;
    reasons.set(key, (reasons.get(key) ?? 0) + 1);
  }
  return {
    title: `Predictions for ${name}`,
    sections: [
      ...scoreTable(answer),
      ...groupTable(answer),
      {
        kind: "table",
        title: "Rows",
        name: "rows",
        main: true,
        limit: SHOWN,
        columns: [
          { title: "row", align: "right" },
          { title: "type" },
          { title: "predicted", align: "right" },
          { title: "90 % interval", align: "right", priority: 2 },
          { title: "measured", align: "right", priority: 1 },
          { title: "within range" },
        ],
        rows: rows.map(({ line, op, energyJ, lowJ, highJ, truthJ, inRange, outside }) => [
          countCell(line),
          textCell(op),
          quantityCell(energyJ, "J"),
          rangeCell(lowJ, highJ, "J"),
          quantityCell(truthJ, "J"),
          insideCell(inRange, outside),
        ]),
      },
      ...(reasons.size > 0
        ? [
            {
              kind: "notes" as const,
              tone: "warning" as const,
              title: "Rows that count 0",
              notes: [...reasons].map(([reason, count]) => `${count} × ${reason}`),
            },
          ]
        : []),
    ],
  };
}
