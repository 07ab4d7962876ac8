import { describe, expect, it } from "vitest";
import { parsePlan, placeInPlan, SIXTEEN } from "./plan.ts";
import { trialsOf } from "./trials.ts";

const PLAN = `
name: two networks
networks: [zoo:cifar/lenet, zoo:cifar/resnet18]
batch: [32, 128]
learning-rate: [0.001, 0.01]
repetitions: 3
cool-down: 2s
budget: 50kJ
`;

describe("a plan", () => {
  it("takes what it says, and the paper's settings for the rest", () => {
    expect(parsePlan(PLAN, "plan.yaml")).toMatchObject({
      name: "two networks",
      batches: [32, 128],
      coolDownS: 2,
      budgetJ: 50_000,
      optimiser: "sgd",
      weightDecays: [5e-4],
      inferencePasses: 5,
    });
    expect(parsePlan("networks: sixteen", "a/b.yaml")).toMatchObject({ name: "b", networks: SIXTEEN });
    expect(SIXTEEN).toHaveLength(16);
  });

  it("is crossed: training by every hyperparameter, inference without them, in a seeded order", () => {
    const trials = trialsOf(parsePlan(PLAN, "plan.yaml"));
    expect(trials).toHaveLength(2 * 2 * 2 * 3 + 2 * 2 * 3);
    expect(new Set(trials.map(({ id }) => id)).size).toBe(trials.length);
    expect(trialsOf(parsePlan(PLAN, "plan.yaml"))).toEqual(trials);
    const other = trialsOf(parsePlan(`${PLAN}\nseed: 5`, "plan.yaml"));
    expect(other.map(({ id }) => id)).not.toEqual(trials.map(({ id }) => id));
    expect(other.map(({ id }) => id).sort()).toEqual(trials.map(({ id }) => id).sort());
  });

  it("does the same twice only once", () => {
    const plan = parsePlan(
      "networks: [sixteen, zoo:cifar/lenet]\nbatch: [16, 16]\nphases: [train, training]\nlearning-rate: [0.1, 0.10]",
      "plan.yaml",
    );
    expect(plan).toMatchObject({ networks: SIXTEEN, batches: [16], phases: ["training"], learningRates: [0.1] });
    const ids = trialsOf(plan).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(parsePlan("networks: [a]\noptimiser: adam\nmomentum: 0", "plan.yaml").momenta).toEqual([0]);
  });

  it("knows where a word of it stands", () => {
    const source = "batch: 3\nnetworks:\n  - zoo:a\n  - sixteen\ndata: here";
    expect(placeInPlan(source, "p.yaml", "networks", "zoo:a")).toBe("p.yaml:3:5");
    expect(placeInPlan(source, "p.yaml", "networks", "zoo:cifar/lenet")).toBe("p.yaml:4:5");
    expect(placeInPlan(source, "p.yaml", "data", "here")).toBe("p.yaml:5:7");
    expect(placeInPlan(source, "p.yaml", "loss", "cross-entropy")).toBe("p.yaml");
  });

  it.each([
    ["networks: [a]\noptimiser: adam\nmomentum: [0, 0.9]", /plan\.yaml:3:11: momentum is 0\.9, but the optimiser adam/],
    ["networks: [a]\nbatsh: 3", /plan\.yaml:2:1: .*batsh.*batch/s],
    ["networks: [a]\nbatch: many", /plan\.yaml:2:8: batch is "many", expected a whole number/],
    ["networks: [a]\nbatch: [1, 2.5]", /plan\.yaml:2:8: batch is 2\.5/],
    ["networks: []", /plan\.yaml:1:11: networks is an empty list/],
    ["networks: [a\nbatch: 3", /plan\.yaml:2:1: /],
    ["networks: [a]\nphases: [sleep]", /plan\.yaml:2:9: phases has "sleep"/],
    ["networks: [a]\ncool-down: long", /plan\.yaml:2:12: cool-down is "long", expected a time/],
    ["networks: [a]\nnetworks: [b]", /plan\.yaml:2:1: /],
    ["batch: 3", /no networks/],
    ["- a\n- b", /no list of keys/],
    ["", /no list of keys/],
  ])("refuses %j with its place", (source, message) => {
    expect(() => parsePlan(source, "plan.yaml")).toThrow(message);
  });
});
