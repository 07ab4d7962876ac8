// Pruning bit by bit, with training in between, so that the network can make up for each loss [Zhu2017].

/**
 * Sparsity after `step` of `steps`: fast while there is much to spare, slow towards the end,
 * s_t = s_f + (s_i − s_f)·(1 − t/n)³ [Zhu2017, equation 1].
 * @param from sparsity at step 0, @param to after the last; both in [0, 1]
 */
export function cubicSparsity(from: number, to: number, step: number, steps: number): number {
  return to + (from - to) * (1 - step / steps) ** 3;
}

/**
 * Parameters that may be left after each step.
 * @param now nonzero parameters at the start, @param target at the end, @param params all of them, @param steps from 1
 */
export function nonzeroSteps(now: number, target: number, params: number, steps: number): readonly number[] {
  const from = 1 - now / params;
  const to = 1 - target / params;
  return Array.from({ length: steps }, (_, i) =>
    i === steps - 1 ? target : Math.max(target, Math.floor(params * (1 - cubicSparsity(from, to, i + 1, steps)))),
  );
}
