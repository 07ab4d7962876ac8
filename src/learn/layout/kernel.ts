// The kernel of a blocked convolution: weights [M, C, h, w] in the order [M/b, C/b, h, w, b of C, b of M], or [M/b, C, h, w, b of M]
// where there are fewer channels than a block. A kernel that is another tensor with its first axes swapped or turned around (the
// gradients' kernels are) is made from that tensor in one go.
import { intsAttribute } from "../../graph/attributes.ts";
import type { Layer } from "../../graph/graph.ts";
import type { Rewriting } from "./rewriting.ts";

/** Where a kernel comes from: `tensor` with its first two axes swapped, its window turned around. */
interface Origin {
  readonly tensor: string;
  readonly swapped: boolean;
  readonly turned: boolean;
}

const SWAP = "1,0,2,3";

export const swapsFirstAxes = (layer: Layer): boolean =>
  layer.op === "Transpose" && intsAttribute(layer, "perm")?.join() === SWAP;

/** Slice with step −1 over the window; the emitter leaves out axes of length 1. */
function turnsWindow(r: Rewriting, layer: Layer): boolean {
  if (layer.op !== "Slice") return false;
  const shape = r.shapeOf(layer.inputs[0]!);
  const wanted = shape?.flatMap((length, axis) => (axis >= 2 && length !== 1 ? [axis] : []));
  const [, , , axes, steps] = layer.inputs.map((input) => r.numbersOf(input));
  return wanted !== undefined && axes?.join() === wanted.join() && steps?.every((step) => step === -1) === true;
}

function originOf(r: Rewriting, kernel: string): Origin {
  const layer = r.producer(kernel);
  if (layer === undefined) return { tensor: kernel, swapped: false, turned: false };
  const swaps = swapsFirstAxes(layer);
  const turns = turnsWindow(r, layer);
  if (!swaps && !turns) return { tensor: kernel, swapped: false, turned: false };
  const before = originOf(r, layer.inputs[0]!);
  return { tensor: before.tensor, swapped: before.swapped !== swaps, turned: before.turned !== turns };
}

/** One view and one exchange of axes after the other: a transposition over five axes at once is ten times slower than three of these. */
type Steps = readonly (readonly [shape: readonly number[], perm: readonly number[]])[];

/** From the plain form [first, second, …window]. */
function fromPlain(r: Rewriting, { tensor, swapped }: Origin, direct: boolean): string {
  const b = r.block;
  const [first, second, ...window] = r.shapeOf(tensor) as [number, number, number, number];
  const k = window[0]! * window[1]!;
  const [outer, inner] = [first / b, second / b];
  const steps: Steps = swapped
    ? [
        [
          [first, inner, b * k],
          [1, 0, 2],
        ],
        [
          [inner * first, b, k],
          [0, 2, 1],
        ],
        ...(direct
          ? []
          : [
              [
                [inner * outer, b, k, b],
                [0, 2, 1, 3],
              ] as const,
            ]),
      ]
    : direct
      ? [
          [
            [outer, b, second * k],
            [0, 2, 1],
          ],
        ]
      : [
          [
            [first, second, k],
            [0, 2, 1],
          ],
          [
            [outer, b, k * second],
            [0, 2, 1],
          ],
          [
            [outer, k, inner, b * b],
            [0, 2, 1, 3],
          ],
        ];
  return steps.reduce((x, [shape, perm]) => r.transpose(r.reshape(x, shape), perm), r.plain(tensor));
}

/** From the blocked form, whose blocks are the kernel's already: only whole blocks move. */
function fromBlocked(r: Rewriting, tensor: string, direct: boolean): string {
  const b = r.block;
  const [first, second, ...window] = r.shapeOf(tensor) as [number, number, number, number];
  const k = window[0]! * window[1]!;
  const x = r.blocked(tensor);
  return direct
    ? r.transpose(r.reshape(x, [first, second / b, k, b]), [1, 0, 2, 3])
    : r.transpose(r.reshape(x, [first / b, b, second / b, k, b]), [2, 0, 3, 1, 4]);
}

/** @param kernel [M, C, h, w] @param direct fewer channels than a block */
export function blockedKernel(r: Rewriting, kernel: string, direct: boolean): string {
  const origin = originOf(r, kernel);
  const shape = r.shapeOf(kernel)!;
  const computed = origin.swapped && !r.isInput(origin.tensor) && !r.isWeight(origin.tensor);
  const made = computed ? fromBlocked(r, origin.tensor, direct) : fromPlain(r, origin, direct);
  return r.reshape(origin.turned ? turnedAround(r, made, shape) : made, shape);
}

/** The window's positions in the opposite order: [.., positions, block]. */
function turnedAround(r: Rewriting, made: string, [out, channels, ...window]: readonly number[]): string {
  const k = window.reduce((a, b) => a * b, 1);
  const inner = r.block * (channels! < r.block ? 1 : r.block);
  const rows = (out! * channels!) / inner;
  const backwards = Array.from({ length: k }, (_, i) => k - 1 - i);
  return r.op("Gather", [r.reshape(made, [rows, k, inner]), r.ints(...backwards)], [rows, k, inner], {
    attributes: { axis: 1 },
  });
}
