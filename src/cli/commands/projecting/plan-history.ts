// The past runs that a plan learns from: a CSV file or the store, with what the catalogue and the zoo know of their machines and networks.
import { readFile } from "node:fs/promises";
import { explainRefusal } from "../../../node/files.ts";
import { type History, LEAST_RUNS, readHistory } from "../../../predict/pre/read-history.ts";
import type { Features, PastRun } from "../../../predict/pre/run.ts";
import { BY_ARCHITECTURE, BY_ENVIRONMENT, type LeftOutBy } from "../../../predict/pre/score.ts";
import { InputError } from "../../../units/input-error.ts";
import type { OptionSpec, OptionValues } from "../../command.ts";
import { flagOption, textOption } from "../../options.ts";
import { openUserStore } from "../stored/stored-runs.ts";
import { type DeviceFinder, machineFeatures } from "./plan-machine.ts";
import { countNetwork, zooNameOf } from "./plan-network.ts";
import { storedHistory } from "./plan-store.ts";

export const HISTORY_OPTIONS: readonly OptionSpec[] = [
  { flags: "--history <file>", description: "CSV of past runs, one row each (default: the runs in the store)" },
  {
    flags: "--map <pairs>",
    description:
      "columns as ours=theirs[:unit], such as energy=energy_kwh:kWh,batch=bs (default: found by usual names)",
  },
  {
    flags: "--leave-out <column>",
    description: "score only by leaving out each value of this column (default: architecture and environment)",
  },
  {
    flags: "--skip-bad",
    description: "leave out rows that cannot be used, and say which, instead of refusing the file",
  },
];

/** The history of a plan. */
export interface PlanHistory {
  readonly runs: readonly PastRun[];
  /** What is left out in turn for the score. */
  readonly leftOutBy: readonly LeftOutBy[];
  readonly remarks: readonly string[];
}

async function readSource(options: OptionValues): Promise<History> {
  const path = textOption(options, "--history");
  const map = textOption(options, "--map");
  const leaveOut = textOption(options, "--leave-out");
  if (path === undefined) {
    if (map !== undefined)
      throw new InputError(
        "map-without-history",
        "--map names columns of a file, and no --history was given",
        "add it",
      );
    const { store, messages } = await openUserStore();
    const history = await storedHistory(store);
    if (history.runs.length < LEAST_RUNS)
      throw new InputError(
        "too-few-runs",
        `the store holds ${history.runs.length} training runs, expected at least ${LEAST_RUNS}`,
        "record more, or give past runs with --history FILE.csv",
      );
    return { ...history, remarks: [...messages, ...history.remarks] };
  }
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
  return readHistory(text, {
    skipBad: flagOption(options, "--skip-bad"),
    ...(map !== undefined && { map }),
    ...(leaveOut !== undefined && { leaveOut }),
  });
}

/** Machine features by accelerator name; names that nobody knows are remarked on. */
async function machinesOf(runs: readonly PastRun[], devices: DeviceFinder): Promise<[Map<string, Features>, string[]]> {
  const names = [...new Set(runs.flatMap(({ gpu }) => gpu ?? []))];
  const found = await Promise.all(names.map(async (name) => [name, await devices.find(name)] as const));
  const known = found.flatMap(([name, device]): [string, Features][] =>
    device ? [[name, machineFeatures(device)]] : [],
  );
  const missing = found.flatMap(([name, device]) => (device ? [] : [name]));
  const remarks =
    missing.length === 0
      ? []
      : [`not in the catalogue: ${missing.join(", ")}; only the history's own columns tell of them`];
  return [new Map(known), remarks];
}

/** Counts of networks by name and image size; only when the zoo has all of them, for a feature must be known of every run. */
async function networksOf(runs: readonly PastRun[]): Promise<[Map<string, Features>, string[]]> {
  const names = [...new Set(runs.map(({ architecture }) => architecture))];
  const missing = names.filter((name) => zooNameOf(name) === undefined);
  if (missing.length > 0)
    return [new Map(), [`not in the zoo: ${missing.join(", ")}; parameters and activations are not used`]];
  const wanted = new Map(runs.map((run) => [networkKey(run), run]));
  const counted = await Promise.all(
    [...wanted].map(
      async ([key, { architecture, features }]) => [key, await countNetwork(architecture, features.image)] as const,
    ),
  );
  const remarks = new Set(counted.flatMap(([, { remarks: said }]) => said));
  if (runs.some(({ features }) => features.image === undefined))
    remarks.add("the history does not say the image size: networks are counted at their own");
  return [new Map(counted.map(([key, { features }]) => [key, features])), [...remarks]];
}

const networkKey = ({ architecture, features }: PastRun): string => `${architecture}\n${features.image ?? ""}`;

function leftOutBy(
  options: OptionValues,
  runs: readonly PastRun[],
  labels: readonly string[] | undefined,
): readonly LeftOutBy[] {
  const name = textOption(options, "--leave-out");
  if (name === undefined) return [BY_ARCHITECTURE, BY_ENVIRONMENT];
  const own = [BY_ARCHITECTURE, BY_ENVIRONMENT].find((each) => each.name === name);
  if (own !== undefined) return [own];
  if (labels === undefined)
    throw new InputError(
      "unknown-column",
      `--leave-out "${name}": stored runs can be left out by architecture or environment`,
      "give one of the two, or a --history file",
    );
  const labelOf = new Map(runs.map((run, i) => [run, labels[i]!]));
  return [{ name, of: (run) => labelOf.get(run)! }];
}

/** Reads the past runs and completes them. What the history says itself comes before what we know. */
export async function planHistory(options: OptionValues, devices: DeviceFinder): Promise<PlanHistory> {
  const history = await readSource(options);
  const [machines, machineRemarks] = await machinesOf(history.runs, devices);
  const [networks, networkRemarks] = await networksOf(history.runs);
  const runs = history.runs.map((run) => ({
    ...run,
    features: { ...networks.get(networkKey(run)), ...machines.get(run.gpu ?? ""), ...run.features },
  }));
  return {
    runs,
    leftOutBy: leftOutBy(options, runs, history.labels),
    remarks: [...history.remarks, ...machineRemarks, ...networkRemarks],
  };
}
