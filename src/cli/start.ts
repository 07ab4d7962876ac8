// `npm start [-- MODEL… OPTIONS…]`: the main job on real networks, for someone who has just cloned the repository.
// DeepRx from the zoo first, then every model given; each prints its report and writes it as HTML. Not a command of its own.
import { basename, extname } from "node:path";
import { main } from "./main.ts";
import { runProgram } from "./program.ts";

const USUAL = ["--on", "rtx-2080-ti,xeon-gold-5220,coral-edge-tpu", "--region", "FI"];

/** "zoo:cifar/lenet" → "joulecast-cifar-lenet.html", "nets/big.onnx" → "joulecast-big.html". */
function pageOf(model: string): string {
  const name = model.startsWith("zoo:") ? model.slice(4) : basename(model, extname(model));
  return `joulecast-${name.replaceAll(/[^\p{L}\p{N}._-]+/gu, "-")}.html`;
}

await runProgram(async () => {
  const words = process.argv.slice(2);
  const firstOption = words.findIndex((word) => word.startsWith("-"));
  const given = firstOption < 0 ? words : words.slice(0, firstOption);
  const options = firstOption < 0 ? USUAL : words.slice(firstOption);
  const terminal = { stdout: process.stdout, stderr: process.stderr };
  for (const model of ["zoo:deeprx", ...given]) {
    const code = await main(["estimate", model, ...options, "--html", pageOf(model)], terminal);
    if (code !== 0 || options.includes("--help")) return code;
  }
  return 0;
});
