import { expect, it } from "vitest";
import { findNetwork } from "../../zoo/catalogue.ts";
import { estimateGraph } from "../engine/estimate.ts";
import { pairParts } from "./pair.ts";

const question = { devices: ["t4"], dims: {}, phase: "inference", region: "FI", peakShareRatio: 1 } as const;
const estimated = async (name: string, width?: number) => {
  const { work, answers } = await estimateGraph(
    findNetwork(name).build(width === undefined ? {} : { width }),
    question,
  );
  return [work, answers.find(({ metric }) => metric === "roofline")!] as const;
};

it("sets layers of one name side by side, and loses no joule", async () => {
  const [teacher, student] = await Promise.all([estimated("deeprx"), estimated("deeprx", 0.5)]);
  const { by, parts } = pairParts(...teacher, ...student);
  expect(by).toBe("layer");
  expect(parts.reduce((sum, { aJ = 0 }) => sum + aJ, 0) / teacher[1].energyJ).toBeCloseTo(1, 9);
  expect(parts.reduce((sum, { bJ = 0 }) => sum + bJ, 0) / student[1].energyJ).toBeCloseTo(1, 9);
  const gaps = parts.map(({ aJ = 0, bJ = 0 }) => Math.abs(aJ - bJ));
  expect(gaps).toEqual(gaps.toSorted((x, y) => y - x));
});

it("goes by blocks where the networks share no names", async () => {
  const [a, b] = await Promise.all([estimated("cifar/lenet"), estimated("cifar/mobilenet-v2")]);
  const { by, parts } = pairParts(...a, ...b);
  expect(by).toBe("block");
  expect(parts.some(({ aJ }) => aJ === undefined)).toBe(true);
});
