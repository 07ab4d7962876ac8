import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../math/random.ts";
import { type Epoch, forecastTarget, readLearningCurve } from "./learning-curve.ts";

/** Epochs of a known law, with noise on the accuracy. */
function epochsOf(count: number, limit: number, scale: number, exponent: number, noise = 0, seed = 1): Epoch[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => ({
    epoch: i + 1,
    accuracy: Math.min(1, Math.max(0, limit - scale * (i + 1) ** -exponent + noise * random.normal())),
    energyJ: i === 0 ? 150 : 100,
  }));
}

const truthOf = (limit: number, scale: number, exponent: number, accuracy: number) =>
  Math.ceil((scale / (limit - accuracy)) ** (1 / exponent));

describe("forecastTarget", () => {
  it("finds the epochs of a law that it is given, and their joules", () => {
    const truth = truthOf(0.95, 0.6, 0.7, 0.85);
    const { epochs, lowEpochs, highEpochs, energyJ, reached, law } = forecastTarget(epochsOf(8, 0.95, 0.6, 0.7), 0.85);
    expect(reached).toBe(false);
    expect(Math.abs(epochs! - truth)).toBeLessThanOrEqual(1);
    expect(lowEpochs!).toBeLessThanOrEqual(truth);
    expect(highEpochs!).toBeGreaterThanOrEqual(truth);
    expect(energyJ).toBeCloseTo(150 + (epochs! - 1) * 100, 6);
    expect(law.limit).toBeCloseTo(0.95, 1);
  });
  it("holds the true number of epochs in its range most of the time under noise", () => {
    const truth = truthOf(0.93, 0.5, 0.8, 0.88);
    const inside = Array.from({ length: 40 }, (_, seed) => {
      const { lowEpochs, highEpochs = Number.POSITIVE_INFINITY } = forecastTarget(
        epochsOf(10, 0.93, 0.5, 0.8, 0.004, seed),
        0.88,
      );
      return lowEpochs !== undefined && lowEpochs <= truth && truth <= highEpochs;
    });
    expect(inside.filter(Boolean).length).toBeGreaterThanOrEqual(32);
  });
  it("keeps low ≤ expected ≤ high, and more epochs for more accuracy", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.7, max: 0.99, noNaN: true }),
        fc.double({ min: 0.3, max: 1.5, noNaN: true }),
        fc.integer({ min: 5, max: 15 }),
        (limit, exponent, count) => {
          const epochs = epochsOf(count, limit, 0.5, exponent, 0.003, count);
          const answers = [limit - 0.05, limit - 0.02].map((accuracy) => forecastTarget(epochs, accuracy));
          for (const { epochs: expected, lowEpochs, highEpochs, lowJ, energyJ, highJ } of answers) {
            if (expected === undefined) continue;
            expect(lowEpochs!).toBeLessThanOrEqual(expected);
            expect(highEpochs ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(expected);
            expect(lowJ!).toBeLessThanOrEqual(energyJ! + 1e-9);
            expect(highJ ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(energyJ! - 1e-9);
          }
          const [near, far] = answers.map(({ epochs: expected }) => expected ?? Number.POSITIVE_INFINITY);
          expect(far!).toBeGreaterThanOrEqual(near!);
        },
      ),
      { numRuns: 12, seed: 5 },
    );
  });
  it("projects nothing when the accuracy was reached", () => {
    const epochs = epochsOf(10, 0.95, 0.6, 1);
    expect(forecastTarget(epochs, epochs[4]!.accuracy)).toMatchObject({
      reached: true,
      epochs: 5,
      energyJ: 550,
      lowJ: 550,
      highJ: 550,
    });
  });
  it("says that an accuracy above the curve's limit may never be reached", () => {
    const { epochs, highJ, remarks } = forecastTarget(epochsOf(12, 0.8, 0.5, 1.5), 0.95);
    expect(epochs).toBeUndefined();
    expect(highJ).toBeUndefined();
    expect(remarks.join()).toContain("may never be reached");
  });
  it("refuses fewer than five epochs", () => {
    expect(() => forecastTarget(epochsOf(4, 0.9, 0.5, 1), 0.8)).toThrow(/4 epochs/);
  });
});

describe("readLearningCurve", () => {
  const rows = (header: string, ...lines: string[]) => [header, ...lines].join("\n");
  it("reads joules, or power times time, and per cent", () => {
    const direct = readLearningCurve("a.csv", rows("epoch,accuracy,energy_j", "1,50,200", "2,60,100"));
    const product = readLearningCurve("b.csv", rows("epoch,accuracy,power_w,time_s", "0,0.5,100,2", "1,0.6,50,2"));
    expect(product).toEqual(direct);
    expect(direct[1]).toEqual({ epoch: 2, accuracy: 0.6, energyJ: 100 });
  });
  it("names the row that cannot be used", () => {
    expect(() => readLearningCurve("c.csv", rows("epoch,accuracy,energy_j", "1,0.5,200", "2,x,100"))).toThrow(/row 3/);
    expect(() => readLearningCurve("c.csv", rows("epoch,accuracy,energy_j", "1,0.5,200", "3,0.6,100"))).toThrow(
      /row 3/,
    );
    expect(() => readLearningCurve("c.csv", rows("epoch,accuracy,energy_j", "1,0.5,-2"))).toThrow(/row 2/);
    expect(() => readLearningCurve("c.csv", rows("epoch,loss", "1,0.5"))).toThrow(/columns epoch, loss/);
  });
});
