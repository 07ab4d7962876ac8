// Flat Rayleigh fading: one complex Gaussian gain per slot and antenna, or one per resource element.
import type { Random } from "../../math/random.ts";
import type { ComplexSeries } from "../fading/rayleigh.ts";
import type { ChannelMaker } from "./channel.ts";

function drawBlock({ re, im }: ComplexSeries, from: number, to: number, random: Random): void {
  re.fill(Math.SQRT1_2 * random.normal(), from, to);
  im.fill(Math.SQRT1_2 * random.normal(), from, to);
}

export const rayleigh: ChannelMaker = ({ name, fading = "block" }, grid) =>
  fading === "block"
    ? {
        name,
        mean: 0,
        paths: [{ delayS: 0, power: 1, kind: "rayleigh", dopplerHz: 0 }],
        respond: (into, offset, random) => drawBlock(into, offset, offset + grid.size, random),
      }
    : {
        name,
        mean: 0,
        paths: undefined,
        respond: (into, offset, random) => {
          for (let i = offset; i < offset + grid.size; i++) drawBlock(into, i, i + 1, random);
        },
      };
