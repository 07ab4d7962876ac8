// The operators that have a shape and those that have a work rule are the same, but for control flow and what cannot be counted.
import { describe, expect, it } from "vitest";
import { SHAPE_TABLE } from "../graph/shape/table.ts";
import { CONTROL_FLOW, UNCOUNTABLE, WORK_TABLE } from "./table.ts";

describe("WORK_TABLE", () => {
  it("has a rule for every operator with a shape, and no other", () => {
    const shaped = Object.keys(SHAPE_TABLE).filter((operator) => !CONTROL_FLOW.has(operator));
    expect([...Object.keys(WORK_TABLE), ...Object.keys(UNCOUNTABLE)].sort()).toEqual(shaped.sort());
  });
  it("names no input twice as buffer and setting", () => {
    for (const { buffers = [], settings = [], quantised = [] } of Object.values(WORK_TABLE)) {
      const places = [...buffers, ...settings, ...quantised];
      expect(new Set(places).size).toBe(places.length);
    }
  });
});
