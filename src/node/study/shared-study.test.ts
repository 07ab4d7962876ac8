import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasPostgres, startPostgres, type TestPostgres } from "../../../test/support/postgres.ts";
import type { Claim, TrialRecord } from "../../study/record.ts";
import { runStudy } from "../../study/run.ts";
import { openPostgres, type Postgres } from "./postgres.ts";
import { type AgentOptions, openAgentQueue, publishStudy, studyId } from "./shared-study.ts";

const plan = (name: string, more = "") =>
  `name: ${name}\nnetworks: [zoo:mnist-cnn]\nphases: train\n${more}hardware: ${name}\n`;
const nowIso = () => "2026-01-02T03:04:05Z";

const recordOf = ({ trial, attempt }: Claim, status: TrialRecord["status"] = "done"): TrialRecord => ({
  trial,
  status,
  reason: status === "done" ? undefined : "made up",
  attempts: attempt,
  machine: "m",
  startedAt: nowIso(),
  durationS: 1,
  rows: [],
});

describe.skipIf(!hasPostgres())("studies in PostgreSQL (skipped without Debian's postgresql)", () => {
  let database: TestPostgres;
  let store: Postgres;
  beforeAll(async () => {
    database = await startPostgres();
    store = await openPostgres(database.address);
    // Nothing is lost before the server has been up for as long as a lease.
    await store.query("SELECT pg_sleep(greatest(0, 3.5 - extract(epoch FROM now() - pg_postmaster_start_time())))");
  }, 60_000);
  afterAll(async () => {
    await store.close();
    database.stop();
  });

  const agent = (name: string, more: Partial<AgentOptions> = {}, at = store) =>
    openAgentQueue(at, { agent: "one", tags: [name], nowIso, leaseS: 60, ...more });
  /** As if nobody had renewed for so long; the server has been up for longer. */
  const age = async (seconds: number) => {
    await store.query("UPDATE joulecast.lease SET renewed_at = now() - $1 * interval '1 second'", [seconds]);
    await store.query(
      "UPDATE joulecast_queue.job SET started_on = now() - $1 * interval '1 second' WHERE state = 'active'",
      [seconds],
    );
  };
  const timesLost = async (name: string) =>
    (
      await store.query("SELECT times FROM joulecast.lost JOIN joulecast.study ON id = study WHERE name = $1", [name])
    ).map(({ times }) => times);
  /** A lease that the server has been up for: what is older is lost. */
  const SHORT = 3;

  it("counts a lost trial once, however many agents notice, and sets it aside the third time", async () => {
    await publishStudy(store, plan("lost"));
    for (const times of [1, 2, 3]) {
      const queue = await agent("lost", { leaseS: SHORT });
      const claim = await queue.take();
      expect(claim).toMatchObject({ attempt: times });
      await age(10);
      const others = await Promise.all(["b", "c", "d"].map((name) => agent("none", { agent: name, leaseS: SHORT })));
      await Promise.all(others.map((other) => other.take()));
      expect(await timesLost("lost")).toEqual([times]);
    }
    const queue = await agent("lost");
    expect(await queue.take()).toBeUndefined();
    expect(await queue.records()).toMatchObject([{ status: "set aside", attempts: 3 }]);
    expect(await queue.left()).toBe(0);
  });

  it("leaves a trial alone whose agent asked for a longer lease than the one who looks", async () => {
    await publishStudy(store, plan("patient"));
    const claim = await (await agent("patient")).take();
    await age(10);
    expect(await (await agent("patient", { agent: "hasty", leaseS: SHORT })).take()).toBeUndefined();
    expect(await timesLost("patient")).toEqual([]);
    await claim!.renew();
    await claim!.release();
  });

  it("gives back a trial that was taken and never leased, once", async () => {
    await publishStudy(store, plan("orphan"));
    const [job] = await store.boss.fetch("trials-orphan");
    expect(job).toBeDefined();
    await age(10);
    const queues = await Promise.all(["a", "b", "c"].map((name) => agent("orphan", { agent: name, leaseS: SHORT })));
    const claims = (await Promise.all(queues.map((queue) => queue.take()))).filter((claim) => claim !== undefined);
    expect(claims).toHaveLength(1);
    expect(await timesLost("orphan")).toEqual([1]);
    await claims[0]!.release();
  });

  it("keeps nothing of an agent that lost its lease, and tells it", async () => {
    await publishStudy(store, plan("slow"));
    const claim = await (await agent("slow", { leaseS: SHORT })).take();
    await age(10);
    const second = await (await agent("slow", { agent: "two", leaseS: SHORT })).take();
    expect(second!.trial.id).toBe(claim!.trial.id);
    await expect(claim!.renew()).rejects.toMatchObject({ code: "lease-lost" });
    expect(await claim!.end(recordOf(claim!), undefined)).toBe(false);
    await second!.renew();
    expect(await second!.end({ ...recordOf(second!), machine: "second" }, "{}")).toBe(true);
    const kept = await publishStudy(store, plan("slow")).then((study) => study.newRecords(new Set()));
    expect(kept).toMatchObject([{ record: { machine: "second" }, samples: "{}" }]);
  });

  it("does failed trials again, and those set aside, when asked to", async () => {
    const source = plan("again", "repetitions: 2\n");
    await publishStudy(store, source);
    const queue = await agent("again");
    const first = await queue.take();
    await first!.end(recordOf(first!, "failed"), undefined);
    const second = await queue.take();
    await second!.end(recordOf(second!), undefined);
    expect(await queue.take()).toBeUndefined();
    await publishStudy(store, source);
    expect(await queue.take()).toBeUndefined();
    const study = await publishStudy(store, source, { retryFailed: true });
    expect(await study.progress()).toMatchObject({ total: 2, done: 1, failed: 0 });
    const retried = await queue.take();
    expect(retried).toMatchObject({ trial: { id: first!.trial.id }, attempt: 1 });
    await retried!.end(recordOf(retried!), undefined);
    expect(await study.progress()).toMatchObject({ done: 2, failed: 0 });
  });

  it("gives a trial back when the runner throws: it is no attempt of the trial's", async () => {
    await publishStudy(store, plan("throws"));
    const queue = await agent("throws");
    const run = runStudy({ queue, signal: { aborted: false }, run: () => Promise.reject(new Error("no sources")) });
    await expect(run).rejects.toThrow("no sources");
    expect(await queue.take()).toMatchObject({ attempt: 1 });
  });

  it("waits for renewals after the database was away for longer than a lease", async () => {
    await publishStudy(store, plan("away"));
    const leaseS = 20;
    const mine = await agent("away", { leaseS });
    const claim = await mine.take();
    await store.query("UPDATE joulecast.lease SET renewed_at = now() - interval '1 hour' WHERE agent = 'one'");
    database.restart();
    const other = await openPostgres(database.address);
    try {
      const late = await agent("away", { agent: "late", leaseS }, other);
      expect(await late.take()).toBeUndefined();
      await claim!.renew();
      expect(await late.take()).toBeUndefined();
      expect(await timesLost("away")).toEqual([]);
      expect(await claim!.end(recordOf(claim!), undefined)).toBe(true);
    } finally {
      await other.close();
    }
  }, 30_000);

  it("refuses tables and queues of another version, and says so once", async () => {
    for (const table of ["joulecast.version", "joulecast_queue.version"]) {
      await store.query(`UPDATE ${table} SET version = version + 1`);
      const refused = await openPostgres(database.address).catch((error: Error) => error);
      await store.query(`UPDATE ${table} SET version = version - 1`);
      expect(refused).toMatchObject({ code: "other-version" });
      expect((refused as Error).message.match(/postgres:/g)).toHaveLength(1);
    }
    expect(studyId("a")).not.toBe(studyId("b"));
  });
});
