// Kernel ridge regression with a Gaussian kernel, as PRE is published [DelRey2025], but centred: far from what was seen it goes to the
// mean of the past and not to 0.
import { kernelRidge } from "../../../math/kernel.ts";
import { CONSTANT } from "./constant.ts";
import type { Regression } from "./regression.ts";

/**
 * One kernel for the network, one for the machine and one for the training, added: a machine that was never seen keeps what is known
 * of the network.
 * @param width γ = width ÷ columns, > 0
 * @param penalty λ, > 0
 */
export function additiveKernelRidge(width: number, penalty: number): Regression {
  return {
    id: `additive-kernel-ridge-${width}-${penalty}`,
    fit: (rows, target, parts) => {
      const columns = rows[0]?.length ?? 0;
      if (columns === 0) return CONSTANT.fit(rows, target, parts);
      return kernelRidge(rows, target, { gamma: width / columns, ridge: penalty, parts });
    },
  };
}

/** One kernel for all features. @param width γ = width ÷ columns, > 0; @param penalty λ, > 0; @param centred false as published */
export function gaussianKernelRidge(width: number, penalty: number, centred = true): Regression {
  return {
    id: `kernel-ridge-${width}-${penalty}`,
    fit: (rows, target, parts) => {
      const columns = rows[0]?.length ?? 0;
      if (columns === 0) return CONSTANT.fit(rows, target, parts);
      return kernelRidge(rows, target, { gamma: width / columns, ridge: penalty, centred });
    },
  };
}
