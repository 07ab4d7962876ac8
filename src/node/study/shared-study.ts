// Studies that several machines share: plans and records in PostgreSQL, trials in its queue. Agents come, go and are killed: a trial
// that nobody renews goes back to the queue, one that was lost three times is set aside, and a record is kept once, by who holds the lease.
// What changes a job and its lease together is one statement each, so that two agents never both do it, and none dies halfway.
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { parsePlan, type StudyPlan } from "../../study/plan.ts";
import {
  type Claim,
  LEASE_LOST,
  MOST_ATTEMPTS,
  type StudyProgress,
  type TrialQueue,
  type TrialRecord,
} from "../../study/record.ts";
import { type Trial, trialsOf } from "../../study/trials.ts";
import { InputError } from "../../units/input-error.ts";
import type { Postgres } from "./postgres.ts";
import { SAMPLES_LIMIT } from "./study-folder.ts";

/** A lease that was not renewed for so long is lost, s; it is renewed three times as often. */
export const LEASE_S = 60;
/** pg-boss counts attempts too; ours decide, so its limit is out of the way. */
const RETRIES = 1_000_000;
/** Longest that pg-boss lets a job run, h. */
const LONGEST_H = 23;
const KEPT_DAYS = 365;
/** Queue of trials that any machine may take. */
const ANY = "any";

interface JobData {
  readonly study: string;
  readonly trial: string;
}

const queueOf = (hardware: string | undefined): string => `trials-${(hardware ?? ANY).replaceAll(/[^\w.-]/g, "_")}`;

/** What a plan's study is called in the database: the same plan is the same study. */
export const studyId = (source: string): string => createHash("sha256").update(source).digest("hex").slice(0, 16);

/** A job's id follows from its trial, so that publishing a study twice makes no second job. */
function jobId(study: string, trial: string): string {
  const hex = createHash("sha256").update(`${study}\n${trial}`).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}

/** Making a queue makes a table, which gets in the way of agents at work: only where there is none. */
async function ensureQueue({ boss, query, patiently }: Postgres, name: string): Promise<void> {
  const there = await query("SELECT 1 FROM joulecast_queue.queue WHERE name = $1", [name]);
  if (there.length > 0) return;
  await patiently(() => boss.createQueue(name, { name, retryLimit: RETRIES, retryDelay: 0, expireInHours: LONGEST_H }));
}

const asRecord = (value: unknown): TrialRecord => value as TrialRecord;

/** One study in the database, for the program that published it. */
export interface SharedStudy {
  readonly id: string;
  readonly plan: StudyPlan;
  readonly trials: readonly Trial[];
  progress(): Promise<StudyProgress>;
  /** Records that are not in `have`, with their samples. */
  newRecords(
    have: ReadonlySet<string>,
  ): Promise<readonly { readonly record: TrialRecord; readonly samples: string | undefined }[]>;
}

/** Takes back what has ended without a result: the record, the times it was lost, and the job that is over. */
async function forgetFailures({ query }: Postgres, study: string): Promise<void> {
  const jobs = `data->>'study' = $1 AND data->>'trial' IN (SELECT trial FROM gone)`;
  await query(
    `WITH gone AS (DELETE FROM joulecast.record WHERE study = $1 AND record->>'status' <> 'done' RETURNING trial),
       lost AS (DELETE FROM joulecast.lost WHERE study = $1 AND trial IN (SELECT trial FROM gone)),
       old AS (DELETE FROM joulecast_queue.archive WHERE ${jobs})
     DELETE FROM joulecast_queue.job WHERE ${jobs}
       AND NOT EXISTS (SELECT 1 FROM joulecast.lease WHERE lease.job = joulecast_queue.job.id)`,
    [study],
  );
}

/**
 * Puts a study and its trials into the database; does nothing where they are already.
 * @param options.retryFailed trials that failed or were set aside are done once more. Default false
 */
export async function publishStudy(
  store: Postgres,
  source: string,
  { retryFailed = false }: { readonly retryFailed?: boolean } = {},
): Promise<SharedStudy> {
  const plan = parsePlan(source, "plan.yaml");
  const trials = trialsOf(plan);
  const id = studyId(source);
  await store.query(
    "INSERT INTO joulecast.study (id, name, plan, hardware) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    [id, plan.name, source, plan.hardware ?? null],
  );
  const name = queueOf(plan.hardware);
  await ensureQueue(store, name);
  if (retryFailed) await forgetFailures(store, id);
  const keepUntil = new Date(Date.now() + KEPT_DAYS * 86_400_000).toISOString();
  await store.patiently(() =>
    store.boss.insert(
      trials.map(({ id: trial }) => ({
        id: jobId(id, trial),
        name,
        data: { study: id, trial } satisfies JobData,
        retryLimit: RETRIES,
        retryDelay: 0,
        expireInSeconds: LONGEST_H * 3600,
        keepUntil,
      })),
    ),
  );
  return {
    id,
    plan,
    trials,
    progress: () => progressOf(store, id, trials.length),
    newRecords: async (have) => {
      const rows = await store.query(
        "SELECT record, samples FROM joulecast.record WHERE study = $1 AND NOT (trial = ANY($2::text[]))",
        [id, [...have]],
      );
      return rows.map(({ record, samples }) => ({
        record: asRecord(record),
        samples: samples === null ? undefined : gunzipSync(samples as Buffer, SAMPLES_LIMIT).toString("utf8"),
      }));
    },
  };
}

