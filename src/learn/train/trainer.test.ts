// The loop around the steps, on a made-up engine with one weight: w ← w − lr·2(w − x), loss (w − x)². No gradient and no runtime is tested.
import { describe, expect, it } from "vitest";
import type { Runtime, Session, Tensors } from "../../runtime/runtime.ts";
import type { Tensor } from "../../runtime/tensor.ts";
import type { Batches } from "../data/batches.ts";
import type { TrainingGraph } from "../training-graph.ts";
import type { Checkpoint, CheckpointStore, EnergyMeter, TrainingPlan } from "./plan.ts";
import { train } from "./trainer.ts";

const number = (value: number): Tensor => ({ dtype: "float32", shape: [], data: Float32Array.of(value) });
const read = (tensors: Tensors, name: string): number => Number(tensors[name]!.data[0]);
const scalar = { dtype: "float32", shape: [] } as const;

const training = {
  graph: { name: "one weight" },
  inputs: [{ name: "x", role: "data", type: scalar }],
  settings: [
    { name: "lr", input: "lr", type: scalar },
    { name: "step", input: "step", type: scalar },
    { name: "seed", input: "seed", type: { dtype: "int64", shape: [] } },
  ],
  state: [
    {
      name: "w",
      input: "w",
      output: "w'",
      type: scalar,
      initial: { kind: "inline", bytes: new Uint8Array(4) },
      role: "parameter",
    },
  ],
  loss: "loss",
  outputs: {},
} as unknown as TrainingGraph;

/** Feeds of all steps so far, by setting. */
interface Seen {
  readonly steps: number[];
  readonly seeds: number[];
}

function engine(seen: Seen = { steps: [], seeds: [] }): Runtime {
  return {
    name: "made up",
    open: async (_graph, { carried = [] } = {}) => {
      let w = read({ w: carried[0]!.initial }, "w");
      let before = w;
      const session: Session = {
        run: async (feeds) => {
          const x = read(feeds, "x");
          seen.steps.push(read(feeds, "step"));
          seen.seeds.push(read(feeds, "seed"));
          before = w;
          w = Math.fround(w - read(feeds, "lr") * 2 * (w - x));
          return { loss: number((before - x) ** 2) };
        },
        carried: async () => ({ w: number(w) }),
        carriedBefore: async () => ({ w: number(before) }),
        setCarried: async (values) => {
          w = read(values, "w");
        },
        close: async () => undefined,
      };
      return session;
    },
  };
}

/** Four batches an epoch, whose numbers depend on the epoch. */
const batches: Batches = {
  batch: 1,
  batchesPerEpoch: 4,
  *epoch(epoch, from = 0) {
    for (let i = from; i < 4; i++) yield { x: number(epoch + i / 10) };
  },
};

function memoryStore(): CheckpointStore & { kept: Checkpoint[] } {
  const kept: Checkpoint[] = [];
  return {
    kept,
    load: async () => kept.at(-1),
    save: async (checkpoint) => {
      kept.push(structuredClone(checkpoint));
    },
  };
}

/** A clock that goes on by a second each time it is looked at. */
function ticking() {
  let now = 0;
  return { nowS: () => now++ };
}

function plan(more: Partial<TrainingPlan> = {}): TrainingPlan {
  return {
    runtime: engine(),
    training,
    weights: async (ref) => (ref as { bytes: Uint8Array }).bytes,
    batches,
    epochs: 3,
    learningRate: (update) => 0.1 / update,
    seed: 7,
    clock: ticking(),
    ...more,
  };
}

