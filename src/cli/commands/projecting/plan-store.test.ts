import { describe, expect, it } from "vitest";
import { ENVIRONMENT, MEASUREMENT } from "../../../../test/support/stored-runs.ts";
import type { StoredRun } from "../../../node/store/stored-run.ts";
import { pastRunOf } from "./plan-store.ts";

const stored = (command: string, more: Partial<StoredRun> = {}): StoredRun => ({
  id: "06dn3pqzvc1s",
  startedAt: "2026-01-31T00:00:00.000Z",
  command,
  kind: "measured",
  complete: true,
  durationS: 10,
  measurements: [MEASUREMENT],
  windows: [],
  sources: [],
  environment: ENVIRONMENT,
  provenance: [],
  ...more,
});

describe("pastRunOf", () => {
  it("reads the network and the settings from the command line", () => {
    expect(pastRunOf(stored("python train.py --arch mynet --batch-size=64 --epochs 12 --img 3"), 1)).toMatchObject({
      architecture: "mynet",
      environment: "Test GPU",
      gpu: "Test GPU",
      energyJ: 837,
      powerW: 83.7,
      epochs: 12,
      features: { batch: 64, ramBytes: 16 * 2 ** 30 },
    });
  });
  it("knows the zoo's networks without a flag, and epochs from windows before the flag", () => {
    const windows = [1, 2, 3].map((i) => ({ name: `epoch ${i}`, fromS: i, toS: i + 1 }));
    expect(pastRunOf(stored("./train mobilenet_v2 --epochs 90", { windows }), 1)).toMatchObject({
      architecture: "mobilenet_v2",
      epochs: 3,
    });
  });
  it("takes nothing for a training that names no network, was killed or was not measured", () => {
    expect(pastRunOf(stored("python infer.py"), 1)).toBeUndefined();
    expect(pastRunOf(stored("train resnet50", { complete: false }), 1)).toBeUndefined();
    expect(pastRunOf(stored("train resnet50", { measurements: [] }), 1)).toBeUndefined();
  });
});
