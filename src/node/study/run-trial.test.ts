import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fedTree } from "../../../test/support/fed-tree.ts";
import type { Recording } from "../../measure/trace.ts";
import { parsePlan } from "../../study/plan.ts";
import { type Claim, LEASE_LOST } from "../../study/record.ts";
import { trialsOf } from "../../study/trials.ts";
import { InputError } from "../../units/input-error.ts";
import { decodeSamples, encodeSamples, rowsFrom, type TrialSamples, trialRunner } from "./run-trial.ts";

const PLAN = `networks: [zoo:mnist-cnn]
data: synthetic:digits:train=64,test=32
phases: train
batch: 16
learning-rate: 0.1
idle: 0
`;
const trial = trialsOf(parsePlan(PLAN, "plan.yaml"))[0]!;

/** A gauge that shows 10 W until `busyFromS`, 30 W after; and loads. */
function recording(busyFromS: number, untilS: number): Recording {
  const count = untilS * 10 + 1;
  const timeS = Float64Array.from({ length: count }, (_, i) => i / 10);
  const info = {
    id: "package",
    name: "package",
    domain: "package",
    kind: "integrated",
    reads: "power",
    provenance: "made up",
  } as const;
  const loads = { "gpu/0": 0.75, "vram/0": 0.25 };
  return {
    traces: [{ info, timeS, values: timeS.map((at) => (at < busyFromS ? 10 : 30)) }],
    marks: [],
    load: Object.entries(loads).map(([name, share]) => ({ name, timeS, ratio: timeS.map(() => share) })),
  };
}

const samplesWith = (change: Partial<TrialSamples>, windows = [{ name: "idle", fromS: 0, toS: 10 }]): TrialSamples => ({
  recording: recording(10, 20),
  idle: undefined,
  of: {
    trial,
    machine: "m",
    parts: [{ window: "epoch 1", epoch: 1, samples: 64 }],
    counts: { macs: 10, params: 5, trainableParams: 4, buffers: 1, sizeBytes: 24 },
    windows: [...windows, { name: "epoch 1", fromS: 12, toS: 18 }],
    wallFactor: 1,
  },
  ...change,
});

describe("the rows of a trial", () => {
  it("are above the idle power before it, with the whole power, loads, counts and hyperparameters beside", () => {
    const [row] = rowsFrom(samplesWith({}));
    expect(row!.energyJ).toBeCloseTo(6 * 20, 6);
    expect(row!.grossPowerW).toBeCloseTo(30, 6);
    expect(row).toMatchObject({ kind: "integrated", utilisationRatio: 0.75, vramRatio: 0.25, trainableParams: 4 });
    expect(row).toMatchObject({ trial: trial.id, learningRate: 0.1, weightDecay: 5e-4, momentum: 0, buffers: 1 });
  });

  it("are above the idle power at the start of the session where there is no other", () => {
    const idle = { recording: recording(99, 10), window: { name: "idle", fromS: 0, toS: 10 } };
    const samples = samplesWith({ idle }, []);
    const [row] = rowsFrom(samples);
    expect(row!.energyJ).toBeCloseTo(6 * 20, 6);
    expect(row!.kind).toBe("integrated");
    expect(rowsFrom(decodeSamples(encodeSamples(samples), "it"))).toEqual([row]);
  });

  it("say that idle power is in them where none was measured", () => {
    const [row] = rowsFrom(samplesWith({}, []));
    expect(row!.energyJ).toBeCloseTo(6 * 30, 6);
    expect(row!.kind).toBe("integrated, idle power included");
  });
});

describe("a trial that is done", async () => {
  const fed = await fedTree(40, 5, 1000);
  const home = mkdtempSync(join(tmpdir(), "joulecast-trial-"));
  afterAll(async () => {
    await fed.stop();
    rmSync(home, { recursive: true, force: true });
  });
  const claimOf = (renew: () => Promise<void>): Claim => ({
    trial,
    attempt: 1,
    renewEveryS: 0.02,
    renew,
    end: async () => true,
    release: async () => undefined,
  });
  const runner = (more: string) =>
    trialRunner({
      machine: "m",
      planOf: () => parsePlan(`${PLAN}${more}`, "plan.yaml"),
      session: { machine: { root: fed.root } },
      nowIso: () => "2026-01-02T03:04:05Z",
    });

  it("stops at once, also while it cools down, when it was given to somebody else, and gives no record", async () => {
    let renewals = 0;
    const claim = claimOf(async () => {
      // The first time the database is away: that is no reason to stop.
      if (renewals++ === 0) throw new Error("away");
      throw new InputError(LEASE_LOST, "given away", "");
    });
    const { record } = await runner("cool-down: 1h")(claim, { aborted: false });
    expect(record).toBeUndefined();
    expect(renewals).toBeGreaterThan(1);
  });

  it("stops at once when it is interrupted while it cools down", async () => {
    const signal = { aborted: false };
    const claim = claimOf(async () => {
      signal.aborted = true;
    });
    const { record } = await runner("cool-down: 1h")(claim, signal);
    expect(record).toMatchObject({ status: "failed", reason: "interrupted" });
  });

  it("learns the same whether it warmed up or not", async () => {
    const losses: (number | undefined)[] = [];
    for (const steps of [0, 2]) {
      const run = runner(`cool-down: 0.2s\nlimit-train: 48\nwarm-up: ${steps}`);
      const { record } = await run(
        claimOf(async () => undefined),
        { aborted: false },
      );
      expect(record).toMatchObject({ status: "done" });
      losses.push(record!.rows[0]!.loss);
    }
    expect(losses[0]).toBeGreaterThan(0);
    expect(losses[1]).toBe(losses[0]);
  });
});
