// Studies that several machines share: plans and records in PostgreSQL, trials in its queue. Agents come, go and are killed: a trial
// that nobody renews goes back to the queue, one that was lost three times is set aside, and a record is kept once, whoever is first.
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { parsePlan, type StudyPlan } from "../../study/plan.ts";
import {
  type Claim,
  MOST_ATTEMPTS,
  type StudyProgress,
  type TrialQueue,
  type TrialRecord,
} from "../../study/record.ts";
import { type Trial, trialsOf } from "../../study/trials.ts";
import { InputError } from "../../units/input-error.ts";
import type { Postgres } from "./postgres.ts";

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

async function ensureQueue({ boss, patiently }: Postgres, name: string): Promise<void> {
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

/** Puts a study and its trials into the database; does nothing where they are already. */
export async function publishStudy(store: Postgres, source: string): Promise<SharedStudy> {
  const plan = parsePlan(source, "plan.yaml");
  const trials = trialsOf(plan);
  const id = studyId(source);
  await store.query(
    "INSERT INTO joulecast.study (id, name, plan, hardware) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    [id, plan.name, source, plan.hardware ?? null],
  );
  const name = queueOf(plan.hardware);
  await ensureQueue(store, name);
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
        samples: samples === null ? undefined : gunzipSync(samples as Buffer).toString("utf8"),
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

  /** Gives back what nobody renews. Deleting a lease is what makes one agent, and no other, the one who does it. */
  const reap = async (): Promise<void> => {
    const gone = await query(
      `DELETE FROM joulecast.lease WHERE renewed_at < now() - $1 * interval '1 second' RETURNING job, queue, study, trial`,
      [leaseS],
    );
    // Killed between taking a job and leasing it: active, but nobody's.
    const orphans = await query(
      `SELECT id AS job, name AS queue, data->>'study' AS study, data->>'trial' AS trial FROM joulecast_queue.job
       WHERE state = 'active' AND name = ANY($2::text[]) AND started_on < now() - $1 * interval '1 second'
         AND id NOT IN (SELECT job FROM joulecast.lease)`,
      [leaseS, queues],
    );
    for (const { job, queue, study, trial } of [...gone, ...orphans] as readonly Record<string, string>[]) {
      const [lost] = await query(
        `INSERT INTO joulecast.lost VALUES ($1, $2, 1)
         ON CONFLICT (study, trial) DO UPDATE SET times = joulecast.lost.times + 1 RETURNING times`,
        [study, trial],
      );
      const times = Number(lost!.times);
      if (times >= MOST_ATTEMPTS) await setAside(study!, trial!, times);
      await patiently(() => boss.fail(queue!, job!, { reason: "lease expired" }));
    }
  };

  const claimOf = async (
    queue: string,
    job: string,
    { study, trial: trialId }: JobData,
  ): Promise<Claim | undefined> => {
    const finish = () => patiently(() => boss.complete(queue, job));
    const [kept] = await query("SELECT 1 FROM joulecast.record WHERE study = $1 AND trial = $2", [study, trialId]);
    const found = await studyOf(study);
    const trial = found?.trials.get(trialId);
    if (kept !== undefined || found === undefined || trial === undefined) {
      await finish();
      return undefined;
    }
    await query(
      `INSERT INTO joulecast.lease (job, queue, study, trial, agent) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (job) DO UPDATE SET agent = EXCLUDED.agent, renewed_at = now()`,
      [job, queue, study, trialId, agent],
    );
    const [lost] = await query("SELECT times FROM joulecast.lost WHERE study = $1 AND trial = $2", [study, trialId]);
    const dropLease = () =>
      query("DELETE FROM joulecast.lease WHERE job = $1 AND agent = $2 RETURNING job", [job, agent]);
    const claim: Claim = {
      trial,
      attempt: Number(lost?.times ?? 0) + 1,
      renewEveryS: leaseS / 3,
      renew: async () => {
        const [mine] = await query(
          "UPDATE joulecast.lease SET renewed_at = now() WHERE job = $1 AND agent = $2 RETURNING job",
          [job, agent],
        );
        if (mine === undefined)
          throw new InputError(
            "lease-lost",
            `${trialId} was given to another agent`,
            "its result is not needed any more",
          );
      },
      end: async (record, samples) => {
        await keepRecord(store, study, record, samples);
        await dropLease();
        await finish();
      },
      release: async () => {
        const [mine] = await dropLease();
        if (mine !== undefined) await patiently(() => boss.fail(queue, job, { reason: "given back" }));
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
          const [job] = (await patiently(() => boss.fetch<JobData>(queue))) ?? [];
          if (job === undefined) break;
          const claim = await claimOf(queue, job.id, job.data);
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
