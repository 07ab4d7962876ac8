// Fourier transforms, windows, random numbers and interpolation. A transform of N points is counted as a radix-2 FFT,
// 5·N·log2 N operations: 2N·log2 N multiplications and 3N·log2 N additions [Cooley1965]; half for real input.
import { intAttribute, stringAttribute } from "../../graph/attributes.ts";
import {
  hasInput,
  inputCount,
  inputDims,
  outputCount,
  outputDims,
  perOutput,
  plus,
  product,
  times,
} from "../extent.ts";
import type { WorkContext, WorkRule, WorkTable } from "../rule.ts";
import type { Operations } from "../work.ts";
import { BILINEAR_SAMPLE } from "./convolution.ts";

/** One transform of `points`; real input has half the work. */
function transform(points: number, real: boolean): Operations {
  const butterflies = points > 1 ? points * Math.log2(points) * (real ? 0.5 : 1) : 0;
  return times({ muls: 2, adds: 3 }, Math.round(butterflies));
}

/** Input [batch, …signal…, 1 or 2], length (1), axis (2 since opset 20, an attribute before). */
function dft(context: WorkContext): Operations {
  const dims = inputDims(context, 0);
  const given = context.opset >= 20 ? (context.constant(2)?.data[0] ?? -2) : intAttribute(context.layer, "axis", 1);
  const axis = given < 0 ? dims.length + given : given;
  const points = context.constant(1)?.data[0] ?? dims[axis] ?? 1;
  const others = dims.filter((_, i) => i !== axis && i !== dims.length - 1);
  return times(transform(points, dims.at(-1) === 1), product(others));
}

/** Signal [batch, length, 1 or 2], step (1), window (2), frame length (3); output [batch, frames, bins, 2]. */
function stft(context: WorkContext): Operations {
  const dims = inputDims(context, 0);
  const [batch = 1, frames = 0, bins = 1] = outputDims(context, 0);
  const real = dims.length < 3 || dims[2] === 1;
  const points = context.constant(3)?.data[0] ?? inputDims(context, 2)[0] ?? bins;
  const window = hasInput(context, 2) ? { muls: points * (real ? 1 : 2) } : {};
  return times(plus(transform(points, real), window), batch * frames);
}

/** Axes whose length changes. */
function scaledAxes(context: WorkContext): number {
  const before = inputDims(context, 0);
  return outputDims(context, 0).filter((length, axis) => length !== before[axis]).length;
}

/** Weighted neighbours: n multiplications and n − 1 additions; the weights themselves are shared by rows and not counted. */
const weighted = (neighbours: number): Partial<Operations> => ({ muls: neighbours, adds: neighbours - 1 });

/** Neighbours per axis by mode. */
const NEIGHBOURS: Readonly<Record<string, number>> = { nearest: 1, linear: 2, bilinear: 2, cubic: 4, bicubic: 4 };

function interpolation(context: WorkContext, axes: number, mode: string): Operations {
  const perAxis = NEIGHBOURS[mode] ?? 2;
  return times(perAxis === 1 ? {} : weighted(perAxis ** axes), outputCount(context));
}

const resize: WorkRule = {
  forward: (context) => interpolation(context, scaledAxes(context), stringAttribute(context.layer, "mode", "nearest")),
  settings: [1, 2, 3],
};

/** Input [N, C, …], grid [N, …, axes]: each grid coordinate is scaled once (multiplication and addition). */
function gridSample(context: WorkContext): Operations {
  const axes = inputDims(context, 0).length - 2;
  const mode = stringAttribute(context.layer, "mode", "linear");
  return plus(interpolation(context, axes, mode), times({ muls: 1, adds: 1 }, inputCount(context, 1)));
}

/** theta [N, d, d + 1] times the homogeneous coordinate of every position. */
const affineGrid = (context: WorkContext): Partial<Operations> => ({
  macs: outputCount(context) * (inputDims(context, 0)[2] ?? 1),
});

/** a − b·cos(2πn/N), and one cosine more for Blackman. */
const window = (cosines: number): WorkRule => perOutput({ muls: 2 * cosines, adds: cosines, others: cosines });
const random = perOutput({ muls: 1, adds: 1, others: 1 });

export const SIGNAL_RULES: WorkTable = {
  DFT: { forward: dft },
  STFT: { forward: stft },
  HannWindow: window(1),
  HammingWindow: window(1),
  BlackmanWindow: window(2),
  MelWeightMatrix: perOutput({ muls: 2, adds: 4 }),
  Resize: resize,
  Upsample: { ...resize, settings: [1] },
  "com.microsoft.nchwc.Upsample": resize,
  GridSample: { forward: gridSample },
  "com.microsoft.GridSample": { forward: gridSample },
  AffineGrid: { forward: affineGrid, operands: [0] },
  "com.microsoft.CropAndResize": perOutput(BILINEAR_SAMPLE),
  RandomNormal: random,
  RandomNormalLike: random,
  RandomUniform: random,
  RandomUniformLike: random,
  Bernoulli: random,
  Multinomial: random,
};
