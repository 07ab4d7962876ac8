// What RAPL does not say of itself, for both ways to read it: how wrong it may be, and a power that its domains surely do not pass.
import type { Domain } from "../../../measure/power-source.ts";

interface Sheet {
  /** Largest relative error, a ratio; taken as uniform. */
  readonly toleranceRatio: number;
  /** In words, with its source. */
  readonly tolerance: string;
  /** Ours: about twice what the largest parts of 2025 draw (500 W a socket). Only for how often the counter is read, W. */
  readonly assumedPowerW: number;
}

/** The paper gives ±5 W in absolute values, 5 % of a package at 100 W; its sources and ours find the trends true. */
const CPU: Sheet = {
  toleranceRatio: 0.05,
  tolerance: "±5 %: the ±5 W of [Mavromatis2024] at 100 W, highly correlated with power at the plug [Khan2018]",
  assumedPowerW: 1000,
};
const DRAM: Sheet = {
  toleranceRatio: 0.3,
  tolerance: "±30 %: the maker's own limit [PowerGadgetReadme], less when memory is busy [Desrochers2016]",
  assumedPowerW: 200,
};
/** Two sockets and what the board's maker wired to it. */
const PLATFORM: Sheet = { ...CPU, assumedPowerW: 3000 };

const SHEETS: Readonly<Partial<Record<Domain, Sheet>>> = { dram: DRAM, platform: PLATFORM };

export const raplSheet = (domain: Domain): Sheet => SHEETS[domain] ?? CPU;
