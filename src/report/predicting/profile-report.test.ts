import { expect, it } from "vitest";
import type { TargetForecast } from "../../predict/profile/learning-curve.ts";
import { renderText } from "../text.ts";
import { profileDocument } from "./profile-report.ts";

const target: TargetForecast = {
  accuracy: 0.99,
  reached: false,
  epochs: undefined,
  lowEpochs: undefined,
  highEpochs: undefined,
  energyJ: undefined,
  lowJ: undefined,
  highJ: undefined,
  law: { limit: 0.9, scale: 0.5, exponent: 1 },
  deviation: 0.01,
  remarks: [],
};
const epochsOf = (more: Partial<TargetForecast>) =>
  /epochs +(.*\S)/.exec(renderText(profileDocument(undefined, { ...target, ...more })))?.[1];

it("says once that an accuracy is never reached, and how early it may be where it may", () => {
  expect(epochsOf({})).toBe("never");
  expect(epochsOf({ epochs: 12, lowEpochs: 9 })).toBe("12 (9–never)");
});
