// `joulecast help radio`.
import type { Topic } from "./topic.ts";

export const radio: Topic = {
  title: "The simulated radio link",
  text: `\`link ber\` sends random bits over a simulated 5G uplink slot (14 OFDM symbols)
and counts what a receiver got wrong.

SNR is Es/N0 per resource element and receive antenna, in dB. --sinr counts an
interferer as well, at --sir below the signal. Channels: awgn, rayleigh (one
draw per slot and antenna), tdl-a to tdl-e with --delay-spread and --doppler.

Receivers: perfect (knows the channel), lmmse, ls, or an .onnx file that maps
received symbols to bit likelihoods, such as one trained by \`train deeprx\`.

A point stops at --min-errors or --slots, whichever is given; with both, at
--slots at the latest. --resume FILE keeps the state: the same line goes on.

\`split\` prices cutting a network between a device and a server: joules of the
device's layers, of sending what lies between, and the latency, for every cut.

  $ joulecast link ber --modulation 16qam --channel tdl-c --snr -4:20:2`,
};
