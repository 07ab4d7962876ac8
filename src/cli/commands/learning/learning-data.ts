// From settings to the three sets of a training: learned from, judged by after each epoch, judged by at the end.
import { type DataSet, limited, slice } from "../../../learn/data/data-set.ts";
import { openData } from "../../../node/data/open-data.ts";
import { InputError } from "../../../units/input-error.ts";
import type { LearningSettings } from "./learning-options.ts";

/** Share taken from the training samples when early stopping needs data of its own. */
const PATIENCE_SHARE = 0.1;

export interface LearningData {
  readonly train: DataSet;
  readonly validation: DataSet | undefined;
  readonly test: DataSet | undefined;
}

/** The last samples are taken for validation: a share, at least one and not all. */
function split(set: DataSet, share: number): readonly [DataSet, DataSet] {
  const taken = Math.max(1, Math.round(set.samples * share));
  if (taken >= set.samples)
    throw new InputError(
      "few-samples",
      `${set.name} has ${set.samples} samples, none is left to learn from`,
      "give a smaller --validation share",
    );
  return [slice(set, 0, set.samples - taken), slice(set, set.samples - taken, set.samples)];
}

export function learningData(settings: LearningSettings): LearningData {
  const { data, validationShare, patience, limitTrain, limitTest } = settings;
  const all = openData(data);
  const whole = limited(all.train, limitTrain);
  const test = all.test && limited(all.test, limitTest);
  // Stopping by the test set would choose the state that suits it.
  const share = validationShare ?? (patience === undefined ? undefined : PATIENCE_SHARE);
  if (share === undefined) return { train: whole, validation: test, test };
  const [train, validation] = split(whole, share);
  return { train, validation, test };
}
