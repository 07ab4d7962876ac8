// The channel that does nothing: every response is 1, on every antenna.
import type { ChannelMaker } from "./channel.ts";

export const awgn: ChannelMaker = ({ name }, grid) => ({
  name,
  mean: 1,
  paths: [],
  respond: ({ re, im }, offset) => {
    re.fill(1, offset, offset + grid.size);
    im.fill(0, offset, offset + grid.size);
  },
});
