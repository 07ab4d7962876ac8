// `npm start [-- MODEL…]`: the main job on real networks, for someone who has just cloned the repository.
// DeepRx from the zoo first, then every path given; each prints its report and writes it as HTML. Not a command of its own.
import { basename, extname } from "node:path";
import { main } from "./main.ts";

const terminal = { stdout: process.stdout, stderr: process.stderr };
const models = ["zoo:deeprx", ...process.argv.slice(2)];
for (const model of models) {
  const name = model.startsWith("zoo:") ? model.slice(4).replaceAll("/", "-") : basename(model, extname(model));
  const code = await main(
    [
      "estimate",
      model,
      "--on",
      "rtx-2080-ti,xeon-gold-5220,coral-edge-tpu",
      "--region",
      "FI",
      "--html",
      `joulecast-${name}.html`,
    ],
    terminal,
  );
  if (code !== 0) {
    process.exitCode = code;
    break;
  }
}
