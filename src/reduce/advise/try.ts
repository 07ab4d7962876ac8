// Runs what the actions want tried, each beside the network as it is, turn by turn; judges what may answer differently. It only notes what
// happened: joules are known when the recording has ended, and then `resolved` puts both together.
import type { DataSet } from "../../learn/data/data-set.ts";
import type { Clock, Score } from "../../learn/train/plan.ts";
import type { LossSpec } from "../../learn/training-graph.ts";
import { median } from "../../math/statistics.ts";
import { InputError } from "../../units/input-error.ts";
import { judgeNetwork } from "../judge.ts";
import { type StopSignal, unlessStopped } from "../stoppable.ts";
import { type TimedNetwork, timeNetworks } from "../timing.ts";
import type { Action, Basis, Candidate, Subject, Tried } from "./action.ts";
import { pairedRatio } from "./paired-ratio.ts";

export interface BenchPlan {
  readonly subject: Subject;
  readonly clock: Clock;
  /** Turns of each network in a pair. Default 15. */
  readonly turns?: number;
  /** Length of a turn, s. Default 0.03. */
  readonly turnS?: number;
  /** Batches and networks of which one pass is likely to take longer are not tried, s. Default 2. */
  readonly longestPassS?: number;
  /** Judges accuracy; undefined: none is told. */
  readonly judge: { readonly set: DataSet; readonly loss: LossSpec } | undefined;
  /** Wraps what is done: a window in which a meter reads. Default: nothing. */
  readonly section?: (name: string, work: () => Promise<void>) => Promise<void>;
  /** What is tried now, and how many actions have been tried of how many that can be. */
  readonly onProgress?: (what: string, done: number, total: number) => void;
  /** Aborted: what was tried by then is all. Default: never. */
  readonly signal?: StopSignal;
}

/** A turn by the clock. */
interface Turn {
  /** As `section` was called. */
  readonly window: string;
  readonly inferences: number;
  readonly seconds: number;
}

export interface CandidateRun {
  readonly candidate: Candidate;
  readonly before: readonly Turn[];
  readonly after: readonly Turn[];
  readonly score: Tried["score"];
}

export interface ActionRun {
  readonly action: string;
  /** Window and time of making the candidates. */
  readonly make: { readonly window: string; readonly seconds: number };
  readonly runs: readonly CandidateRun[];
  /** Why nothing was tried: what the network or the data do not allow. */
  readonly refused: string | undefined;
}

/** Everything that was run. */
export interface Bench {
  readonly actions: readonly ActionRun[];
  /** Of the network as it is; undefined without test data. */
  readonly score: Score | undefined;
}

type Sections = NonNullable<BenchPlan["section"]>;

const bare: Sections = (_name, work) => work();

async function timePair(action: string, candidate: Candidate, plan: BenchPlan): Promise<CandidateRun> {
  const { subject, clock, turns = 15, turnS = 0.03, section = bare, signal } = plan;
  const { network, dims, runtime } = subject;
  const prefix = `${action}, ${candidate.name}: `;
  const seconds = new Map<string, number>();
  const after = {
    ...candidate.network,
    ...(candidate.batch !== undefined && { batch: candidate.batch }),
    ...(candidate.threads !== undefined && { threads: candidate.threads }),
  };
  const timed = await timeNetworks(
    { before: network, after },
    {
      runtime,
      clock,
      dims,
      turns,
      turnS,
      ...(signal && { signal }),
      section: async (name, passes) => {
        await section(prefix + name, async () => {
          const fromS = clock.nowS();
          await passes();
          seconds.set(name, clock.nowS() - fromS);
        });
      },
    },
  );
  const turnsOf = (one: TimedNetwork): readonly Turn[] =>
    one.turns.map(({ name, passes }) => ({
      window: prefix + name,
      inferences: passes * one.time.batch,
      seconds: seconds.get(name)!,
    }));
  return { candidate, before: turnsOf(timed.before), after: turnsOf(timed.after), score: undefined };
}

/** What is refused is told in words; anything else is a bug. */
function refusalOf(error: unknown): string {
  if (error instanceof InputError) return error.message;
  throw error;
}

const perInferenceS = (turns: readonly Turn[]): number =>
  median(turns.map(({ seconds, inferences }) => seconds / inferences));

/** Times a candidate where it is to run here, and judges it where its answers may differ. */
async function tryCandidate(
  action: string,
  candidate: Candidate,
  plan: BenchPlan,
  before: Score | undefined,
): Promise<CandidateRun> {
  const { subject, judge, signal } = plan;
  const { dims, runtime, isHere } = subject;
  const run = isHere ? await timePair(action, candidate, plan) : { candidate, before: [], after: [], score: undefined };
  if (!candidate.isJudged || judge === undefined || before === undefined) return run;
  const after = await judgeNetwork(candidate.network, { ...judge, runtime, dims, ...(signal && { signal }) });
  return { ...run, score: { before, after } };
}

