// Candidates for one task, ranked by E_train + N·E_inf at the user's N, with the N at which their order changes.
import { type Candidate, type Crossing, crossings, type Ranked, rankCandidates } from "../../carbon/ranking.ts";
import { estimateAll } from "../../estimate/estimate.ts";
import type { Section } from "../../report/document.ts";
import type { EstimateRow } from "../../report/estimate-report.ts";
import { quantityCell, textCell } from "../../report/show.ts";
import { formatCount } from "../../units/format.ts";
import { InputError } from "../../units/input-error.ts";
import { parseQuantity } from "../../units/parse.ts";
import type { OptionSpec, OptionValues } from "../command.ts";
import { repeatedOption } from "../options.ts";
import { type EstimateSetting, type TrainingEnergies, withoutOwnFacts } from "./estimate-training.ts";
import { countModel } from "./model-options.ts";

export const RANKING_OPTIONS: readonly OptionSpec[] = [
  {
    flags: "--versus <model@J>",
    description:
      "rank against another model by E_train + N·E_inf at N = --runs; @J is its training energy (default 0); may be repeated",
    repeatable: true,
  },
];

interface RankedRow {
  readonly device: string;
  readonly metric: string;
  readonly ranked: readonly Ranked[];
  readonly crossings: readonly Crossing[];
}

/** "other.onnx@2MJ" → the model's name and its training energy. */
function parseVersus(text: string): { readonly model: string; readonly trainingJ: number } {
  const [model = "", energy] = text.split("@");
  const trainingJ = energy === undefined ? 0 : parseQuantity(energy, "J", `--versus ${model}`);
  if (model !== "" && trainingJ >= 0) return { model, trainingJ };
  throw new InputError(
    "bad-versus",
    `--versus: "${text}" is not MODEL or MODEL@JOULES`,
    "write --versus zoo:resnet18@2MJ",
  );
}

function rankingTable(row: RankedRow, runs: number): Section {
  return {
    kind: "table",
    title: "Candidates",
    caption: `E_train + N·E_inf at N = ${formatCount(runs)}, by ${row.metric} on ${row.device}.`,
    name: "candidates",
    columns: [
      { title: "network" },
      { title: "training", align: "right" },
      { title: "J per inference", align: "right" },
      { title: "total", align: "right" },
    ],
    rows: row.ranked.map((each) => [
      textCell(each.name),
      quantityCell(each.trainingJ, "J"),
      quantityCell(each.inferenceJ, "J"),
      quantityCell(each.totalJ, "J"),
    ]),
  };
}

function crossingNotes(row: RankedRow): Section[] {
  if (row.crossings.length === 0) return [];
  return [
    {
      kind: "notes",
      notes: row.crossings.map(
        ({ before, after, inferences }) =>
          `${after} becomes cheaper than ${before} after ${formatCount(Math.ceil(inferences))} inferences`,
      ),
    },
  ];
}

/** Every --versus model against this one, per device and metric; sections show the first. Undefined when none is given. */
export async function candidateRanking(
  model: string,
  options: OptionValues,
  setting: EstimateSetting & {
    readonly rows: readonly EstimateRow[];
    readonly runs: number;
    readonly training: TrainingEnergies;
    /** The energy of training was asked for. */
    readonly trained: boolean;
  },
): Promise<{ readonly result: readonly RankedRow[]; readonly sections: readonly Section[] } | undefined> {
  const others = repeatedOption(options, "--versus").map(parseVersus);
  if (others.length === 0) return undefined;
  const candidates = new Map<string, Candidate[]>();
  // Training that was asked for but that a metric cannot tell leaves its row out; where nobody asked, only inference is ranked.
  const ranked = setting.rows.filter((row) => !setting.trained || setting.training.energyOf(row) !== undefined);
  for (const row of ranked) {
    const trainingJ = setting.training.energyOf(row)?.value ?? 0;
    candidates.set(`${row.device} ${row.metric}`, [{ name: model, trainingJ, inferenceJ: row.perInferenceJ }]);
  }
  for (const other of others) {
    const work = await countModel(other.model, setting.counting);
    for (const each of estimateAll(work, setting.devices, setting.metrics, withoutOwnFacts(setting.how)).estimates) {
      candidates
        .get(`${each.device} ${each.metric}`)
        ?.push({ name: other.model, trainingJ: other.trainingJ, inferenceJ: each.energyJ / work.batch });
    }
  }
  const result = ranked.map((row): RankedRow => {
    const here = candidates.get(`${row.device} ${row.metric}`)!;
    return {
      device: row.device,
      metric: row.metric,
      ranked: rankCandidates(here, setting.runs),
      crossings: crossings(here),
    };
  });
  const lead = result[0];
  return { result, sections: lead === undefined ? [] : [rankingTable(lead, setting.runs), ...crossingNotes(lead)] };
}
