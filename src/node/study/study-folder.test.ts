import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Claim, TrialRecord } from "../../study/record.ts";
import { runStudy } from "../../study/run.ts";
import { identify } from "../store/process-identity.ts";
import { openStudyFolder, readRecords, readStudyPlan } from "./study-folder.ts";

const home = mkdtempSync(join(tmpdir(), "joulecast-study-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const PLAN = "networks: [zoo:cifar/lenet, zoo:mnist-cnn]\nrepetitions: 2\nphases: train\n";
const options = { nowIso: () => "2026-01-02T03:04:05Z", machine: "m" };

const recordOf = ({ trial, attempt }: Claim, status: TrialRecord["status"] = "done"): TrialRecord => ({
  trial,
  status,
  reason: status === "done" ? undefined : "made up",
  attempts: attempt,
  machine: "m",
  startedAt: "2026-01-02T03:04:05Z",
  durationS: 1,
  rows: [],
});

describe("a study's folder", () => {
  it("gives every trial once, keeps its record and samples, and goes on after a stop", async () => {
    const path = join(home, "once");
    const first = await openStudyFolder(path, PLAN, options);
    const done: string[] = [];
    const signal = { aborted: false };
    const summary = await runStudy({
      queue: first,
      signal,
      run: async (claim) => {
        done.push(claim.trial.id);
        if (done.length === 2) signal.aborted = true;
        return {
          record: recordOf(claim, done.length === 1 ? "failed" : "done"),
          samples: `{"of":"${claim.trial.id}"}`,
        };
      },
    });
    expect(summary).toEqual({ ended: 2, failed: 1, interrupted: true });
    expect(await first.progress()).toEqual({ total: 4, done: 1, failed: 1, running: 0 });
    first.close();
    const again = await openStudyFolder(path, PLAN, options);
    await runStudy({
      queue: again,
      signal: { aborted: false },
      run: async (claim) => {
        done.push(claim.trial.id);
        return { record: recordOf(claim), samples: undefined };
      },
    });
    again.close();
    expect(new Set(done).size).toBe(4);
    expect(done).toHaveLength(4);
    expect(readRecords(path)).toHaveLength(4);
    expect(again.samplesOf(again.trials.find(({ id }) => id === done[0])!)).toBe(`{"of":"${done[0]}"}`);
    expect(readStudyPlan(path).repetitions).toBe(2);
    const retried = await openStudyFolder(path, PLAN, { ...options, retryFailed: true });
    expect((await retried.take())?.trial.id).toBe(done[0]);
    retried.close();
  });

  it("gives a trial back that was interrupted, and sets aside one that was begun three times and never ended", async () => {
    const path = join(home, "dies");
    const study = await openStudyFolder(path, PLAN, options);
    const given = await study.take();
    await given!.release();
    const ids: (string | undefined)[] = [];
    for (let i = 0; i < 4; i++) ids.push((await study.take())?.trial.id);
    expect(ids.slice(0, 3)).toEqual([given!.trial.id, given!.trial.id, given!.trial.id]);
    expect(ids[3]).not.toBe(given!.trial.id);
    expect(readRecords(path)).toMatchObject([{ status: "set aside", attempts: 3 }]);
    study.close();
  });

  it("takes a lock that nobody holds, or that cannot be read, and never two at once", async () => {
    const path = join(home, "lock");
    (await openStudyFolder(path, PLAN, options)).close();
    expect(existsSync(join(path, "lock.json"))).toBe(false);
    for (const left of ["", "{", JSON.stringify({ ...identify(), pid: 2 ** 30 })]) {
      writeFileSync(join(path, "lock.json"), left);
      const study = await openStudyFolder(path, PLAN, options);
      expect(JSON.parse(readFileSync(join(path, "lock.json"), "utf8"))).toEqual(identify());
      study.close();
    }
    expect(readdirSync(path).filter((name) => name.startsWith("lock"))).toEqual([]);
  });

  it("gives a trial back when the runner throws", async () => {
    const path = join(home, "throws");
    const study = await openStudyFolder(path, PLAN, options);
    const run = runStudy({ queue: study, signal: { aborted: false }, run: () => Promise.reject(new Error("blind")) });
    await expect(run).rejects.toThrow("blind");
    expect(await study.take()).toMatchObject({ attempt: 1 });
    study.close();
  });

  it("counts nothing of a trial that was given to somebody else", async () => {
    const study = await openStudyFolder(join(home, "given"), PLAN, options);
    const signal = { aborted: false };
    const summary = await runStudy({
      queue: study,
      signal,
      run: async () => {
        signal.aborted = true;
        return { record: undefined, samples: undefined };
      },
    });
    expect(summary).toMatchObject({ ended: 0, failed: 0 });
    expect(readRecords(study.path)).toEqual([]);
    study.close();
  });

  it("refuses another plan, another program at the same time, and a folder that is no study", async () => {
    const path = join(home, "refused");
    const study = await openStudyFolder(path, PLAN, options);
    await expect(openStudyFolder(path, `${PLAN}seed: 3\n`, options)).rejects.toThrow(/another plan/);
    writeFileSync(join(path, "lock.json"), JSON.stringify({ pid: process.ppid }));
    await expect(openStudyFolder(path, PLAN, options)).rejects.toThrow(/is running the study/);
    expect(() => readStudyPlan(home)).toThrow(/is no study/);
    study.close();
  });
});
