// `joulecast plan`: joules of a training that has not begun, from past runs; the error of such answers on networks and machines that were
// left out; and which network on which machine to take.

import { type PlanAnswer, planTraining } from "../../../predict/pre/plan.ts";
import { LEAST_RUNS } from "../../../predict/pre/read-history.ts";
import { PUBLISHED_SAVING, type Recommendation, recommend } from "../../../predict/pre/recommend.ts";
import type { PastRun } from "../../../predict/pre/run.ts";
import { type Scored, type ScoreRow, scoreBy } from "../../../predict/pre/score.ts";
import { summarise } from "../../../predict/pre/summary.ts";
import { planDocument } from "../../../report/plan-report.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Command, CommandContext, OptionValues } from "../../command.ts";
import { countOption, flagOption, positiveOption, quantityOption, textOption } from "../../options.ts";
import { HISTORY_OPTIONS, planHistory } from "./plan-history.ts";
import { deviceFinder } from "./plan-machine.ts";
import { planQuestion, QUESTION_OPTIONS, type Question } from "./plan-question.ts";

const RECOMMEND_OPTIONS = [
  { flags: "--recommend", description: "rank network × machine of the history by energy" },
  {
    flags: "--max-f1-loss <ratio>",
    description: "with --recommend: loss of F1 (or accuracy) allowed, relative to the best, 0 to 1 (default 2%)",
  },
] as const;

const scoreResult = ({ coverage, ...row }: ScoreRow) => ({ ...row, coverage: coverage ?? null });

function answerResult(answer: PlanAnswer | undefined): Readonly<Record<string, unknown>> {
  return {
    energyJ: answer?.energyJ ?? null,
    lowJ: answer?.lowJ ?? null,
    highJ: answer?.highJ ?? null,
    meanPowerW: answer?.meanPowerW ?? null,
    durationS: answer?.durationS ?? null,
    inRange: answer?.inRange ?? null,
    outside: answer?.outside ?? [],
    form: answer?.form.id ?? null,
    basis: answer?.basis ?? null,
    repeats: answer?.repeats ?? null,
    models: answer?.models ?? {},
    features: answer?.features ?? [],
  };
}

function recommendationResult(found: Recommendation | undefined): unknown {
  if (found === undefined) return null;
  const { ranked, reference, best, savingFromDearest, interaction, scaling, ...rest } = found;
  const plain = (each: (typeof ranked)[number]) => ({
    ...each,
    quality: each.quality ?? null,
    loss: each.loss ?? null,
    saving: each.saving ?? null,
  });
  return {
    ...rest,
    ranked: ranked.map(plain),
    reference: reference === undefined ? null : plain(reference),
    best: best === undefined ? null : plain(best),
    savingFromDearest: savingFromDearest ?? null,
    interaction: interaction ?? null,
    scaling: scaling ?? null,
    published: PUBLISHED_SAVING,
  };
}

/** What the history can and cannot tell, said before the numbers. */
function limitsOf(scored: readonly Scored[]): readonly string[] {
  return scored.flatMap(({ by, groups, energies }) => {
    if (groups.length < 2)
      return [
        `all runs have the same ${by.name} (${groups[0]}): no score for one that was left out, so its error is not known`,
      ];
    if (energies.length === 0) return [`neither durations nor epochs are known of enough runs: no score by ${by.name}`];
    return groups.length === 2 ? [`only two values of ${by.name}: each score rests on the other one alone`] : [];
  });
}

/** F1 where the history has it, else accuracy. @throws InputError "no-quality" */
function qualityOf(runs: readonly PastRun[]): string {
  const found = ["f1", "accuracy"].find((name) => runs.some(({ quality }) => quality[name] !== undefined));
  if (found !== undefined) return found;
  throw new InputError(
    "no-quality",
    "--recommend needs F1 or accuracy, and no column holds them",
    "name it with --map f1=COLUMN or --map accuracy=COLUMN",
  );
}

function scoreAll(runs: readonly PastRun[], by: readonly Scored["by"][], context: CommandContext): readonly Scored[] {
  const scored = by.map((each) => {
    context.progress(`leaving out each ${each.name} of ${runs.length} runs`);
    return scoreBy(runs, each);
  });
  context.progress("");
  return scored;
}

/** @throws InputError "no-form" when nothing in the history goes with what is given */
function answerOf(
  question: Question,
  options: OptionValues,
  runs: readonly PastRun[],
  scored: readonly Scored[],
): PlanAnswer {
  const epochs = countOption(options, "--epochs");
  const durationS = positiveOption(options, "--duration", "s");
  const answer = planTraining(question.setUp, { epochs, durationS }, runs, scored);
  if (answer !== undefined) return answer;
  throw new InputError(
    "no-form",
    "the history says neither how long its runs took nor how many epochs they had",
    `map those columns: --map duration=COLUMN:h,epochs=COLUMN (at least ${LEAST_RUNS} runs)`,
  );
}

export const plan: Command = {
  name: "plan",
  summary: "joules of a training before it starts, from past runs, with the error on networks and machines left out",
  arguments: [],
  options: [...QUESTION_OPTIONS, ...HISTORY_OPTIONS, ...RECOMMEND_OPTIONS],
  examples: [
    "joulecast plan --network resnet50 --dataset-size 23807 --image 128 --batch 32 --epochs 50 --on rtx-3090 --history runs.csv",
    "joulecast plan --history runs.csv --map energy=energy_kwh:kWh,architecture=net --leave-out architecture",
    "joulecast plan --recommend --max-f1-loss 2% --history runs.csv",
  ],
  run: async (_, options, context) => {
    const wantsAnswer = textOption(options, "--network") !== undefined;
    const wantsRanking = flagOption(options, "--recommend");
    const wantsScore = textOption(options, "--leave-out") !== undefined;
    if (!wantsAnswer && !wantsRanking && !wantsScore)
      throw new InputError(
        "nothing-asked",
        "neither --network nor --recommend nor --leave-out was given",
        "ask for one: joulecast plan --network resnet50 --on rtx-3090 --epochs 50",
      );
    const maxLoss = quantityOption(options, "--max-f1-loss", "ratio", 0, 1) ?? PUBLISHED_SAVING.maxLossRatio;
    const devices = await deviceFinder();
    const history = await planHistory(options, devices);
    const question = wantsAnswer ? await planQuestion(options, history.runs, devices) : undefined;
    const recommendation = wantsRanking ? recommend(history.runs, qualityOf(history.runs), maxLoss) : undefined;
    const scored = wantsAnswer || wantsScore ? scoreAll(history.runs, history.leftOutBy, context) : [];
    const answer = question && answerOf(question, options, history.runs, scored);
    const assumptions = [...(question?.assumptions ?? []), ...history.remarks, ...limitsOf(scored)];
    const rows = scored.flatMap((each) => each.rows);
    const published = scored.flatMap((each) => each.published);
    return {
      result: {
        ...answerResult(answer),
        question: question?.setUp ?? null,
        runs: history.runs.length,
        score: rows.map(scoreResult),
        summary: summarise(rows),
        published: published.map(scoreResult),
        recommend: recommendationResult(recommendation),
        assumptions,
      },
      document: planDocument({
        question: question?.setUp,
        answer,
        rows,
        published,
        recommendation,
        assumptions,
        runs: history.runs.length,
      }),
    };
  },
};