async function progressOf({ query }: Postgres, study: string, total: number): Promise<StudyProgress> {
  const [counts] = await query(
    `SELECT count(*) FILTER (WHERE record->>'status' = 'done')::int AS done, count(*)::int AS ended,
       (SELECT count(*)::int FROM joulecast.lease WHERE study = $1) AS running
     FROM joulecast.record WHERE study = $1`,
    [study],
  );
  const [done, ended] = [Number(counts!.done), Number(counts!.ended)];
  return { total, done, failed: ended - done, running: Number(counts!.running) };
}

/** Keeps a record, unless one is there. */
async function keepRecord({ query }: Postgres, study: string, record: TrialRecord, samples: string | undefined) {
  await query(
    "INSERT INTO joulecast.record (study, trial, record, samples) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    [study, record.trial.id, JSON.stringify(record), samples === undefined ? null : gzipSync(samples)],
  );
}

export interface AgentOptions {
  /** Name of this machine and process, for leases and records. */
  readonly agent: string;
  /** Hardware tags of this machine: it takes their trials besides those for any. */
  readonly tags: readonly string[];
  readonly nowIso: () => string;
  /** Default LEASE_S. */
  readonly leaseS?: number;
}

/** The queue of one agent: trials of every study for which this machine will do. */
export interface AgentQueue extends TrialQueue {
  /** The plan that a claim's trial is of. */
  planOf(claim: Claim): StudyPlan;
  /** Trials of any study that are waiting or being done and could come to this machine. */
  left(): Promise<number>;
}

