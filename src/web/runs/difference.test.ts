import { expect, it } from "vitest";
import type { Measurement } from "../../measure/measurement.ts";
import { differences } from "./difference.ts";

const of = (netJ: number | undefined, halfJ: number, more: Partial<Measurement> = {}): Measurement => ({
  window: "run",
  durationS: 10,
  kind: "measured",
  grossJ: netJ,
  baselineJ: undefined,
  netJ,
  netLowJ: netJ === undefined ? undefined : netJ - halfJ,
  netHighJ: netJ === undefined ? undefined : netJ + halfJ,
  meanPowerW: undefined,
  peakPowerW: undefined,
  coverage: 1,
  sources: [],
  doubts: [],
  remarks: [],
  ...more,
});

it("adds independent doubts in squares, and sees only what they leave", () => {
  const [far] = differences([of(100, 3)], [of(110, 4)]);
  expect(far).toMatchObject({ differenceJ: 10, lowJ: 5, highJ: 15, isSeen: true });
  expect(differences([of(100, 3)], [of(104, 4)])[0]!.isSeen).toBe(false);
});

it("gives no difference where one is not known or hardly covered", () => {
  expect(differences([of(undefined, 0)], [of(1, 1)])[0]!.differenceJ).toBeUndefined();
  expect(differences([of(5, 1)], [of(9, 1, { coverage: 0.5 })])[0]!.differenceJ).toBeUndefined();
  expect(differences([], [of(9, 1)])[0]!.differenceJ).toBeUndefined();
});

it("pairs windows by name", () => {
  const a = [of(9, 1), of(1, 0.1, { window: "load" }), of(2, 0.1, { window: "train" })];
  const b = [of(8, 1), of(3, 0.1, { window: "train" })];
  expect(differences(a, b).map(({ window, differenceJ }) => [window, differenceJ])).toEqual([
    ["whole run", -1],
    ["train", 1],
  ]);
});
