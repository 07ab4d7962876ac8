// What a radio channel is to the simulator: something that draws its response on a grid, and the statistics that an estimator may know.
import type { Random } from "../../math/random.ts";
import type { ComplexSeries } from "../fading/rayleigh.ts";
import type { Extent } from "../grid.ts";

/** One path of a channel, as its statistics say. */
export interface Path {
  readonly delayS: number;
  /** Mean power; over all paths and the channel's mean they sum to 1. */
  readonly power: number;
  /** "rayleigh": spread over all angles, autocorrelation J0(2π f τ); "sight": one sinusoid at f of random phase. */
  readonly kind: "rayleigh" | "sight";
  readonly dopplerHz: number;
}

/** A channel on one grid. */
export interface Channel {
  /** As the user writes it: "tdl-c". */
  readonly name: string;
  /** Mean of the response: 1 for AWGN, 0 for all that fades. */
  readonly mean: number;
  /** What an estimator may know; undefined where pilots say nothing of other elements. */
  readonly paths: readonly Path[] | undefined;
  /** Draws the response of one antenna into `into[offset …]`, one value per element. Mean power 1. */
  respond(into: ComplexSeries, offset: number, random: Random): void;
}

/** What the user asks for; a member takes what concerns it. */
export interface ChannelSpec {
  readonly name: string;
  /** Root-mean-square delay spread, s. Default 100 ns. */
  readonly delaySpreadS?: number;
  /** Greatest Doppler shift, Hz. Default 0. */
  readonly dopplerHz?: number;
  /** Rayleigh: one draw per slot and antenna ("block", default) or one per resource element ("re"). */
  readonly fading?: "block" | "re";
}

/** A member of the family. */
export type ChannelMaker = (spec: ChannelSpec, grid: Extent) => Channel;