/** Opens the queue for an agent. */
export async function openAgentQueue(store: Postgres, options: AgentOptions): Promise<AgentQueue> {
  const { agent, tags, nowIso, leaseS = LEASE_S } = options;
  const { boss, query, patiently } = store;
  const queues = [...new Set([...tags.map(queueOf), queueOf(undefined)])];
  for (const name of queues) await ensureQueue(store, name);
  const plans = new Map<string, { readonly plan: StudyPlan; readonly trials: ReadonlyMap<string, Trial> }>();
  const claimed = new WeakMap<Claim, StudyPlan>();

  const studyOf = async (id: string) => {
    const known = plans.get(id);
    if (known !== undefined) return known;
    const [row] = await query("SELECT plan FROM joulecast.study WHERE id = $1", [id]);
    if (row === undefined) return undefined;
    const plan = parsePlan(String(row.plan), "plan.yaml");
    const made = { plan, trials: new Map(trialsOf(plan).map((trial) => [trial.id, trial])) };
    plans.set(id, made);
    return made;
  };

  const setAside = async (study: string, trialId: string, times: number): Promise<void> => {
    const trial = (await studyOf(study))?.trials.get(trialId);
    if (trial === undefined) return;
    const reason = `lost ${times} times: it takes the agent or its machine down`;
    const record = { trial, status: "set aside", reason, attempts: times, machine: agent } as const;
    await keepRecord(store, study, { ...record, startedAt: nowIso(), durationS: 0, rows: [] }, undefined);
  };

  /**
   * Gives back what nobody renews, and counts it as lost, once: a lease that is deleted here, or a job that was taken and never leased.
   * While the database was away nobody could renew: after a restart of it, and after we could not reach it, everybody has the time
   * of a lease to do so first.
   */
  const reap = async (): Promise<void> => {
    if (store.sinceAwayS() < leaseS) return;
    await query(
      `WITH gone AS (
         DELETE FROM joulecast.lease
         WHERE greatest(renewed_at, pg_postmaster_start_time()) < now() - lease_s * interval '1 second' RETURNING job),
       freed AS (
         UPDATE joulecast_queue.job AS job SET state = 'retry', start_after = now() - interval '1 second'
         WHERE job.state = 'active' AND (job.id IN (SELECT job FROM gone) OR (
           job.name = ANY($2::text[])
           AND greatest(job.started_on, pg_postmaster_start_time()) < now() - $1 * interval '1 second'
           AND NOT EXISTS (SELECT 1 FROM joulecast.lease WHERE lease.job = job.id)))
         RETURNING data->>'study' AS study, data->>'trial' AS trial)
       INSERT INTO joulecast.lost (study, trial, times) SELECT study, trial, 1 FROM freed
       ON CONFLICT (study, trial) DO UPDATE SET times = joulecast.lost.times + 1`,
      [leaseS, queues],
    );
  };

  /** @param turn how often the job had been taken before: another turn of it is not ours */
  const claimOf = async (
    queue: string,
    job: string,
    turn: number,
    { study, trial: trialId }: JobData,
  ): Promise<Claim | undefined> => {
    const finish = () => patiently(() => boss.complete(queue, job));
    const isKept = async (): Promise<boolean> =>
      (await query("SELECT 1 FROM joulecast.record WHERE study = $1 AND trial = $2", [study, trialId])).length > 0;
    const found = await studyOf(study);
    const trial = found?.trials.get(trialId);
    const [lost] = await query("SELECT times FROM joulecast.lost WHERE study = $1 AND trial = $2", [study, trialId]);
    const times = Number(lost?.times ?? 0);
    if (times >= MOST_ATTEMPTS) await setAside(study, trialId, times);
    if (found === undefined || trial === undefined || (await isKept())) {
      await finish();
      return undefined;
    }
    const leased = await query(
      `WITH mine AS (
         UPDATE joulecast_queue.job SET started_on = now()
         WHERE name = $1 AND id = $2 AND state = 'active' AND retry_count = $3 RETURNING id, name)
       INSERT INTO joulecast.lease (job, queue, study, trial, agent, lease_s)
       SELECT id, name, $4, $5, $6, $7::double precision FROM mine
       ON CONFLICT (job) DO UPDATE SET agent = EXCLUDED.agent, lease_s = EXCLUDED.lease_s, renewed_at = now()
       RETURNING job`,
      [queue, job, turn, study, trialId, agent, leaseS],
    );
    // We were so slow that it was given to another meanwhile.
    if (leased.length === 0) return undefined;
    const claim: Claim = {
      trial,
      attempt: times + 1,
      renewEveryS: leaseS / 3,
      renew: async () => {
        const [mine] = await query(
          // The job's start too: pg-boss takes a job that runs too long for lost.
          `WITH mine AS (UPDATE joulecast.lease SET renewed_at = now() WHERE job = $2 AND agent = $3 RETURNING job)
           UPDATE joulecast_queue.job SET started_on = now() FROM mine
           WHERE name = $1 AND id = mine.job AND state = 'active' RETURNING id`,
          [queue, job, agent],
        );
        if (mine === undefined)
          throw new InputError(
            LEASE_LOST,
            `${trialId} was given to another agent`,
            "its result is not needed any more",
          );
      },
      end: async (record, samples) => {
        const kept = await query(
          `WITH mine AS (DELETE FROM joulecast.lease WHERE job = $5 AND agent = $6 RETURNING job)
           INSERT INTO joulecast.record (study, trial, record, samples)
           SELECT $1, $2, $3::jsonb, $4::bytea FROM mine ON CONFLICT DO NOTHING RETURNING trial`,
          [study, trialId, JSON.stringify(record), samples === undefined ? null : gzipSync(samples), job, agent],
        );
        // Also where the answer was lost on the way and the statement was tried again.
        if (await isKept()) await finish();
        return kept.length > 0;
      },
      release: async () => {
        await query(
          `WITH mine AS (DELETE FROM joulecast.lease WHERE job = $1 AND agent = $2 RETURNING job)
           UPDATE joulecast_queue.job SET state = 'retry', start_after = now() - interval '1 second'
           WHERE id IN (SELECT job FROM mine) AND state = 'active'`,
          [job, agent],
        );
      },
    };
    claimed.set(claim, found.plan);
    return claim;
  };

  const waiting = async () => {
    const [row] = await query(
      `SELECT count(*)::int AS left FROM joulecast_queue.job
       WHERE name = ANY($1::text[]) AND state IN ('created', 'retry', 'active')`,
      [queues],
    );
    return Number(row!.left);
  };

  return {
    async take() {
      await reap();
      for (const queue of queues)
        for (;;) {
          const [job] = (await patiently(() => boss.fetch<JobData>(queue, { includeMetadata: true }))) ?? [];
          if (job === undefined) break;
          const claim = await claimOf(queue, job.id, job.retryCount, job.data);
          if (claim !== undefined) return claim;
        }
      return undefined;
    },
    async progress() {
      const [row] = await query(
        `SELECT (SELECT count(*)::int FROM joulecast.record WHERE record->>'status' = 'done') AS done,
           (SELECT count(*)::int FROM joulecast.record WHERE record->>'status' <> 'done') AS failed,
           (SELECT count(*)::int FROM joulecast.lease) AS running`,
      );
      const [done, failed, running] = [Number(row!.done), Number(row!.failed), Number(row!.running)];
      return { total: done + failed + (await waiting()), done, failed, running };
    },
    records: async () => (await query("SELECT record FROM joulecast.record")).map(({ record }) => asRecord(record)),
    planOf: (claim) => claimed.get(claim)!,
    left: waiting,
  };
}
