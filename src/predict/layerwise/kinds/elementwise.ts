// Layers that visit every element a fixed number of times: activations, softmax, normalisation, dropout, additions.
// Their energy follows memory: cost per element rises when a tensor no longer fits what caches and page tables hold.
import type { LayerKind } from "./kind.ts";
import { fresh, HUGE_ELEMENTS } from "./kind.ts";

export const elementwise: LayerKind = {
  id: "elementwise",
  matches:
    /^(re_?lu|prelu|leaky|elu|gelu|silu|swish|tanh|sigmoid|hard|softmax|log_?softmax|softplus|batch_?norm|layer_?norm|norm|dropout|add|mul|clip|erf|concat|transpose|activation)/i,
  needs: ["batch_size"],
  needsOne: ["input_size", "image_size"],
  takes: ["input_size", "in_channels", "image_size", "image_width"],
  derive: (p) => {
    const { batch_size: batch, image_size: height, image_width: width = height } = p;
    const perSample = p.input_size ?? (height === undefined ? undefined : (p.in_channels ?? 1) * height * width!);
    if (perSample === undefined) return undefined;
    const elements = batch! * perSample;
    return { elements, elementsFresh: fresh(elements), elementsBeyondHuge: Math.max(0, elements - HUGE_ELEMENTS) };
  },
  sets: {
    elements: ["elements"],
    memory: ["elements", "elementsFresh"],
    physical: ["elements", "elementsFresh", "elementsBeyondHuge"],
  },
  size: "elements",
};
