// A plan as it lies in a file, checked before anything runs: every network, data set and combination is looked at; and its forecast.
import { existsSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import { estimateAll } from "../../../estimate/estimate.ts";
import { METRICS } from "../../../estimate/table.ts";
import type { Hardware } from "../../../hardware/hardware.ts";
import { orderedBatches } from "../../../learn/data/batches.ts";
import { type DataSet, limited } from "../../../learn/data/data-set.ts";
import { evaluationGraph } from "../../../learn/differentiate.ts";
import { LOSS_KINDS } from "../../../learn/losses/table.ts";
import { OPTIMISER_KINDS } from "../../../learn/optimisers/table.ts";
import type { LossSpec } from "../../../learn/training-graph.ts";
import { median } from "../../../math/statistics.ts";
import { explainRefusal } from "../../../node/files.ts";
import { readModel } from "../../../node/model.ts";
import { openStudyData } from "../../../node/study/study-data.ts";
import { forecast, type PassCost, type TrialForecast } from "../../../study/forecast.ts";
import { parsePlan, placeInPlan, type StudyPlan } from "../../../study/plan.ts";
import type { TrialRecord } from "../../../study/record.ts";
import { type Trial, trialsOf } from "../../../study/trials.ts";
import { InputError } from "../../../units/input-error.ts";
import { unknownName } from "../../../units/nearest.ts";
import { countGraph } from "../../../work/count-graph.ts";
import { ZOO_PREFIX } from "../../../zoo/network.ts";

export interface PlanFile {
  /** YAML whose paths are absolute, as it is kept in the study's folder. */
  readonly source: string;
  readonly plan: StudyPlan;
  /** Where a word stands in the file that the user wrote: "plan.yaml:2:8". @param key as in the file: "networks" */
  readonly placeOf: (key: string, word: string) => string;
}

/** A path of the plan is relative to the plan. */
function absolute(name: string, folder: string): string {
  const isName = name.startsWith(ZOO_PREFIX) || name.startsWith("synthetic:") || name === "sixteen" || isAbsolute(name);
  return isName || !existsSync(resolve(folder, name)) ? name : resolve(folder, name);
}

/** @throws InputError when the file cannot be read or is no plan */
export async function readPlanFile(path: string): Promise<PlanFile> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
  parsePlan(text, path);
  const { parseDocument, visit } = await import("yaml");
  const document = parseDocument(text);
  const folder = dirname(resolve(path));
  /** What the user wrote, by what it is in the study's own plan. */
  const written = new Map<string, string>();
  visit(document, {
    Pair: (_, pair) => {
      const name = String((pair.key as { value?: unknown } | null)?.value);
      if (name !== "networks" && name !== "data") return visit.SKIP;
      return undefined;
    },
    Scalar: (key, scalar) => {
      if (key === "key" || typeof scalar.value !== "string") return;
      const found = absolute(scalar.value, folder);
      written.set(found, scalar.value);
      scalar.value = found;
    },
  });
  if (!document.has("name")) document.set("name", parsePlan(text, path).name);
  const source = document.toString();
  const placeOf = (key: string, word: string): string => {
    const place = placeInPlan(text, path, key, word);
    return place === path ? placeInPlan(text, path, key, written.get(word) ?? word) : place;
  };
  return { source, plan: parsePlan(source, path), placeOf };
}

/** What was looked at: sizes that a forecast needs. */
export interface CheckedPlan {
  readonly trials: readonly Trial[];
  readonly flopsOf: (trial: Trial) => number;
  readonly samplesOf: (trial: Trial) => number;
  /** Joules and seconds of one pass by published metrics on a device. */
  readonly passOn: (trial: Trial, device: Hardware, process: Hardware | undefined) => PassCost | undefined;
}

interface OpenSets {
  readonly train: DataSet;
  readonly test: DataSet;
}

type Place = PlanFile["placeOf"];

