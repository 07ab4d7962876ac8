// Stochastic gradient descent with momentum, as PyTorch writes it: g ← g + λw; v ← μv + g; w ← w − η·v, or with Nesterov's
// form w ← w − η·(g + μv) [Sutskever2013]. The first step has v = g, which v = 0 before gives.
import { type OptimiserRule, setting } from "./optimiser.ts";

export const sgd: OptimiserRule<"sgd"> = {
  moments: ({ momentum = 0 }) => (momentum === 0 ? [] : ["velocity"]),
  elementwise: true,
  update: ({ e, parameter, gradient, moments, lr }, { momentum = 0, nesterov = false, weightDecay = 0 }) => {
    setting("momentum", momentum, 0, 1);
    setting("weight decay", weightDecay, 0, Number.POSITIVE_INFINITY);
    const g = weightDecay === 0 ? gradient : e.add(gradient, e.mul(parameter, weightDecay));
    if (momentum === 0) return { parameter: e.sub(parameter, e.mul(g, lr)), moments: [] };
    const velocity = e.add(e.mul(moments[0]!, momentum), g);
    const direction = nesterov ? e.add(g, e.mul(velocity, momentum)) : velocity;
    return { parameter: e.sub(parameter, e.mul(direction, lr)), moments: [velocity] };
  },
};
