// `joulecast help units`.
import type { Topic } from "./topic.ts";

export const units: Topic = {
  title: "Quantities, in and out",
  text: `Options take a number with or without a unit; without one it is SI:

  energy     3.2mJ   40MJ   1.5kWh        J
  power      65W     250mW                W
  time       20ms    5min   30d   4y      s
  frequency  15MHz   240kHz               Hz
  size       512MiB  2GB                  B
  ratio      0.05    5%                   1

SI prefixes from f to P. Powers of ten: 1e6. Levels: -95dBm, where an option
says so. Rates: 4000/s or 5/min.

On screen a quantity is number, space, prefix and unit: "3.21 mJ". JSON and CSV
hold SI base units (J, W, s, B, Hz) in full precision, with the suffix in the
name: energyJ, meanPowerW, durationS, sizeBytes. Ratios are in [0, 1] and end in
Ratio or are called coverage, r2, mape.

One multiply-accumulate (macs) is two floating-point operations (flops); flops
also count what is no multiply-accumulate.`,
};