/** Says where in the plan the word stands that is refused. */
async function at<T>(place: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(error.code, `${place}: ${error.message}`, error.hint);
  }
}

async function checkNames({ optimiser, loss }: StudyPlan, placeOf: Place): Promise<void> {
  const table: readonly (readonly [string, string, readonly string[]])[] = [
    ["optimiser", optimiser, OPTIMISER_KINDS],
    ["loss", loss, LOSS_KINDS],
  ];
  for (const [what, name, names] of table)
    await at(placeOf(what, name), () => {
      if (!names.includes(name)) throw unknownName(what, name, names, `give one of ${names.join(", ")}`);
    });
}

/**
 * Looks at every network, data set and combination of a plan, before anything runs.
 * @throws InputError naming what cannot be
 */
export async function checkPlan({ plan, placeOf }: Omit<PlanFile, "source">): Promise<CheckedPlan> {
  await checkNames(plan, placeOf);
  const trials = trialsOf(plan);
  const graphs = new Map(
    await Promise.all(
      plan.networks.map(async (name) => [name, await at(placeOf("networks", name), () => readModel(name))] as const),
    ),
  );
  const sets = new Map<string, OpenSets>();
  for (const name of plan.data) {
    const { train, test } = await at(placeOf("data", name), () => openStudyData(name));
    sets.set(name, { train: limited(train, plan.limitTrain), test: limited(test ?? train, plan.limitTest) });
  }
  const setOf = ({ data, phase }: Trial): DataSet => sets.get(data)![phase === "training" ? "train" : "test"];
  const seen = new Map<string, ReturnType<typeof countGraph>>();
  const keyOf = ({ network, data, phase, batch }: Trial) => JSON.stringify([network, data, phase, batch]);
  for (const trial of trials) {
    if (seen.has(keyOf(trial))) continue;
    const { network, data, phase, batch } = trial;
    const set = setOf(trial);
    const graph = graphs.get(network)!;
    const of = `${network} with ${data}, batch ${batch}, ${phase}`;
    if (set.samples < batch)
      throw new InputError(
        "few-samples",
        `${of}: the set has ${set.samples} samples, fewer than one batch`,
        "give a smaller batch, or raise limit-train and limit-test",
      );
    try {
      orderedBatches(set, evaluationGraph(graph, { loss: { kind: plan.loss } as LossSpec, batch }).inputs);
      seen.set(keyOf(trial), countGraph(graph, { batch, phase }));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(error.code, `${of}: ${error.message}`, error.hint);
    }
  }
  const workOf = (trial: Trial) => seen.get(keyOf(trial))!;
  return {
    trials,
    flopsOf: (trial) => workOf(trial).total.flops,
    samplesOf: (trial) => setOf(trial).samples,
    passOn: (trial, device, process) => {
      const { estimates } = estimateAll(workOf(trial), [device], METRICS, process ? { process } : {});
      if (estimates.length === 0) return undefined;
      const times = estimates.map(({ durationS }) => durationS).filter((value) => value !== undefined);
      return {
        durationS: times.length === 0 ? undefined : median(times),
        energyJ: median(estimates.map(({ energyJ }) => energyJ)),
        lowJ: Math.min(...estimates.map(({ lowJ }) => lowJ)),
        highJ: Math.max(...estimates.map(({ highJ }) => highJ)),
      };
    },
  };
}

/** The forecast of every trial that is not done yet. */
export function forecastPlan(
  plan: StudyPlan,
  checked: CheckedPlan,
  records: readonly TrialRecord[],
  device: Hardware | undefined,
  process: Hardware | undefined,
): readonly TrialForecast[] {
  const ended = new Set(records.map(({ trial }) => trial.id));
  return forecast({
    plan,
    trials: checked.trials.filter(({ id }) => !ended.has(id)),
    records,
    flopsOf: checked.flopsOf,
    samplesOf: checked.samplesOf,
    passOf: (trial) => (device === undefined ? undefined : checked.passOn(trial, device, process)),
  });
}