async function tryAction(
  action: Action,
  plan: BenchPlan,
  score: Score | undefined,
  onProgress: (what: string) => void,
): Promise<ActionRun> {
  const { subject, clock, section = bare, longestPassS = 2, signal } = plan;
  const window = `making ${action.id}`;
  const fromS = clock.nowS();
  const runs: CandidateRun[] = [];
  let refused: string | undefined;
  let candidates: readonly Candidate[] = [];
  try {
    await unlessStopped(() =>
      section(window, async () => {
        candidates = (await action.candidates?.({ ...subject, ...(signal && { signal }) })) ?? [];
      }),
    );
  } catch (error) {
    refused = refusalOf(error);
  }
  const make = { window, seconds: clock.nowS() - fromS };
  for (const candidate of candidates) {
    if (signal?.aborted === true) break;
    const last = runs.at(-1);
    const growth = (candidate.batch ?? 1) / (last?.candidate.batch ?? 1);
    const lastPassS = last === undefined ? 0 : perInferenceS(last.after) * (last.candidate.batch ?? 1);
    if (lastPassS * growth > longestPassS) break;
    onProgress(`trying ${action.id === candidate.name ? candidate.name : `${action.id}, ${candidate.name}`}`);
    try {
      const run = await unlessStopped(() => tryCandidate(action.id, candidate, plan, score));
      if (run === undefined) break;
      runs.push(run);
    } catch (error) {
      refused ??= refusalOf(error);
    }
  }
  return { action: action.id, make, runs, refused: runs.length > 0 ? undefined : refused };
}

/** Tries every action that has something to try. @throws InputError when the network itself cannot run or be judged */
export async function tryActions(actions: readonly Action[], plan: BenchPlan): Promise<Bench> {
  const { subject, judge, onProgress, signal } = plan;
  const { network, dims, runtime } = subject;
  const possible = actions.filter(({ candidates }) => candidates !== undefined);
  onProgress?.("judging the network as it is", 0, possible.length);
  const how = { runtime, dims, ...(signal && { signal }) };
  const score = judge && (await unlessStopped(() => judgeNetwork(network, { ...judge, ...how })));
  const tried: ActionRun[] = [];
  for (const [done, action] of possible.entries()) {
    if (signal?.aborted === true) break;
    tried.push(await tryAction(action, plan, score, (what) => onProgress?.(what, done, possible.length)));
  }
  return { actions: tried, score };
}

/** How joules are known once the recording has ended. */
export interface Joules {
  /** Of a window as a meter told them; undefined where it did not, or where they were modelled. */
  readonly windowJ: (window: string) => number | undefined;
  /** Power by model with so many threads at work (default: all), W; undefined where not known. */
  readonly powerW: (threads?: number) => number | undefined;
}

interface Told {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly basis: Basis;
}

/** Least share of the pairs that a meter must have read for its joules to count. */
const READ_RATIO = 0.6;

/** Joules per inference of each turn: by meter in the pairs that it read, where those are most; else time × modelled power. */
function joulesOf({ candidate, before, after }: CandidateRun, { windowJ, powerW }: Joules): Told | undefined {
  const read = ({ window, inferences }: Turn) => (windowJ(window) ?? 0) / inferences;
  const pairs = before.map((turn, i) => [read(turn), read(after[i]!)] as const).filter(([a, b]) => a > 0 && b > 0);
  if (pairs.length >= Math.max(2, READ_RATIO * before.length))
    return { before: pairs.map(([a]) => a), after: pairs.map(([, b]) => b), basis: "measured" };
  const [nowW, thenW] = [powerW(), powerW(candidate.threads)];
  if (nowW === undefined || thenW === undefined) return undefined;
  const priced = (turns: readonly Turn[], watts: number) =>
    turns.map(({ seconds, inferences }) => (watts * seconds) / inferences);
  return { before: priced(before, nowW), after: priced(after, thenW), basis: "estimated" };
}

export interface Resolved {
  readonly tried: ReadonlyMap<string, readonly Tried[]>;
  readonly refused: ReadonlyMap<string, string>;
  /** Joules and time of one inference as it is, of all turns in which it ran; undefined where it did not. */
  readonly base:
    | { readonly perInferenceJ: readonly number[]; readonly seconds: number; readonly basis: Basis }
    | undefined;
}

/** What was tried, in joules. */
export function resolved({ actions }: Bench, joules: Joules): Resolved {
  const tried = new Map<string, readonly Tried[]>();
  const refused = new Map<string, string>();
  const bases: Told[] = [];
  const seconds: number[] = [];
  for (const { action, make, runs, refused: reason } of actions) {
    if (reason !== undefined) refused.set(action, reason);
    const makeW = joules.powerW();
    const madeJ = joules.windowJ(make.window) ?? (makeW === undefined ? undefined : makeW * make.seconds);
    const each = runs.map((run): Tried => {
      const wasRun = run.after.length > 0;
      const told = wasRun ? joulesOf(run, joules) : undefined;
      if (told !== undefined) bases.push(told);
      if (wasRun) seconds.push(perInferenceS(run.before));
      const { name, batch, threads } = run.candidate;
      return {
        candidate: { name, ...(batch !== undefined && { batch }), ...(threads !== undefined && { threads }) },
        ratio: told && pairedRatio(told.before, told.after),
        basis: told?.basis ?? "estimated",
        seconds: wasRun ? { before: perInferenceS(run.before), after: perInferenceS(run.after) } : undefined,
        score: run.score,
        madeJ: wasRun ? madeJ : undefined,
      };
    });
    if (each.length > 0) tried.set(action, each);
  }
  const basis: Basis = bases.length > 0 && bases.every((one) => one.basis === "measured") ? "measured" : "estimated";
  const perInferenceJ = bases.filter((one) => one.basis === basis).flatMap(({ before }) => before);
  const base = perInferenceJ.length === 0 ? undefined : { perInferenceJ, seconds: median(seconds), basis };
  return { tried, refused, base };
}
