// Normalisations. Batch normalisation in inference is one multiplication and one addition per element, because mean,
// variance, scale and shift fold into two numbers per channel; in training it takes the batch's own statistics, as the others do always.
// Per element with own statistics: mean (1 addition), deviation (1), square and sum (1 + 1), × 1/σ (1 multiplication),
// × scale (1), + shift (1). Per group of elements: two divisions by the count, + ε, square root, reciprocal.
import { floatAttribute, intAttribute, intsAttribute } from "../../graph/attributes.ts";
import { hasInput, inputCount, inputDims, outputCount, plus, product, times } from "../extent.ts";
import type { GradientNeeds, WorkContext, WorkRule, WorkTable } from "../rule.ts";
import type { Operations } from "../work.ts";
import { activationCost } from "./activation.ts";

const MEAN_AND_VARIANCE: Partial<Operations> = { muls: 1, adds: 3 };
const PER_GROUP: Partial<Operations> = { muls: 3, adds: 1, others: 1 };
/** Root mean square: square and sum per element; division, + ε, square root, reciprocal per group. */
const MEAN_SQUARE: Partial<Operations> = { muls: 1, adds: 1 };
const PER_GROUP_RMS: Partial<Operations> = { muls: 2, adds: 1, others: 1 };

interface Parts {
  readonly elements: number;
  readonly groups: number;
  readonly scale: boolean;
  readonly shift: boolean;
}

function standardised({ elements, groups, scale, shift }: Parts): Operations {
  const apply = { muls: 1 + (scale ? 1 : 0), adds: shift ? 1 : 0 };
  return plus(times(plus(MEAN_AND_VARIANCE, apply), elements), times(PER_GROUP, groups));
}

function rootMeanSquare({ elements, groups, scale, shift }: Parts): Operations {
  const apply = { muls: 1 + (scale ? 1 : 0), adds: shift ? 1 : 0 };
  return plus(times(plus(MEAN_SQUARE, apply), elements), times(PER_GROUP_RMS, groups));
}

/** Gradient with own statistics: x̂ again (1 addition, 1 multiplication), Σdy, Σdy·x̂, and (dy − c₁ − c₂x̂)·c₃ per element. */
const BACKWARD: Partial<Operations> = { muls: 4, adds: 5 };
/** The same without the gradient of the input. */
const BACKWARD_PARAMETERS: Partial<Operations> = { muls: 2, adds: 3 };

function backward(context: WorkContext, needs: GradientNeeds): Operations {
  const wantsInput = needs.wanted[0] === true;
  const any = needs.wanted.some(Boolean);
  return times(wantsInput ? BACKWARD : any ? BACKWARD_PARAMETERS : {}, outputCount(context));
}

/** Batch statistics, and two running averages per channel (2 multiplications and 1 addition each). */
function batchTraining(context: WorkContext): Operations {
  const channels = inputDims(context, 0)[1] ?? 1;
  return plus(
    standardised({ elements: outputCount(context), groups: channels, scale: true, shift: true }),
    times({ muls: 4, adds: 2 }, channels),
  );
}

const batch: WorkRule = {
  forward: (context) =>
    intAttribute(context.layer, "training_mode", 0) === 1
      ? batchTraining(context)
      : times({ muls: 1, adds: 1 }, outputCount(context)),
  trainingForward: batchTraining,
  backward,
  buffers: [3, 4],
};

/** Elements that share statistics in LayerNormalization: the axes from `axis` on. */
function layerGroups(context: WorkContext): number {
  const dims = inputDims(context, 0);
  const axis = intAttribute(context.layer, "axis", -1);
  return product(dims.slice(0, axis < 0 ? dims.length + axis : axis));
}

/** Every row of the last axis. */
const rows = (context: WorkContext, input = 0): number => product(inputDims(context, input).slice(0, -1));

const layer: WorkRule = {
  forward: (context) =>
    standardised({
      elements: outputCount(context),
      groups: layerGroups(context),
      scale: hasInput(context, 1),
      shift: hasInput(context, 2),
    }),
  backward,
};

const rms: WorkRule = {
  forward: (context) =>
    rootMeanSquare({
      elements: outputCount(context),
      groups: layerGroups(context),
      scale: hasInput(context, 1),
      shift: false,
    }),
  backward,
};

