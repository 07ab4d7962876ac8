import { describe, expect, it } from "vitest";
import { followsTarget, outcomeReason } from "./outcome-columns.ts";

describe("outcomeReason", () => {
  it.each([
    "E_mJ",
    "secs",
    "total_cost",
    "cpu_energy",
    "wall_time",
    "time_s",
    "forward_passes",
    "rep_no",
    "run",
    "x_kwh",
    "cpu_count",
    "cpuTime",
  ])("leaves %s out", (column) => expect(outcomeReason(column)).toBeTypeOf("string"));
  it.each([
    "head_count",
    "channel_count",
    "time_steps",
    "running_mean",
    "test_width",
    "index_size",
    "kernel_w",
    "in_features",
    "heads",
  ])("keeps %s", (column) => expect(outcomeReason(column)).toBeUndefined());
});

describe("followsTarget", () => {
  const energy = [1, 2, 4, 9, 30];
  it("finds the target in another unit, and its powers", () => {
    expect(
      followsTarget(
        energy.map((value) => 1000 * value),
        energy,
      ),
    ).toBe(true);
    expect(
      followsTarget(
        energy.map((value) => value ** 2),
        energy,
      ),
    ).toBe(true);
    expect(followsTarget([3, 1, 4, 1, 5], energy)).toBe(false);
    expect(followsTarget([7, 7, 7, 7, 7], energy)).toBe(false);
  });
});
