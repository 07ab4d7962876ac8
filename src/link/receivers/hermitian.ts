// Solving A·x = b for a small Hermitian positive definite A, by Cholesky's A = L·Lᴴ. Row-major, complex as two arrays.
import type { ComplexSeries } from "../fading/rayleigh.ts";

/** Overwrites the lower triangle of A [n × n] with L. */
export function factorise(a: ComplexSeries, n: number): void {
  const { re, im } = a;
  for (let j = 0; j < n; j++) {
    let pivot = re[j * n + j]!;
    for (let k = 0; k < j; k++) pivot -= re[j * n + k]! ** 2 + im[j * n + k]! ** 2;
    const diagonal = Math.sqrt(pivot);
    re[j * n + j] = diagonal;
    im[j * n + j] = 0;
    for (let i = j + 1; i < n; i++) {
      let x = re[i * n + j]!;
      let y = im[i * n + j]!;
      for (let k = 0; k < j; k++) {
        const [p, q, r, s] = [re[i * n + k]!, im[i * n + k]!, re[j * n + k]!, im[j * n + k]!];
        x -= p * r + q * s;
        y -= q * r - p * s;
      }
      re[i * n + j] = x / diagonal;
      im[i * n + j] = y / diagonal;
    }
  }
}

/** Solves L·Lᴴ·x = b in place of b [n]. */
export function solve(l: ComplexSeries, n: number, b: ComplexSeries): void {
  const { re, im } = l;
  for (let i = 0; i < n; i++) {
    let x = b.re[i]!;
    let y = b.im[i]!;
    for (let k = 0; k < i; k++) {
      x -= re[i * n + k]! * b.re[k]! - im[i * n + k]! * b.im[k]!;
      y -= re[i * n + k]! * b.im[k]! + im[i * n + k]! * b.re[k]!;
    }
    b.re[i] = x / re[i * n + i]!;
    b.im[i] = y / re[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let x = b.re[i]!;
    let y = b.im[i]!;
    for (let k = i + 1; k < n; k++) {
      x -= re[k * n + i]! * b.re[k]! + im[k * n + i]! * b.im[k]!;
      y -= re[k * n + i]! * b.im[k]! - im[k * n + i]! * b.re[k]!;
    }
    b.re[i] = x / re[i * n + i]!;
    b.im[i] = y / re[i * n + i]!;
  }
}
