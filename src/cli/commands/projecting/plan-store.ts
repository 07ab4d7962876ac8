// The user's own runs as a history for plans: what their command lines and windows say of networks, batches and epochs. A run whose
// command names no network is no past training; how many were left out is said.

import { plainName } from "../../../hardware/find.ts";
import type { Store } from "../../../node/store/runs.ts";
import type { StoredRun } from "../../../node/store/stored-run.ts";
import { HISTORY_COLUMNS } from "../../../predict/pre/columns.ts";
import type { History } from "../../../predict/pre/read-history.ts";
import type { FeatureName, PastRun } from "../../../predict/pre/run.ts";
import { InputError } from "../../../units/input-error.ts";
import { zooNameOf } from "./plan-network.ts";

/** "--batch-size 32", "--batch-size=32" → plain name and value. */
function flagsOf(command: string): ReadonlyMap<string, string> {
  const words = command.split(/\s+/);
  const pairs = words.flatMap((word, i): [string, string][] => {
    if (!word.startsWith("-")) return [];
    const [name = "", value] = word.split("=");
    return [[plainName(name), value ?? words[i + 1] ?? ""]];
  });
  return new Map(pairs);
}

/** The value of our column in the flags, by our name or an alias. */
function flagValue(flags: ReadonlyMap<string, string>, ours: string): string | undefined {
  const names = [plainName(ours), ...HISTORY_COLUMNS[ours]!.aliases];
  return names.map((name) => flags.get(name)).find((value) => value !== undefined && value !== "");
}

const isEpoch = ({ name }: { readonly name: string }): boolean => /^epoch\b/.test(name);
const above0 = (value: number | undefined): value is number =>
  value !== undefined && Number.isFinite(value) && value > 0;

/** One stored run as a past training; undefined when it is none. */
export function pastRunOf(run: StoredRun, row: number): PastRun | undefined {
  const flags = flagsOf(run.command);
  const named = flagValue(flags, "architecture");
  const architecture = named ?? run.command.split(/[\s=]+/).find((word) => zooNameOf(word) !== undefined);
  const whole = run.measurements[0];
  const energyJ = whole?.netJ ?? whole?.grossJ;
  if (architecture === undefined || !above0(energyJ) || !above0(run.durationS) || !run.complete) return undefined;
  const gpu = run.environment.gpus[0] ?? run.environment.cpuModel;
  const features = Object.fromEntries(
    Object.entries(HISTORY_COLUMNS).flatMap(([ours, { feature, scale = 1 }]): [FeatureName, number][] => {
      const value = feature === undefined ? undefined : Number(flagValue(flags, ours)) * scale;
      return feature !== undefined && above0(value) ? [[feature, value]] : [];
    }),
  );
  const marked = run.windows.filter(isEpoch).length;
  const epochs = marked > 0 ? marked : Number(flagValue(flags, "epochs"));
  return {
    row,
    architecture,
    environment: gpu ?? "this machine",
    features: { ...(above0(run.environment.memoryBytes) && { ramBytes: run.environment.memoryBytes }), ...features },
    energyJ,
    powerW: energyJ / run.durationS,
    durationS: run.durationS,
    quality: {},
    ...(gpu !== undefined && { gpu }),
    ...(above0(epochs) && { epochs }),
  };
}

/** @throws InputError "no-history" when the store holds no training runs */
export async function storedHistory(store: Store): Promise<History> {
  const listed = await store.listRuns();
  const runs = listed.flatMap(({ id }, i) => pastRunOf(store.getRun(id), i + 1) ?? []);
  if (runs.length === 0)
    throw new InputError(
      "no-history",
      `the store holds ${listed.length} runs, and none is a training of a named network`,
      "give past runs with --history FILE.csv, or record some: joulecast run --epochs 5 -- python train.py --arch resnet50",
    );
  const left = listed.length - runs.length;
  const remarks =
    left === 0 ? [] : [`left out ${left} stored runs: their commands name no network, or they were not finished`];
  return { runs, labels: undefined, columns: [], remarks };
}
