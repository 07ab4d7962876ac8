import { describe, expect, it } from "vitest";
import { epochSignals, type SignalPlan } from "./epoch-signals.ts";

/** Times at which epochs were seen to begin. */
function seen(plan: SignalPlan, play: (signals: ReturnType<typeof epochSignals>) => void): number[] {
  const times: number[] = [];
  play(epochSignals(plan, (timeS) => times.push(timeS)));
  return times;
}

describe("epochSignals", () => {
  it("takes marks, each epoch once", () => {
    const times = seen({}, (signals) => {
      signals.begin(0);
      signals.mark("epoch", 1, 1);
      signals.mark("batch", 1, 2);
      signals.mark("epoch", 1, 3);
      signals.mark("epoch", 2, 4);
      signals.mark("epoch", undefined, 5);
      signals.mark("epoch", undefined, 6);
    });
    expect(times).toEqual([1, 4, 5, 6]);
  });
  it("finds lines however they are cut, on each stream for itself, and numbers that are repeated once", () => {
    const times = seen({ pattern: /^Epoch (\d+)/ }, (signals) => {
      signals.output("stdout", "Epo", 1);
      signals.output("stderr", "noise without an end", 2);
      signals.output("stdout", "ch 1/3\nloss", 3);
      signals.output("stdout", " 0.5\r\nEpoch 1/3\rEpoch 2/3\r", 4);
      signals.output("stderr", "\nEpoch 3/3\n", 5);
    });
    expect(times).toEqual([3, 4, 5]);
  });
  it("counts lines without a number", () => {
    const times = seen({ pattern: /done/ }, (signals) => {
      signals.output("stdout", "done\ndone\n", 1);
      signals.mark("epoch", 1, 2);
    });
    expect(times).toEqual([1, 1]);
  });
  it("begins the first epoch with the program where lines stand at the end", () => {
    const times = seen({ pattern: /done/, atEnd: true }, (signals) => {
      signals.begin(0);
      signals.output("stdout", "done\n", 5);
      signals.output("stdout", "done\n", 9);
    });
    expect(times).toEqual([0, 5, 9]);
  });
  it("makes epochs of steps, by their first or their last", () => {
    const steps = (signals: ReturnType<typeof epochSignals>) => {
      signals.begin(0);
      for (let i = 1; i <= 7; i++) signals.mark("step", i, i);
    };
    expect(seen({ steps: 3 }, steps)).toEqual([1, 4, 7]);
    expect(seen({ steps: 3, atEnd: true }, steps)).toEqual([0, 3, 6]);
  });
  it("does not keep a line that never ends", () => {
    const times = seen({ pattern: /^x*$/ }, (signals) => {
      for (let i = 0; i < 50; i++) signals.output("stdout", "x".repeat(1000), i);
      signals.output("stdout", "\n", 60);
    });
    expect(times).toEqual([60]);
  });
});
