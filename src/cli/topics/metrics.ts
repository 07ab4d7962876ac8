// `joulecast help metrics`.
import type { Topic } from "./topic.ts";

export const metrics: Topic = {
  title: "How joules are estimated without running anything",
  text: `\`estimate\` prices the work of a network by every published metric side by side,
because no single one is right for every machine. They differ by ten times and
more; the spread is an answer too.

  flops-per-watt    operations over the device's efficiency; nothing of memory
  clock             dynamic power of switching cores times the cycles needed
  mac-linear        a line through one board's measurements; that board only
  op-energy         each multiplication, addition and fetch at the price of a
                    process (45 nm unless scaled); for networks, not machines
  roofline          time by compute or memory, whichever is slower; idle power
                    always, the rest of the design power while busy
  tdp               design power for as long as it takes; carbon calculators
  green-algorithms  cores, memory by size, and the data centre's overhead
  calibrated        fitted to this machine's layers by \`joulecast calibrate\`;
                    comes with --on this-machine, and knows its error

A metric that lacks a number of the device is listed as missing, with the number
that it needs; it is never a zero. Equations and sources: REFERENCES.md.

  $ joulecast estimate zoo:resnet50 --on rtx-3090 --metric roofline,tdp`,
};
