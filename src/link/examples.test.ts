import { describe, expect, it } from "vitest";
import { JUDGING_CHANNELS, LEARNING_CHANNELS, openExamples } from "./examples.ts";

const setup = {
  modulation: "16qam",
  channels: LEARNING_CHANNELS,
  grid: { subcarriers: 24 },
  pilots: [1, 2],
  bits: 8,
  seed: 3,
} as const;

function arrays(examples: ReturnType<typeof openExamples>, count: number) {
  const { planes, bits } = examples.sizes;
  const sized = (shape: readonly number[]) => new Float32Array(count * shape.reduce((a, b) => a * b, 1));
  return { planes: sized(planes), bits: sized(bits), mask: sized(bits) };
}

describe("examples", () => {
  const examples = openExamples(setup);

  it("are the same by number, whatever was drawn before", () => {
    const [one, two] = [arrays(examples, 3), arrays(examples, 3)];
    for (const i of [0, 1, 2]) examples.write(10 + i, i, one);
    for (const i of [2, 0, 1]) examples.write(10 + i, i, two);
    expect(two).toEqual(one);
    examples.write(13, 0, two);
    expect(two.planes.subarray(0, 100)).not.toEqual(one.planes.subarray(0, 100));
    expect(examples.sizes).toEqual({ planes: [10, 14, 24], bits: [8, 14, 24] });
  });

  it("count on data elements, in the modulation's own bits, with one or two symbols of pilots", () => {
    const many = arrays(examples, 20);
    for (let i = 0; i < 20; i++) examples.write(i, i, many);
    const counted = Array.from({ length: 20 }, (_, i) =>
      many.mask.subarray(i * 8 * 336, i * 8 * 336 + 336).reduce((a, b) => a + b, 0),
    );
    expect(new Set(counted)).toEqual(new Set([336 - 24, 336 - 48]));
    for (let bit = 4; bit < 8; bit++)
      expect(many.mask.subarray(bit * 336, (bit + 1) * 336).every((value) => value === 0)).toBe(true);
    expect(many.bits.every((value) => value === 0 || value === 1)).toBe(true);
    expect(many.planes.every(Number.isFinite)).toBe(true);
  });

  it("begin with easier modulations where asked to", () => {
    const taught = openExamples({ ...setup, curriculum: [{ modulation: "qpsk", until: 5 }] });
    const many = arrays(taught, 10);
    for (let i = 0; i < 10; i++) taught.write(i, i, many);
    const ownBits = Array.from({ length: 10 }, (_, i) =>
      Array.from({ length: 8 }, (_, bit) => many.mask[(i * 8 + bit) * 336]!).reduce((a, b) => a + b, 0),
    );
    expect(ownBits).toEqual([2, 2, 2, 2, 2, 4, 4, 4, 4, 4]);
  });

  it("refuse what cannot be learned, and judge on other channels than they teach", () => {
    expect(() => openExamples({ ...setup, bits: 2 })).toThrow(/2 bits per element cannot learn 16qam, which has 4/);
    expect(() => openExamples({ ...setup, channels: ["tdl-x"] })).toThrow(/tdl-x/);
    expect(() => openExamples({ ...setup, snrDb: [3, 1] })).toThrow(/snrDb from 3 to 1/);
    expect(JUDGING_CHANNELS.some((name) => LEARNING_CHANNELS.includes(name))).toBe(false);
  });
});
