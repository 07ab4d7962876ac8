import { expect, it } from "vitest";
import { findNetwork } from "../../zoo/catalogue.ts";
import { PROCESS } from "../engine/process.ts";
import { splitGraph } from "../engine/split.ts";
import { decisionAt, walked } from "./decision.ts";

const question = { device: PROCESS, dims: {}, allowRaw: false, bits: 32 } as const;
const { table } = await splitGraph(findNetwork("mnist-cnn").build(), question, async () => undefined);

it("chooses the cut with the fewest joules, and leaves no raw input among them", () => {
  for (const gainDb of [-30, -10, 0, 20, 40]) {
    const { answers, best } = decisionAt(table, {}, 10 ** (gainDb / 10));
    expect(answers[best!]!.totalJ).toBe(Math.min(...answers.map(({ totalJ }) => totalJ)));
  }
  expect(table.cuts.some(({ isRaw }) => isRaw)).toBe(false);
});

it("never pays more on the walk by choosing than by always doing the same", () => {
  const { places, choices } = walked(table, {}, 1);
  const [chosen, ...fixed] = choices;
  expect(chosen!.path.cut).toHaveLength(places.length);
  for (const { totals } of fixed) expect(chosen!.totals.energyJ).toBeLessThanOrEqual(totals.energyJ);
});
