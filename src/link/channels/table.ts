// Every channel by name.
import { InputError } from "../../units/input-error.ts";
import { unknownName } from "../../units/nearest.ts";
import type { Extent } from "../grid.ts";
import { awgn } from "./awgn.ts";
import type { Channel, ChannelMaker, ChannelSpec } from "./channel.ts";
import { PROFILES } from "./profiles.ts";
import { rayleigh } from "./rayleigh.ts";
import { tdl } from "./tdl.ts";

const MAKERS: Readonly<Record<string, ChannelMaker>> = {
  awgn,
  rayleigh,
  ...Object.fromEntries(Object.keys(PROFILES).map((name) => [name, tdl])),
};

export const CHANNELS: readonly string[] = Object.keys(MAKERS);

const isWithin = (value: number | undefined, low: number, high: number) =>
  value === undefined || (value >= low && value <= high);

/** @throws InputError "unknown-channel" | "bad-channel" */
export function makeChannel(spec: ChannelSpec, grid: Extent): Channel {
  const { name, delaySpreadS, dopplerHz, fading } = spec;
  const make = MAKERS[name];
  if (make === undefined) throw unknownName("channel", name, CHANNELS, `choose one of ${CHANNELS.join(", ")}`);
  const refuse = (what: string, hint: string) => new InputError("bad-channel", what, hint);
  if (make !== tdl && (delaySpreadS !== undefined || (dopplerHz ?? 0) !== 0))
    throw refuse(`${name} has no delay spread and no Doppler shift`, "leave both out, or choose one of tdl-a to tdl-e");
  if (make !== rayleigh && fading !== undefined)
    throw refuse(`${name} fades in no other way than its own`, "leave the fading out, or choose rayleigh");
  if (!isWithin(delaySpreadS, 0, 10e-6))
    throw refuse(
      `a delay spread of ${delaySpreadS} s is out of range`,
      "give 0 to 10us; the channels are made for 10ns to 1us",
    );
  if (!isWithin(dopplerHz, 0, grid.spacingHz / 10))
    throw refuse(
      `a Doppler shift of ${dopplerHz} Hz is out of range at ${grid.spacingHz} Hz between subcarriers`,
      "give at most a tenth of the spacing: above it subcarriers disturb each other, which is not simulated",
    );
  return make(spec, grid);
}
