import { describe, expect, it } from "vitest";
import { CHUNK_SLOTS, type ChunkOrder, isDone, runSweep, slotLimit } from "./sweep.ts";
import type { Tally } from "./tally.ts";

/** A fake link: receiver r makes r errors in every slot, of 100 bits. */
const tallies = ({ count, receivers }: ChunkOrder): Tally[] =>
  receivers.map((r) => ({ slots: count, bits: 100 * count, errors: r * count, squares: r * r * count }));

describe("runSweep", () => {
  it("gives every receiver its slots, up to the limit and not beyond", async () => {
    const orders: ChunkOrder[] = [];
    const [row] = await runSweep({
      snrsDb: [0],
      receivers: 2,
      stop: { slots: 120 },
      run: async (order) => {
        orders.push(order);
        return tallies(order);
      },
    });
    expect(row!.map(({ slots, errors }) => [slots, errors])).toEqual([
      [120, 0],
      [120, 120],
    ]);
    expect(orders.map(({ from, count }) => [from, count])).toEqual([
      [0, 50],
      [50, 50],
      [100, 20],
    ]);
  });
  it("stops on errors receiver by receiver, but not before 1,000 slots", async () => {
    const [row] = await runSweep({
      snrsDb: [0],
      receivers: 3,
      stop: { slots: 3000, minErrors: 2000 },
      run: async (o) => tallies(o),
    });
    expect(row!.map(({ slots }) => slots)).toEqual([3000, 2000, 1000]);
    expect(isDone({ slots: 100, bits: 1, errors: 9999, squares: 1 }, { slots: 100, minErrors: 5 })).toBe(true);
    expect(isDone({ slots: 999, bits: 1, errors: 9999, squares: 1 }, { minErrors: 5 })).toBe(false);
    expect(slotLimit({})).toBe(1000);
    expect(slotLimit({ minErrors: 1 })).toBe(100_000);
  });
  it("does not depend on how many chunks run at once, in whatever order they end", async () => {
    const sweep = { snrsDb: [0, 5], receivers: 3, stop: { slots: 2500, minErrors: 2400 } };
    const one = await runSweep({ ...sweep, run: async (order) => tallies(order) });
    let turn = 0;
    const many = await runSweep({
      ...sweep,
      parallel: 5,
      run: async (order) => {
        for (let wait = (turn++ * 7) % 11; wait > 0; wait--) await Promise.resolve();
        return tallies(order);
      },
    });
    expect(many).toEqual(one);
  });
  it("goes on from earlier counts, also where receivers are not equally far", async () => {
    const orders: ChunkOrder[] = [];
    const earlier = (slots: number, r: number): Tally => ({
      slots,
      bits: 100 * slots,
      errors: r * slots,
      squares: r * r * slots,
    });
    const [row] = await runSweep({
      snrsDb: [0],
      receivers: 3,
      stop: { slots: 200 },
      earlier: [[earlier(130, 0), earlier(100, 1), undefined]],
      run: async (order) => {
        orders.push(order);
        return tallies(order);
      },
    });
    expect(row!.map(({ slots, errors }) => [slots, errors])).toEqual([
      [200, 0],
      [200, 200],
      [200, 400],
    ]);
    expect(orders.map(({ from, receivers }) => [from, receivers])).toEqual([
      [0, [2]],
      [50, [2]],
      [100, [1, 2]],
      [130, [0, 1, 2]],
      [180, [0, 1, 2]],
    ]);
  });
  it("ends where it is told to, with what it has, and passes on what goes wrong", async () => {
    let chunks = 0;
    const [row] = await runSweep({
      snrsDb: [0],
      receivers: 1,
      stop: {},
      run: async (order) => tallies(order),
      onChunk: () => {
        chunks++;
      },
      isStopped: () => chunks === 3,
    });
    expect(row![0]!.slots).toBe(3 * CHUNK_SLOTS);
    const failing = runSweep({
      snrsDb: [0],
      receivers: 1,
      stop: {},
      parallel: 3,
      run: () => Promise.reject(new Error("no")),
    });
    await expect(failing).rejects.toThrow("no");
  });
});
