// The error that PRE shows: every form, scored on networks (or environments) that it has not seen. Whole groups are left out, and the
// choice of candidates is made again without them.
import { mean, meanAbsoluteRelativeError } from "../../math/statistics.ts";
import { usableFeatures } from "./design.ts";
import { FORMS, type Form, saysGiven } from "./forms.ts";
import { groupBy } from "./groups.ts";
import { halfWidth } from "./interval.ts";
import { chooseMembers, fitMembers, type Grouping, leaveGroupsOut } from "./leave-out.ts";
import { fitPublishedPower } from "./published.ts";
import type { PastRun } from "./run.ts";
import type { TargetName } from "./targets.ts";

/** What is left out together. */
export interface LeftOutBy {
  /** "architecture", "environment", or the column's heading. */
  readonly name: string;
  readonly of: Grouping;
}

export const BY_ARCHITECTURE: LeftOutBy = { name: "architecture", of: ({ architecture }) => architecture };
export const BY_ENVIRONMENT: LeftOutBy = { name: "environment", of: ({ environment }) => environment };
/** A network that was seen, on a machine that was seen, but not the two together. */
export const BY_PAIR: LeftOutBy = {
  name: "combination",
  of: ({ architecture, environment }) => `${architecture} on ${environment}`,
};

/** One form on one left-out group. Errors are of the energy of whole runs. */
export interface ScoreRow {
  readonly by: string;
  readonly leftOut: string;
  readonly part: Form["part"];
  /** Id of the form, or "published-kernel-ridge". */
  readonly model: string;
  readonly runs: number;
  /** Mean of |predicted − true| ÷ true, a ratio. */
  readonly mape: number;
  readonly rmseJ: number;
  /** Mean of predicted ÷ true, less 1: above 0 is too much. */
  readonly bias: number;
  /** Share of the runs inside the 90 % interval made from the other groups; undefined where there are too few for one. */
  readonly coverage: number | undefined;
}

/** The held-out energies of one form. */
export interface HeldOutEnergies {
  readonly form: Form;
  readonly rows: readonly { readonly run: PastRun; readonly group: string; readonly energyJ: number }[];
}

export interface Scored {
  readonly by: LeftOutBy;
  readonly groups: readonly string[];
  readonly energies: readonly HeldOutEnergies[];
  readonly rows: readonly ScoreRow[];
  /** The kernel ridge as it is published, on power × given duration. */
  readonly published: readonly ScoreRow[];
}

/** @returns ln(true ÷ predicted) by group */
export function residualsOf({ rows }: HeldOutEnergies): ReadonlyMap<string, readonly number[]> {
  const groups = groupBy(rows, ({ group }) => group);
  return new Map(
    [...groups].map(([name, group]) => [name, group.map(({ run, energyJ }) => Math.log(run.energyJ / energyJ))]),
  );
}

function rowsOf(energies: HeldOutEnergies, by: string, model = energies.form.id): readonly ScoreRow[] {
  const residuals = residualsOf(energies);
  return [...groupBy(energies.rows, ({ group }) => group)].map(([leftOut, group]) => {
    const others = [...residuals].flatMap(([name, values]) => (name === leftOut ? [] : [values]));
    const half = halfWidth(others);
    const truth = group.map(({ run }) => run.energyJ);
    const predicted = group.map(({ energyJ }) => energyJ);
    return {
      by,
      leftOut,
      part: energies.form.part,
      model,
      runs: group.length,
      mape: meanAbsoluteRelativeError(truth, predicted),
      rmseJ: Math.sqrt(mean(truth.map((value, i) => (value - predicted[i]!) ** 2))),
      bias: mean(truth.map((value, i) => predicted[i]! / value - 1)),
      coverage:
        half === undefined
          ? undefined
          : mean(residuals.get(leftOut)!.map((value) => (Math.abs(value) <= half ? 1 : 0))),
    };
  });
}

/** Groups above which candidates are chosen without a whole block of groups, the one in question among them, and not once per group. */
const MANY_GROUPS = 10;
const BLOCKS = 5;

/** Targets of every run, predicted without its group; nor has the choice of candidates seen it. */
function heldOutTargets(runs: readonly PastRun[], by: LeftOutBy): Map<TargetName, Map<PastRun, number>> {
  const usable = usableFeatures(runs);
  const targets = [...new Set(FORMS.flatMap((form) => form.targets))];
  // Inside, candidates are compared on the same kind of question; where only one group is left, on another.
  const groupings = [by.of, BY_ARCHITECTURE.of, BY_ENVIRONMENT.of];
  const groups = [...groupBy(runs, by.of)];
  const blocks = groups.length > MANY_GROUPS ? BLOCKS : groups.length;
  const blockOf = new Map(groups.map(([name], i) => [name, i % blocks]));
  return new Map(
    targets.map((target) => {
      const members = Array.from({ length: groups.length < 2 ? 0 : blocks }, (_, block) => {
        const others = runs.filter((run) => blockOf.get(by.of(run)) !== block);
        return chooseMembers(target, others, groupings, usable);
      });
      const predicted = groups.flatMap(([name, own]): [PastRun, number][] => {
        const chosen = members[blockOf.get(name)!];
        const others = runs.filter((run) => by.of(run) !== name);
        const predict = chosen && fitMembers(chosen, target, others, usable);
        return predict === undefined ? [] : own.map((run) => [run, predict(run)]);
      });
      return [target, new Map(predicted)];
    }),
  );
}

/**
 * Leaves each group out in turn and scores every form that the history allows on it.
 * @returns no rows when there are fewer than two groups
 */
export function scoreBy(runs: readonly PastRun[], by: LeftOutBy): Scored {
  const groups = [...new Set(runs.map(by.of))];
  const targets = heldOutTargets(runs, by);
  const energies = FORMS.flatMap((form): HeldOutEnergies[] => {
    const rows = runs.flatMap((run) => {
      const predicted = Object.fromEntries(form.targets.map((target) => [target, targets.get(target)!.get(run)]));
      const isKnown = saysGiven(form, run) && Object.values(predicted).every((value) => value !== undefined);
      return isKnown
        ? [{ run, group: by.of(run), energyJ: form.energyJ(predicted as Record<TargetName, number>, run, run) }]
        : [];
    });
    return rows.length === 0 ? [] : [{ form, rows }];
  });
  const usable = usableFeatures(runs);
  const withDuration = runs.filter(({ durationS }) => durationS !== undefined);
  const published = leaveGroupsOut(withDuration, by.of, (training) => fitPublishedPower(training, usable)).map(
    ({ run, group, predicted }) => ({ run, group, energyJ: predicted * run.durationS! }),
  );
  return {
    by,
    groups,
    energies,
    rows: energies.flatMap((each) => rowsOf(each, by.name)),
    published: rowsOf({ form: FORMS[0]!, rows: published }, by.name, "published-kernel-ridge"),
  };
}
