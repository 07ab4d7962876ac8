// `joulecast help intervals`.
import type { Topic } from "./topic.ts";

export const intervals: Topic = {
  title: "What low and high mean",
  text: `Measured joules have a 95 % interval: in 95 of 100 repeats the truth should lie
between low and high. Every cause of doubt (meter tolerance, gaps, the edges of
the window, idle power) is a standard deviation in joules; they add as squares
unless they share a cause.

Estimates have a range, not a 95 % interval: the low and high of the device's
numbers as their sources give them, carried through the equation.

Predictions widen by the error that the fit showed on data it had not seen.
"inRange: false" says that the network lies outside of what was fitted.

\`compare\` says "no difference" when the interval of the difference holds 0:
repeat more (--repeat), or measure longer. Bit error ratios take their interval
from the variance between slots, not from a binomial.

Gross is what the sources saw. Baseline is the idle power that was measured
before, times the duration. Net is the one minus the other.`,
};
