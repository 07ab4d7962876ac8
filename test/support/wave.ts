// Numbers that follow from a name: test/fixtures/gradients/make.py has the same formulas, so fixtures hold results only.

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Between −1 and 1. */
export function wave(name: string, shape: readonly number[]): number[] {
  const phase = [...name].reduce((sum, letter, i) => sum + (i + 1) * letter.charCodeAt(0), 0) % 1000;
  return Array.from({ length: product(shape) }, (_, i) => Math.sin(0.731 * i * (1 + 0.013 * (i % 7)) + phase));
}

/** First numbers of a parameter or running statistic. */
export function filled(name: string, shape: readonly number[]): number[] {
  const numbers = wave(name, shape);
  if (shape.length >= 2) return numbers.map((v) => (v * 1.7) / Math.sqrt(product(shape.slice(1))));
  if (name.endsWith("running_var")) return numbers.map((v) => 1 + 0.3 * v);
  return name.endsWith("weight") ? numbers.map((v) => 1 + 0.2 * v) : numbers.map((v) => 0.1 * v);
}
