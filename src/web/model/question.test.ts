import { expect, it } from "vitest";
import { DEFAULT_DEVICES, questionOf } from "./question.ts";

const of = (params: Record<string, string>) => questionOf(new Map(Object.entries(params)));

it("has the command line's defaults", () => {
  expect(of({})).toEqual({
    devices: DEFAULT_DEVICES,
    dims: {},
    phase: "inference",
    region: "WORLD",
    peakShareRatio: 1,
  });
});

it("takes what can be meant and leaves out the rest", () => {
  const good = { on: "t4,,l4,t4", batch: "8", "dim.seq": "128", phase: "training", region: "FI", share: "0.3" };
  expect(of(good)).toEqual({
    devices: ["t4", "l4"],
    batch: 8,
    dims: { seq: 128 },
    phase: "training",
    region: "FI",
    peakShareRatio: 0.3,
  });
  const bad = { on: ",", batch: "0", "dim.seq": "1.5", phase: "x", region: "", share: "2" };
  expect(of(bad)).toEqual(of({}));
});
