// The question of a plan: which network, on which machine, with which settings; and what of it was not said and taken from the past.
import { plainName } from "../../../hardware/find.ts";
import { median } from "../../../math/statistics.ts";
import { FEATURES, type FeatureName, type Features, type PastRun, type SetUp } from "../../../predict/pre/run.ts";
import { InputError } from "../../../units/input-error.ts";
import type { OptionSpec, OptionValues } from "../../command.ts";
import { countOption, positiveOption, textOption } from "../../options.ts";
import { type DeviceFinder, isDevice, machineFeatures } from "./plan-machine.ts";
import { countNetwork } from "./plan-network.ts";

export const QUESTION_OPTIONS: readonly OptionSpec[] = [
  { flags: "--network <name>", description: "a network of the history, of the zoo, or an .onnx file" },
  { flags: "--on <machine>", description: "an environment of the history, or a device by name or .json file" },
  { flags: "--dataset-size <n>", description: "training samples (default: as in the history)" },
  {
    flags: "--validation-size <n>",
    description: "validation samples (default: the history's share of the training samples)",
  },
  { flags: "--image <pixels>", description: "side of the square image (default: as in the history)" },
  { flags: "--batch <n>", description: "batch size (default: as in the history)" },
  { flags: "--epochs <n>", description: "epochs that will be trained (default: not known, the duration is predicted)" },
  {
    flags: "--duration <time>",
    description: "how long training will take, such as 2h: then only the power is predicted",
  },
  { flags: "--ram <size>", description: "memory of the machine, such as 64GiB (default: as in the history)" },
  {
    flags: "--gflops <n>",
    description: "10⁹ FLOPs of one forward pass of one sample, 1 MAC = 2 FLOPs (default: counted)",
  },
];

export interface Question {
  readonly setUp: SetUp;
  readonly assumptions: readonly string[];
}

/** Runs that are most alike in environment: the name most runs have. */
function mostFrequent(names: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

const machineOnly = (features: Features): Features =>
  Object.fromEntries(Object.entries(features).filter(([name]) => FEATURES[name as FeatureName].of === "machine"));

/** The environment of the question and what is known of it. */
async function machineAsked(
  options: OptionValues,
  runs: readonly PastRun[],
  devices: DeviceFinder,
): Promise<{ environment: string; features: Features; assumptions: string[] }> {
  const asked = textOption(options, "--on");
  const known = [...new Set(runs.map(({ environment }) => environment))];
  const knownFeatures = (name: string): Features =>
    machineOnly(runs.find(({ environment }) => environment === name)!.features);
  if (asked === undefined) {
    if (known.length === 1) return { environment: known[0]!, features: knownFeatures(known[0]!), assumptions: [] };
    throw new InputError("no-machine", "which machine? --on was not given", `the history has ${known.join(", ")}`);
  }
  const exact = known.find((name) => plainName(name) === plainName(asked));
  if (exact !== undefined) return { environment: exact, features: knownFeatures(exact), assumptions: [] };
  const device = await devices.get(asked);
  const owners = runs.filter(({ gpu, environment }) => isDevice(device, gpu ?? environment));
  const environment = mostFrequent(owners.map((run) => run.environment));
  if (environment === undefined) return { environment: device.id, features: machineFeatures(device), assumptions: [] };
  const others = new Set(owners.map((run) => run.environment)).size - 1;
  const assumptions = others === 0 ? [] : [`several environments have a ${device.name}: taken is "${environment}"`];
  return { environment, features: knownFeatures(environment), assumptions };
}

/** Settings that were said, with those of the past for the rest. */
function settingsAsked(options: OptionValues, runs: readonly PastRun[]): { features: Features; assumptions: string[] } {
  const past = (name: FeatureName): readonly number[] => runs.flatMap(({ features }) => features[name] ?? []);
  const given: Partial<Record<FeatureName, number | undefined>> = {
    batch: countOption(options, "--batch"),
    image: countOption(options, "--image"),
    trainSize: countOption(options, "--dataset-size"),
    validationSize: countOption(options, "--validation-size", 0),
    ramBytes: positiveOption(options, "--ram", "B"),
  };
  const assumptions: string[] = [];
  const features: Partial<Record<FeatureName, number>> = {};
  for (const name of ["batch", "image", "trainSize", "validationSize", "ramBytes"] as const) {
    const value = given[name];
    const values = past(name);
    if (value !== undefined && values.length === 0 && name !== "ramBytes")
      assumptions.push(`the history does not say ${FEATURES[name].label}: past runs are taken to be alike in it`);
    if (value !== undefined) features[name] = value;
    else if (values.length > 0 && name === "validationSize" && given.trainSize !== undefined)
      features[name] = Math.round((given.trainSize * median(values)) / median(past("trainSize")));
    else if (values.length > 0 && name !== "ramBytes") features[name] = median(values);
    if (value === undefined && features[name] !== undefined)
      assumptions.push(`${FEATURES[name].label} ${Number(features[name].toPrecision(6))}, as in the history`);
  }
  // 0 validation samples are none; a feature is a number above 0.
  if (features.validationSize === 0) delete features.validationSize;
  return { features, assumptions };
}

/** What the network does per sample: what the history says of it at this image size, else counted. */
async function networkAsked(
  options: OptionValues,
  runs: readonly PastRun[],
  image: number | undefined,
): Promise<{ architecture: string; features: Features; assumptions: readonly string[] }> {
  const name = textOption(options, "--network")!;
  const gflops = positiveOption(options, "--gflops", "");
  const known = [...new Set(runs.map(({ architecture }) => architecture))];
  const bare = name.replace(/^zoo:/, "");
  const architecture = known.find((each) => plainName(each) === plainName(bare)) ?? bare;
  const own = runs.filter((run) => run.architecture === architecture);
  const alike = own.find(
    ({ features }) => image === undefined || features.image === undefined || features.image === image,
  );
  if (alike !== undefined && gflops === undefined) {
    const features = Object.fromEntries(
      Object.entries(alike.features).filter(([feature]) => FEATURES[feature as FeatureName].of === "network"),
    );
    return { architecture, features, assumptions: [] };
  }
  if (gflops !== undefined) return { architecture, features: { gflops }, assumptions: [] };
  const { features, remarks } = await countNetwork(name, image, known);
  return { architecture, features, assumptions: remarks };
}

/** @throws InputError for names that nobody knows, and when the machine is not said */
export async function planQuestion(
  options: OptionValues,
  runs: readonly PastRun[],
  devices: DeviceFinder,
): Promise<Question> {
  const settings = settingsAsked(options, runs);
  const machine = await machineAsked(options, runs, devices);
  const network = await networkAsked(options, runs, settings.features.image);
  return {
    setUp: {
      architecture: network.architecture,
      environment: machine.environment,
      features: { ...machine.features, ...settings.features, ...network.features },
    },
    assumptions: [...settings.assumptions, ...machine.assumptions, ...network.assumptions],
  };
}
