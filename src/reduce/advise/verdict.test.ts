import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Proposal, Saving } from "./action.ts";
import { advised, estimatedSaving, gainJ, payBackOf, ranked, savingOf, WORTH_RATIO } from "./verdict.ts";

const USE = { ratePerS: 50, horizonS: 1e6 };
const LIMITS = { use: USE, maxLoss: 0.005 };

const saving = (before: number, saved: number, half = 0, isTried = true): Saving => ({
  before,
  after: { value: before - saved, low: before - saved - half, high: before - saved + half },
  saved: { value: saved, low: saved - half, high: saved + half },
  basis: isTried ? "measured" : "estimated",
  isTried,
});

const proposal = (more: Partial<Proposal> = {}): Proposal => ({
  change: "less",
  saving: saving(1, 0.5),
  costJ: 0,
  costBasis: "measured",
  risk: "none",
  why: "because",
  ...more,
});

const score = (accuracy: number) => ({ loss: 1, accuracy });

const joules = fc.double({ min: 1e-6, max: 1e3, noNaN: true });
const uses = fc.record({
  ratePerS: fc.double({ min: 1e-3, max: 1e4, noNaN: true }),
  horizonS: fc.double({ min: 1, max: 1e9, noNaN: true }),
});
const savings = fc
  .record({ before: joules, ratio: fc.double({ min: -1, max: 0.99, noNaN: true }), half: joules })
  .map(({ before, ratio, half }) => saving(before, before * ratio, half));

describe("the law of advice", () => {
  it("saved = (before − after) · rate · horizon", () => {
    fc.assert(
      fc.property(savings, uses, (one, use) => {
        const { savedJ } = advised("a", proposal({ saving: one }), { use, maxLoss: 0 });
        const expected = (one.before - one.after.value) * use.ratePerS * use.horizonS;
        expect(Math.abs(savedJ! - expected)).toBeLessThanOrEqual(
          1e-9 * Math.abs(expected) + 1e-6 * use.ratePerS * use.horizonS,
        );
      }),
    );
  });

  it("pay-back · saving = cost, and its time is by the rate", () => {
    fc.assert(
      fc.property(joules, joules, uses, (cost, saved, use) => {
        const paid = payBackOf(cost, saved, use)!;
        expect(paid.inferences * saved).toBeCloseTo(cost, 6);
        expect(paid.seconds * use.ratePerS).toBeCloseTo(paid.inferences, 6);
      }),
    );
    expect(payBackOf(1, 0, USE)).toBeUndefined();
    expect(payBackOf(1, -1, USE)).toBeUndefined();
    expect(payBackOf(undefined, 1, USE)).toBeUndefined();
    expect(payBackOf(0, 1, USE)).toEqual({ inferences: 0, seconds: 0 });
  });

  it("never says do while the interval holds no saving, and says why", () => {
    fc.assert(
      fc.property(savings, uses, (one, use) => {
        fc.pre(one.saved.low <= 0);
        const { verdict, why } = advised("a", proposal({ saving: one }), { use, maxLoss: 1 });
        expect(verdict).not.toBe("do");
        if (one.saved.value <= 0)
          expect([verdict, why]).toEqual(["will not help", "it needs no fewer joules: because"]);
        else if (verdict === "perhaps") expect(why).toMatch(/cannot be told from none/);
        else expect(why).toMatch(/less than 3 %/);
      }),
    );
  });

  it("will not help whenever there is an obstacle, whatever is saved", () => {
    fc.assert(
      fc.property(savings, (one) => {
        const { verdict, why } = advised("a", proposal({ saving: one, obstacle: "no VNNI" }), LIMITS);
        expect([verdict, why]).toEqual(["will not help", "no VNNI"]);
      }),
    );
  });

  it.each<[string, Partial<Proposal>, string, RegExp]>([
    ["tried, nothing at risk", {}, "do", /^because$/],
    ["only counted", { saving: saving(1, 0.5, 0, false) }, "perhaps", /^because$/],
    ["too little", { saving: saving(1, WORTH_RATIO / 2) }, "will not help", /less than 3 %/],
    [
      "never paid",
      { costJ: 0.5 * USE.ratePerS * USE.horizonS * 2 },
      "will not help",
      /beyond the horizon of 11.6 days/,
    ],
    ["just paid", { costJ: 0.5 * USE.ratePerS * USE.horizonS * 0.9 }, "do", /^because$/],
    ["cost not known", { costJ: undefined }, "perhaps", /^because$/],
    ["a model at best", { atMost: "perhaps" }, "perhaps", /^because$/],
    ["answers at risk, not judged", { risk: "some" }, "perhaps", /^because$/],
    ["judged good", { risk: "some", accuracy: { before: score(0.9), after: score(0.896) } }, "do", /^because$/],
    [
      "judged bad",
      { risk: "some", accuracy: { before: score(0.9), after: score(0.88) } },
      "will not help",
      /falls by 2.00 points/,
    ],
    ["nothing known", { saving: undefined }, "perhaps", /^because$/],
    ["only CO2e", { saving: saving(1, 0), carbonRatio: 0.4 }, "perhaps", /^because$/],
  ])("%s", (_name, more, verdict, why) => {
    const judged = advised("a", proposal(more), LIMITS);
    expect(judged.verdict).toBe(verdict);
    expect(judged.why).toMatch(why);
  });

  it("ranks by verdict, then by the joules left over once the cost is paid", () => {
    const one = (action: string, saved: number, costJ: number, more: Partial<Proposal> = {}) =>
      advised(action, proposal({ saving: saving(1, saved), costJ, ...more }), LIMITS);
    const order = ranked([
      one("obstacle", 0.9, 0, { obstacle: "no" }),
      one("small", 0.1, 0),
      one("dear", 0.5, 0.45 * USE.ratePerS * USE.horizonS),
      one("large", 0.4, 1),
      one("model", 0.8, 0, { atMost: "perhaps" }),
      one("unknown", 0, 0, { saving: undefined }),
    ]);
    expect(order.map(({ action }) => action)).toEqual(["large", "small", "dear", "model", "unknown", "obstacle"]);
    fc.assert(
      fc.property(fc.array(fc.tuple(joules, joules), { minLength: 2, maxLength: 8 }), (pairs) => {
        const sorted = ranked(pairs.map(([saved, cost], i) => one(`${i}`, Math.min(saved, 0.9), cost)));
        const gains = sorted.filter(({ verdict }) => verdict === "do").map(gainJ);
        expect(gains).toEqual(gains.toSorted((a, b) => b - a));
      }),
    );
  });
});

describe("savings", () => {
  it("of a trial are before · (1 − ratio), with the interval turned round", () => {
    const tried = {
      candidate: { name: "x" },
      basis: "measured",
      seconds: undefined,
      score: undefined,
      madeJ: 0,
    } as const;
    const made = savingOf(4, { ...tried, ratio: { value: 0.5, low: 0.25, high: 1.25 } })!;
    expect(made).toMatchObject({
      after: { value: 2, low: 1, high: 5 },
      saved: { value: 2, low: -1, high: 3 },
      isTried: true,
    });
    expect(savingOf(4, { ...tried, ratio: undefined })).toBeUndefined();
  });

  it("by a metric compare low with low: a device's doubt is the same for both", () => {
    const made = estimatedSaving({ value: 10, low: 5, high: 20 }, { value: 8, low: 4, high: 16 });
    expect(made.saved).toEqual({ value: 2, low: 1, high: 4 });
    expect(made).toMatchObject({ basis: "estimated", isTried: false });
  });
});
