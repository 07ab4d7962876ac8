// The discrete Fourier transform of a complex series whose length is a power of two; the work is `fft.js`'s.
import FFT from "fft.js";

/** Complex numbers as two arrays of one length. */
export interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function run(series: Complex, method: "transform" | "inverseTransform"): Complex {
  const size = series.re.length;
  const transform = new FFT(size);
  const input = new Float64Array(2 * size);
  for (let i = 0; i < size; i++) {
    input[2 * i] = series.re[i]!;
    input[2 * i + 1] = series.im[i]!;
  }
  const output = new Float64Array(2 * size);
  transform[method](output, input);
  return { re: output.filter((_, i) => i % 2 === 0), im: output.filter((_, i) => i % 2 === 1) };
}

/** X[k] = Σ x[n]·exp(−2πi·kn/N). @throws Error when the length is not a power of two above 1 */
export function fft(series: Complex): Complex {
  return run(series, "transform");
}

/** x[n] = 1/N Σ X[k]·exp(2πi·kn/N): the inverse of fft. */
export function inverseFft(series: Complex): Complex {
  return run(series, "inverseTransform");
}
