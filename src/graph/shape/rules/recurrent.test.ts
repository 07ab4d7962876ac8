import { describe, expect, it } from "vitest";
import { typesOf } from "../../../../test/support/one-layer.ts";

const shapes = (op: string, inputs: readonly (readonly (number | string)[])[], attributes = {}) =>
  typesOf(op, inputs, { outputs: op === "LSTM" ? 3 : 2, attributes }).map((type) => type?.shape);

describe("recurrent layers", () => {
  it("answers with all steps, last state and, of an LSTM, last cell", () => {
    expect(
      shapes(
        "LSTM",
        [
          ["T", "N", 80],
          [2, 1024, 80],
          [2, 1024, 256],
        ],
        { direction: "bidirectional" },
      ),
    ).toEqual([
      ["T", 2, "N", 256],
      [2, "N", 256],
      [2, "N", 256],
    ]);
    expect(
      shapes("GRU", [
        ["T", "N", 80],
        [1, 96, 80],
        [1, 96, 32],
      ]),
    ).toEqual([
      ["T", 1, "N", 32],
      [1, "N", 32],
    ]);
  });

  it("puts the batch first in layout 1", () => {
    expect(
      shapes(
        "RNN",
        [
          ["N", "T", 80],
          [1, 32, 80],
          [1, 32, 32],
        ],
        { layout: 1 },
      ),
    ).toEqual([
      ["N", "T", 1, 32],
      ["N", 1, 32],
    ]);
  });

  it("refuses features that the weights do not expect", () => {
    expect(() =>
      shapes("GRU", [
        [5, 1, 80],
        [1, 96, 40],
        [1, 96, 32],
      ]),
    ).toThrow(/80 features.*expects 40/);
  });
});