describe("train", () => {
  it("goes through all epochs and counts updates from 1", async () => {
    const seen: Seen = { steps: [], seeds: [] };
    const result = await train(plan({ runtime: engine(seen) }));
    expect(result).toMatchObject({ end: "finished", updates: 12, resumedAt: 0, epoch: 3 });
    expect(result.rows.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(seen.steps).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(new Set(seen.seeds).size).toBe(12);
    expect(Math.min(...seen.seeds)).toBeGreaterThanOrEqual(0);
    const x = [1, 1.1, 1.2, 1.3];
    let w = 0;
    const losses = x.map((value, i) => {
      const loss = (w - value) ** 2;
      w -= (0.1 / (i + 1)) * 2 * (w - value);
      return loss;
    });
    expect(result.rows[0]!.loss).toBeCloseTo(losses.reduce((sum, loss) => sum + loss) / 4, 5);
  });

  it("makes one update of several passes", async () => {
    const seen: Seen = { steps: [], seeds: [] };
    const result = await train(plan({ runtime: engine(seen), accumulate: 2, epochs: 1 }));
    expect(seen.steps).toEqual([1, 1, 2, 2]);
    expect(result.updates).toBe(2);
  });

  it("comes to the same numbers when it is interrupted anywhere and resumed", async () => {
    const whole = await train(plan());
    for (let stopAfter = 1; stopAfter < 12; stopAfter++) {
      const checkpoints = memoryStore();
      const signal = { aborted: false };
      const onProgress = ({ done }: { done: number }) => {
        signal.aborted = done >= stopAfter;
      };
      const first = await train(plan({ checkpoints, signal, onProgress }));
      expect(first).toMatchObject({ end: "interrupted", updates: stopAfter });
      const second = await train(plan({ checkpoints, resume: true }));
      expect(second).toMatchObject({ end: "finished", updates: 12, resumedAt: stopAfter });
      expect(second.state).toEqual(whole.state);
      expect(second.rows.map(({ loss }) => loss)).toEqual(whole.rows.map(({ loss }) => loss));
    }
  });

  it("begins no step when it is asked to stop while it waits for a batch", async () => {
    const signal = { aborted: false };
    const { batches, ...rest } = plan();
    const waiting: Batches = {
      ...batches,
      async *epoch(epoch, from) {
        for await (const feeds of batches.epoch(epoch, from)) {
          signal.aborted = seen.steps.length === 2;
          yield feeds;
        }
      },
    };
    const seen: Seen = { steps: [], seeds: [] };
    const result = await train({ ...rest, runtime: engine(seen), batches: waiting, signal });
    expect(result).toMatchObject({ end: "interrupted", updates: 2 });
    expect(seen.steps).toHaveLength(2);
  });

  it("keeps checkpoints within an epoch, and refuses one of another run", async () => {
    const checkpoints = memoryStore();
    await train(plan({ checkpoints, checkpointEveryS: 1, fingerprint: "a" }));
    expect(checkpoints.kept.map(({ updates }) => updates)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const other = plan({ checkpoints, resume: true, fingerprint: "b" });
    await expect(train(other)).rejects.toMatchObject({ code: "other-run" });
  });

  it("stops when nothing improves and gives the best state back", async () => {
    const scores = [0.5, 0.8, 0.7, 0.8, 0.9];
    let looks = 0;
    const seen: number[] = [];
    const evaluate = async (state: Tensors) => {
      seen.push(read(state, "w"));
      return { loss: 1, accuracy: scores[looks++]! };
    };
    const result = await train(plan({ epochs: 5, evaluate, earlyStopping: { patience: 2 } }));
    expect(result).toMatchObject({ end: "no improvement", epoch: 2 });
    expect(result.rows).toHaveLength(4);
    expect(read(result.state, "w")).toBe(seen[1]);
  });

  it("stops at its joules, and goes on counting after a resume", async () => {
    let spent = 0;
    const meter: EnergyMeter = {
      openWindow: () => undefined,
      closeWindow: () => undefined,
      spentJ: async () => spent,
    };
    const onProgress = () => {
      spent += 10;
    };
    const checkpoints = memoryStore();
    const clock = { nowS: () => spent };
    const first = await train(plan({ meter, onProgress, clock, budgetJ: 45, checkpoints }));
    expect(first.end).toBe("budget spent");
    expect(first.updates).toBeLessThan(12);
    expect(first.spentJ).toBeGreaterThanOrEqual(45);
    const before = spent;
    spent = 0;
    const second = await train(plan({ meter, onProgress, checkpoints, resume: true }));
    expect(second.end).toBe("finished");
    expect(second.spentJ).toBe(120);
    expect(second.rows.reduce((sum, row) => sum + row.energyJ!, 0)).toBe(120);
    expect(before).toBe(first.spentJ);
  });

  it("says where the loss became NaN and keeps the checkpoint before it", async () => {
    const checkpoints = memoryStore();
    const broken: Batches = {
      ...batches,
      *epoch(epoch, from = 0) {
        for (let i = from; i < 4; i++) yield { x: number(epoch === 2 && i === 1 ? Number.NaN : 1) };
      },
    };
    const run = train(
      plan({ batches: broken, checkpoints, diagnose: async (state) => `w was ${read(state, "w") > 0}` }),
    );
    await expect(run).rejects.toMatchObject({
      code: "loss-not-finite",
      message: "the loss is NaN in epoch 2, step 6: w was true; the last good checkpoint is kept",
    });
    expect(checkpoints.kept.map(({ updates }) => updates)).toEqual([4]);
  });
});
