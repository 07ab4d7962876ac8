import { describe, expect, it } from "vitest";
import type { Mark } from "./trace.ts";
import { CLOSE, epochsFrom, OPEN, windowsFrom } from "./windows.ts";

const open = (timeS: number, value: string): Mark => ({ timeS, name: OPEN, value });
const close = (timeS: number, value: string): Mark => ({ timeS, name: CLOSE, value });

describe("windowsFrom", () => {
  it("pairs overlapping and nested windows by name", () => {
    const { windows, remarks } = windowsFrom([open(0, "a"), open(1, "b"), close(2, "a"), close(3, "b")], 9);
    expect(windows).toEqual([
      { name: "a", fromS: 0, toS: 2 },
      { name: "b", fromS: 1, toS: 3 },
    ]);
    expect(remarks).toEqual([]);
  });

  it("takes a name again, inside itself too", () => {
    const { windows } = windowsFrom(
      [open(0, "a"), open(1, "a"), close(2, "a"), close(3, "a"), open(4, "a"), close(5, "a")],
      9,
    );
    expect(windows.map(({ fromS, toS }) => [fromS, toS])).toEqual([
      [0, 3],
      [1, 2],
      [4, 5],
    ]);
  });

  it("ends open windows with the recording and says so; a lone closing is a remark", () => {
    const { windows, remarks } = windowsFrom([open(1, "a"), close(2, "b")], 9);
    expect(windows).toEqual([{ name: "a", fromS: 1, toS: 9 }]);
    expect(remarks).toEqual([
      'window "b" was closed but not open',
      'window "a" was not closed: it ends with the recording',
    ]);
  });
});

describe("epochsFrom", () => {
  it("makes each epoch end where the next begins, whatever order the marks are in", () => {
    const marks: Mark[] = [
      { timeS: 5, name: "epoch" },
      { timeS: 2, name: "epoch" },
      { timeS: 3, name: "batch" },
      { timeS: 9, name: "epoch", value: "last" },
    ];
    expect(epochsFrom(marks, 10)).toEqual([
      { name: "epoch 1", fromS: 2, toS: 5 },
      { name: "epoch 2", fromS: 5, toS: 9 },
      { name: "epoch last", fromS: 9, toS: 10 },
    ]);
    expect(epochsFrom(marks, 9)).toHaveLength(2);
  });
});