/** x + skip (+ bias) first: inputs input, skip, gamma, then `shiftAt` and `biasAt`. */
const skip = (kind: typeof standardised, shiftAt: number | undefined, biasAt: number): WorkRule => ({
  forward: (context) => {
    const elements = outputCount(context);
    const shift = shiftAt !== undefined && hasInput(context, shiftAt);
    const sums = hasInput(context, biasAt) ? 2 : 1;
    return plus(kind({ elements, groups: rows(context), scale: true, shift }), { adds: sums * elements });
  },
  backward,
});

/** Attribute `groups` (or `num_groups`) groups per sample. */
const group = (attribute: string, skipAt?: number): WorkRule => ({
  forward: (context) => {
    const elements = outputCount(context);
    const groups = (inputDims(context, 0)[0] ?? 1) * intAttribute(context.layer, attribute, 1);
    const activation = intAttribute(context.layer, "activation", 0) === 1 ? activationCost("SiLU") : {};
    const sums = skipAt === undefined ? 0 : 1 + (hasInput(context, skipAt + 1) ? 1 : 0);
    return plus(standardised({ elements, groups, scale: true, shift: true }), times(activation, elements), {
      adds: sums * elements,
    });
  },
  backward,
});

/** Sum of the embeddings (word + position, + segment when input 4 is there), then a layer normalisation. Embeddings are read by rows. */
const embed: WorkRule = {
  forward: (context) => {
    const elements = outputCount(context);
    const sums = hasInput(context, 4) ? 2 : 1;
    const groups = inputCount(context, 0);
    return plus(standardised({ elements, groups, scale: true, shift: true }), { adds: sums * elements });
  },
  backward,
  elementsRead: (context, index) => (index >= 2 && index <= 4 ? outputCount(context) : undefined),
};

/** x / ‖x‖ over one axis: |x| or x² and sum, one division; a square root per row for p = 2. */
function lpNorm(context: WorkContext): Operations {
  const dims = inputDims(context, 0);
  const elements = outputCount(context);
  const p = intAttribute(context.layer, "p", 2);
  const length = dims.at(intAttribute(context.layer, "axis", -1)) || 1;
  const inside = p === 1 ? { adds: 2, muls: 1 } : { adds: 1, muls: 2 };
  return plus(times(inside, elements), { others: p === 1 ? 0 : elements / length });
}

/** x / (bias + α/size · Σ x²)^β over `size` neighbouring channels [Krizhevsky2012]. */
function localResponse(context: WorkContext): Operations {
  const size = intAttribute(context.layer, "size", 1);
  const root = floatAttribute(context.layer, "beta", 0.75) === 1 ? 0 : 1;
  return times({ muls: 3, adds: size, others: root }, outputCount(context));
}

function meanVariance(context: WorkContext): Operations {
  const dims = inputDims(context, 0);
  const axes = intsAttribute(context.layer, "axes") ?? [0, 2, 3];
  const shared = product(axes.map((axis) => dims.at(axis) ?? 1));
  const elements = outputCount(context);
  return standardised({ elements, groups: elements / (shared || 1), scale: false, shift: false });
}

export const NORMALISATION_RULES: WorkTable = {
  BatchNormalization: batch,
  InstanceNormalization: {
    forward: (context) =>
      standardised({
        elements: outputCount(context),
        groups: product(inputDims(context, 0).slice(0, 2)),
        scale: true,
        shift: true,
      }),
    backward,
  },
  LayerNormalization: layer,
  GroupNormalization: group("num_groups"),
  RMSNormalization: rms,
  SimplifiedLayerNormalization: rms,
  LpNormalization: { forward: lpNorm },
  LRN: { forward: localResponse },
  MeanVarianceNormalization: { forward: meanVariance, backward },
  "com.microsoft.LayerNormalization": layer,
  "com.microsoft.SimplifiedLayerNormalization": rms,
  "com.microsoft.SkipLayerNormalization": skip(standardised, 3, 4),
  "com.microsoft.SkipSimplifiedLayerNormalization": skip(rootMeanSquare, undefined, 3),
  "com.microsoft.EmbedLayerNormalization": embed,
  "com.microsoft.GroupNorm": group("groups"),
  "com.microsoft.SkipGroupNorm": group("groups", 3),
};
