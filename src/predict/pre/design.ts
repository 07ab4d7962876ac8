// Set-ups as rows of numbers: logarithms of the features that are known throughout and vary, standardised, and one column per
// environment. Fitted on training set-ups only; a new set-up is put on the same scale.
import { mean, standardDeviation } from "../../math/statistics.ts";
import { groupBy } from "./groups.ts";
import { FEATURE_NAMES, FEATURES, type FeatureName, type SetUp } from "./run.ts";

/** Which features a candidate looks at. */
export type FeatureSet = "work" | "published" | "all" | "none";

export interface DesignOptions {
  readonly features: FeatureSet;
  /** One column per environment besides, so that each may have an efficiency of its own. */
  readonly perEnvironment: boolean;
}

/** Set-ups as rows of numbers. */
export interface Design {
  /** Puts a set-up on the scale of the training set-ups. */
  row(setUp: SetUp): readonly number[];
  /** Columns that speak of the same thing: the network, the machine, the training. */
  readonly parts: readonly (readonly number[])[];
}

const SETS: Readonly<Record<FeatureSet, (name: FeatureName) => boolean>> = {
  none: () => false,
  work: (name) => name === "gflops" || name === "batch" || name === "image",
  published: (name) => FEATURES[name].published,
  all: () => true,
};

/** Features known of every set-up, `asked` among them, that are not the same in all of them. */
export function usableFeatures(setUps: readonly SetUp[], asked?: SetUp): readonly FeatureName[] {
  return FEATURE_NAMES.filter((name) => {
    if (asked !== undefined && asked.features[name] === undefined) return false;
    const values = setUps.map(({ features }) => features[name]);
    return values.every((value) => value !== undefined) && new Set(values).size > 1;
  });
}

/** @param usable features that may be used, from `usableFeatures` of all set-ups the fit will meet */
export function fitDesign(setUps: readonly SetUp[], usable: readonly FeatureName[], options: DesignOptions): Design {
  const features = usable.filter(SETS[options.features]);
  const environments = options.perEnvironment ? [...new Set(setUps.map(({ environment }) => environment))] : [];
  const raw = (setUp: SetUp): readonly number[] => [
    ...features.map((name) => Math.log(setUp.features[name]!)),
    ...environments.map((name) => (setUp.environment === name ? 1 : 0)),
  ];
  const rows = setUps.map(raw);
  const width = features.length + environments.length;
  const scales = Array.from({ length: width }, (_, j) => {
    const column = rows.map((row) => row[j]!);
    return { centre: mean(column), spread: standardDeviation(column) || 1 };
  });
  // An environment that was not seen is no environment's column: it takes the mean of all, which is 0 on this scale.
  const isSeen = new Set(environments);
  const row = (setUp: SetUp): readonly number[] =>
    raw(setUp).map((value, j) => {
      if (j >= features.length && !isSeen.has(setUp.environment)) return 0;
      return (value - scales[j]!.centre) / scales[j]!.spread;
    });
  const about = [...features.map((name) => FEATURES[name].of), ...environments.map(() => "machine" as const)];
  const parts = groupBy(
    about.map((of, j) => ({ of, j })),
    ({ of }) => of,
  );
  return { row, parts: [...parts.values()].map((part) => part.map(({ j }) => j)) };
}
