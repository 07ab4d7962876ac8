// What describes a layer, by the names that data sets use: the parameters that its work follows from. Not what was measured.
import { numberOf, type Sample } from "./samples.ts";

/** Our name → other names. Lengths in elements, images square unless `image_width` or `kernel_width` says otherwise. */
export const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  batch_size: ["batch", "n", "bs"],
  image_size: ["image", "image_height", "height", "input_height", "img", "img_size"],
  image_width: ["width", "input_width"],
  kernel_size: ["kernel", "kernel_height", "filter_size", "ks", "ksize"],
  kernel_width: [],
  in_channels: ["channels", "input_channels", "num_features", "cin", "c_in", "in_ch", "ch_in", "in_c"],
  out_channels: ["output_channels", "filters", "cout", "c_out", "out_ch", "ch_out", "out_c"],
  stride: [],
  padding: ["pad"],
  groups: ["group"],
  input_size: ["in_features", "input_features", "size"],
  output_size: ["out_features", "output_features"],
};

/** Letters that mean this only in a file that describes convolutions: elsewhere `s` are seconds and `w` are watts. */
const LETTERS: Readonly<Record<string, readonly string[]>> = {
  batch_size: ["b"],
  image_size: ["h"],
  image_width: ["w"],
  kernel_size: ["k"],
  stride: ["s"],
  padding: ["p"],
  groups: ["g"],
};

/** Parameters of one layer by our names. */
export type Parameters = Readonly<Record<string, number>>;

/** Column of each parameter that the columns hold. */
export function parameterColumns(columns: readonly string[]): ReadonlyMap<string, string> {
  const lower = new Map(columns.map((column) => [column.toLowerCase(), column]));
  const has = (name: string, letters: readonly string[] = []): boolean =>
    [name, ...PARAMETERS[name]!, ...letters].some((word) => lower.has(word));
  const convolutions = has("kernel_size", LETTERS.kernel_size) && has("in_channels");
  return new Map(
    Object.entries(PARAMETERS).flatMap(([name, others]) => {
      const letters = convolutions ? (LETTERS[name] ?? []) : [];
      const found = [name, ...others, ...letters].map((word) => lower.get(word)).find((column) => column !== undefined);
      return found === undefined ? [] : [[name, found] as const];
    }),
  );
}

/** @throws InputError for a cell that is no number */
export function parametersOf(sample: Sample, columns: ReadonlyMap<string, string>): Parameters {
  return Object.fromEntries(
    [...columns].flatMap(([name, column]) => {
      const value = numberOf(sample, column);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
