// Coloured pictures drawn by rule, of the shape of CIFAR-10, so that studies of its networks need no download: ten patterns (stripes,
// checks, discs, …) in colours, sizes and places that vary, covered with noise. Not a benchmark: it is easier than CIFAR-10.
import { type Random, seededRandom } from "../../../math/random.ts";
import { classes, type DataSplit, dataSet, pixels } from "../data-set.ts";

const SIDE = 32;
const CHANNELS = 3;
const NOISE = 0.25;

/** A place in the picture: from the middle, in half sides, and turned by the pattern's angle. */
interface Place {
  readonly right: number;
  readonly down: number;
  /** Distance from the middle. */
  readonly far: number;
  /** Waves per half side. */
  readonly waves: number;
}

const wave = (x: number): number => (Math.sin(2 * Math.PI * x) > 0 ? 1 : 0);

/** Whether ink lies at a place, by class. */
const PATTERNS: readonly ((place: Place) => number)[] = [
  ({ right, waves }) => wave(right * waves),
  ({ down, waves }) => wave(down * waves),
  ({ right, down, waves }) => wave((right + down) * waves * 0.7),
  ({ right, down, waves }) => wave(right * waves) ^ wave(down * waves),
  ({ far }) => (far < 0.6 ? 1 : 0),
  ({ far }) => (far > 0.45 && far < 0.75 ? 1 : 0),
  ({ right, down }) => (Math.abs(right) < 0.2 || Math.abs(down) < 0.2 ? 1 : 0),
  ({ right, down }) => (Math.abs(right) < 0.5 && Math.abs(down) < 0.5 ? 1 : 0),
  ({ far, waves }) => wave(far * waves),
  ({ right, down }) => (Math.abs(right - down) < 0.25 || Math.abs(right + down) < 0.25 ? 1 : 0),
];

const colour = (random: Random): readonly number[] => Array.from({ length: CHANNELS }, () => random.uniform());

function draw(kind: number, random: Random, into: Uint8Array): void {
  const [ink, ground] = [colour(random), colour(random)];
  const [x0, y0] = [0.3 * (2 * random.uniform() - 1), 0.3 * (2 * random.uniform() - 1)];
  const size = 0.8 + 0.4 * random.uniform();
  const waves = 1.5 + random.uniform();
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) {
      const right = ((2 * x) / (SIDE - 1) - 1 - x0) / size;
      const down = ((2 * y) / (SIDE - 1) - 1 - y0) / size;
      const at = PATTERNS[kind]!({ right, down, far: Math.hypot(right, down), waves });
      for (let channel = 0; channel < CHANNELS; channel++) {
        const value = at * ink[channel]! + (1 - at) * ground[channel]! + NOISE * (random.uniform() - 0.5);
        into[(channel * SIDE + y) * SIDE + x] = Math.round(255 * Math.min(1, Math.max(0, value)));
      }
    }
}

function drawMany(name: string, count: number, random: Random) {
  const size = CHANNELS * SIDE * SIDE;
  const images = new Uint8Array(count * size);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = random.below(PATTERNS.length);
    draw(labels[i]!, random, images.subarray(i * size, (i + 1) * size));
  }
  const images3 = pixels(`${name} images`, [CHANNELS, SIDE, SIDE], images);
  return dataSet(name, [images3, classes(`${name} labels`, labels)]);
}

export interface PictureOptions {
  /** Samples to learn from; from 1. Default 2,000. */
  readonly train?: number;
  /** Samples to judge with; from 1. Default 500. */
  readonly test?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** Pictures of 3×32×32 numbers in [0, 1] and their class of ten. The same options give the same pictures everywhere. */
export function syntheticPictures({ train = 2000, test = 500, seed = 0 }: PictureOptions = {}): DataSplit {
  const random = seededRandom(seed);
  return {
    train: drawMany("synthetic pictures", train, random.fork(1)),
    test: drawMany("synthetic test pictures", test, random.fork(2)),
  };
}
