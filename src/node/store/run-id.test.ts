import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newRunId, RUN_ID } from "./run-id.ts";

const time = fc.integer({ min: 0, max: 32 ** 9 - 1 });
const dice = fc.integer({ min: 0, max: 32 ** 3 - 1 });

describe("run ids", () => {
  it("sort as their times do", () => {
    fc.assert(
      fc.property(time, time, dice, dice, (a, b, x, y) => {
        const [first, second] = [newRunId(a, () => x), newRunId(b, () => y)];
        expect(first).toMatch(RUN_ID);
        if (a !== b) expect(first < second).toBe(a < b);
        else expect(first === second).toBe(x === y);
      }),
    );
  });
});
