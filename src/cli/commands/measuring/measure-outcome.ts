// From a finished recording to the outcome of `measure`: the same for a command, a network and a replayed recording.
import type { Ledger, Repeats } from "../../../measure/ledger.ts";
import { openLedger } from "../../../measure/ledger.ts";
import type { Measurement } from "../../../measure/measurement.ts";
import type { Unusable } from "../../../measure/power-source.ts";
import { estimateError, perInference } from "../../../measure/repeats.ts";
import type { Recording, Window } from "../../../measure/trace.ts";
import { epochsFrom } from "../../../measure/windows.ts";
import {
  type ComparedEstimate,
  coverageWarnings,
  kindWarnings,
  type MeasuredRow,
  measureDocument,
  type SamplerCost,
} from "../../../report/measuring/measure-report.ts";
import type { OptionValues, Outcome } from "../../command.ts";
import { type CarbonChoice, carbonChoice } from "../estimate-carbon.ts";
import { wallFactorOption } from "./machine-options.ts";
import { footprintOf, measurementResult, rowResult, unusableResult } from "./measure-result.ts";

/** Windows of one command or batch. */
export interface Group {
  readonly name: string;
  readonly batch?: number;
  readonly windows: readonly Window[];
  /** In one window, on average. */
  readonly inferences?: number;
  /** Published metrics for a pass that took `inferenceS` per inference; errors are added here. */
  readonly estimates?: readonly Omit<ComparedEstimate, "errorRatio">[];
}

export interface Finished {
  readonly title: string;
  readonly recording: Recording;
  readonly idle: readonly Window[];
  /** At least one, each with at least one window. */
  readonly groups: readonly Group[];
  /** Windows that the program set. */
  readonly windows: readonly Window[];
  readonly unusable: readonly Unusable[];
  readonly sampler?: SamplerCost | undefined;
  readonly exitCode?: number;
  readonly assumptions?: readonly string[];
  readonly warnings?: readonly string[];
}

export interface Analysed {
  readonly rows: readonly MeasuredRow[];
  readonly windows: readonly Measurement[];
  /** For the history: the whole first. */
  readonly measurements: readonly Measurement[];
  readonly outcome: Outcome;
}

function rowOf(group: Group, repeats: Repeats, carbon: CarbonChoice): MeasuredRow {
  const { mean, each, load, firstSecond } = repeats;
  const { inferences, estimates = [] } = group;
  const per = inferences === undefined ? undefined : perInference(mean, inferences);
  return {
    name: group.name,
    batch: group.batch,
    each,
    mean,
    load,
    // A network has warm-up runs of its own.
    firstSecond: group.batch === undefined ? firstSecond : undefined,
    inferences,
    perInference: per,
    inferenceS: inferences === undefined ? undefined : mean.durationS / inferences,
    ...footprintOf(mean, carbon),
    estimates: estimates.map((estimate) => ({
      ...estimate,
      errorRatio: estimateError(estimate.perInferenceJ, per),
    })),
  };
}

/** Epochs of each run end with it. */
function epochsIn({ marks }: Recording, groups: readonly Group[]): Window[] {
  return groups.flatMap(({ windows }) =>
    windows.flatMap(({ fromS, toS }) =>
      epochsFrom(
        marks.filter(({ timeS }) => timeS >= fromS && timeS < toS),
        toS,
      ),
    ),
  );
}

/** Several batches: from the first one's start to the last one's end, as the history's single number. */
function wholeOf(rows: readonly MeasuredRow[], groups: readonly Group[], ledger: Ledger): readonly Measurement[] {
  if (rows.length === 1) return [];
  const windows = groups.flatMap((group) => group.windows);
  return [
    ledger.window({
      name: "all batches",
      fromS: Math.min(...windows.map(({ fromS }) => fromS)),
      toS: Math.max(...windows.map(({ toS }) => toS)),
    }),
  ];
}

/** @throws InputError when the grid or the wall factor cannot be used */
export async function analyse(finished: Finished, options: OptionValues): Promise<Analysed> {
  const { title, recording, idle, groups, unusable, sampler, exitCode, warnings = [] } = finished;
  const carbon = await carbonChoice(options);
  const ledger = openLedger(recording, idle, wallFactorOption(options));
  const rows = groups.map((group) => rowOf(group, ledger.repeats(group.windows), carbon));
  const inner = [...finished.windows, ...epochsIn(recording, groups)].filter(({ fromS, toS }) => toS > fromS);
  const windows = inner.map((window) => ledger.window(window));
  const means = rows.map(({ mean }) => mean);
  const missing = means.filter(({ kind }) => kind === "missing");
  const lost = [...kindWarnings(missing), ...coverageWarnings([...means, ...windows])];
  const assumptions = [...(finished.assumptions ?? []), ...carbon.assumptions];
  const results = rows.map(rowResult);
  const drifts = [...(ledger.baseline ?? [])].flatMap(([source, { idleW, sigmaW, driftW }]) => [
    { source, idleW, sigmaW, driftW: driftW ?? null },
  ]);
  return {
    rows,
    windows,
    measurements: [...wholeOf(rows, groups, ledger), ...rows.map(({ mean }) => mean), ...windows],
    outcome: {
      result: {
        ...(results.length === 1 && results[0]),
        exitCode: exitCode ?? null,
        runs: results,
        windows: windows.map((window) => ({ name: window.window, ...measurementResult(window) })),
        idle: drifts,
        unusable: unusable.map(unusableResult),
        sampler: sampler ?? null,
        region: carbon.region ?? null,
        assumptions,
        warnings: [...lost, ...warnings],
      },
      document: measureDocument({
        title,
        rows,
        windows,
        power: ledger.power(),
        unusable,
        sampler,
        exitCode,
        assumptions,
        warnings,
      }),
      ...(exitCode !== undefined && { exitCode }),
    },
  };
}
