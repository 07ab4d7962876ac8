// Handwriting-like digits drawn by rule, so that examples and tests need no download: a 5×7 pixel pattern per digit, sheared, turned,
// scaled, shifted, blurred by bilinear sampling and covered with noise. Not a benchmark: it is easier than MNIST.
import { type Random, seededRandom } from "../../../math/random.ts";
import { classes, type DataSplit, dataSet, pixels } from "../data-set.ts";

const SIDE = 28;
const ROWS = 7;
const COLUMNS = 5;
const DIGITS = 10;

/** Patterns row by row, # is ink. */
const PATTERNS: readonly string[] = [
  ".###. #...# #...# #...# #...# #...# .###.",
  "..#.. .##.. ..#.. ..#.. ..#.. ..#.. .###.",
  ".###. #...# ....# ...#. ..#.. .#... #####",
  ".###. #...# ....# ..##. ....# #...# .###.",
  "...#. ..##. .#.#. #..#. ##### ...#. ...#.",
  "##### #.... ####. ....# ....# #...# .###.",
  "..##. .#... #.... ####. #...# #...# .###.",
  "##### ....# ...#. ..#.. ..#.. .#... .#...",
  ".###. #...# #...# .###. #...# #...# .###.",
  ".###. #...# #...# .#### ....# ...#. .##..",
];
const INK = PATTERNS.map((pattern) => pattern.split(" ").map((row) => [...row].map((cell) => (cell === "#" ? 1 : 0))));

/** How far a digit may differ from its pattern: uniform in ± these. */
const VARIES = { angle: 0.25, shear: 0.25, scale: 0.18, shiftPixels: 2.5, noise: 0.12 } as const;
/** Pixels per pattern cell, before scaling. */
const CELL = 3;

const between = (random: Random, limit: number): number => (2 * random.uniform() - 1) * limit;

/** Ink at a place in the pattern, between cells in proportion; 0 outside. */
function inkAt(digit: number, row: number, column: number): number {
  const cell = (r: number, c: number): number => INK[digit]![r]?.[c] ?? 0;
  const [r, c] = [Math.floor(row), Math.floor(column)];
  const [down, right] = [row - r, column - c];
  const upper = cell(r, c) * (1 - right) + cell(r, c + 1) * right;
  const lower = cell(r + 1, c) * (1 - right) + cell(r + 1, c + 1) * right;
  return upper * (1 - down) + lower * down;
}

function draw(digit: number, random: Random, into: Uint8Array): void {
  const angle = between(random, VARIES.angle);
  const shear = between(random, VARIES.shear);
  const size = CELL * (1 + between(random, VARIES.scale));
  const [downBy, rightBy] = [between(random, VARIES.shiftPixels), between(random, VARIES.shiftPixels)];
  const strength = 0.75 + 0.25 * random.uniform();
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const down = y - (SIDE - 1) / 2 - downBy;
      const right = x - (SIDE - 1) / 2 - rightBy;
      const row = (cosine * down - sine * right) / size;
      const column = (sine * down + cosine * right) / size + shear * row;
      const ink = inkAt(digit, row + (ROWS - 1) / 2, column + (COLUMNS - 1) / 2);
      const value = Math.min(1, 1.4 * ink) * strength + VARIES.noise * random.uniform();
      into[y * SIDE + x] = Math.round(255 * Math.min(1, value));
    }
  }
}

function drawMany(name: string, count: number, random: Random) {
  const images = new Uint8Array(count * SIDE * SIDE);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = random.below(DIGITS);
    draw(labels[i]!, random, images.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE));
  }
  return dataSet(name, [pixels(`${name} images`, [1, SIDE, SIDE], images), classes(`${name} labels`, labels)]);
}

export interface DigitOptions {
  /** Samples to learn from; from 1. Default 2,000. */
  readonly train?: number;
  /** Samples to judge with; from 1. Default 500. */
  readonly test?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** Pictures of 1×28×28 pixels in [0, 1] and their digits. The same options give the same pictures everywhere. */
export function syntheticDigits({ train = 2000, test = 500, seed = 0 }: DigitOptions = {}): DataSplit {
  const random = seededRandom(seed);
  return {
    train: drawMany("synthetic digits", train, random.fork(1)),
    test: drawMany("synthetic test digits", test, random.fork(2)),
  };
}
