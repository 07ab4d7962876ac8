// Expected reports, whole, as a person sees them at 80 columns. `npm run golden` rewrites them; a change is reviewed as a diff.
import { describe, expect, it } from "vitest";
import { runCli } from "../stories/run-cli.ts";

const REPORTS: readonly (readonly [string, readonly string[]])[] = [
  ["zoo.txt", ["zoo"]],
  ["inspect-lenet.txt", ["inspect", "zoo:cifar/lenet"]],
  ["inspect-lenet.md", ["inspect", "zoo:cifar/lenet", "--markdown"]],
  ["inspect-lenet.csv", ["inspect", "zoo:cifar/lenet", "--csv"]],
  [
    "estimate-deeprx.txt",
    ["estimate", "zoo:deeprx", "--on", "rtx-2080-ti,xeon-gold-5220,coral-edge-tpu", "--region", "FI", "--runs", "1e6"],
  ],
  [
    "estimate-deeprx.csv",
    ["estimate", "zoo:deeprx", "--on", "rtx-2080-ti,xeon-gold-5220,coral-edge-tpu", "--region", "FI", "--csv"],
  ],
  [
    "estimate-training.txt",
    ["estimate", "zoo:mnist-cnn", "--on", "rtx-3090", "--training", "--batch", "64", "--region", "EU-2020"],
  ],
  ["split-mnist.txt", ["split", "zoo:mnist-cnn", "--bandwidth", "15MHz", "--gain", "0.3"]],
  [
    "advise-mobilenet.txt",
    ["advise", "zoo:mobilenet-v2", "--on", "rtx-3090", "--rate", "50/s", "--horizon", "1y", "--no-try"],
  ],
  ["devices-coral.txt", ["devices", "coral-edge-tpu"]],
  ["help.txt", ["--help"]],
  ["help-estimate.txt", ["estimate", "--help"]],
];

describe("golden reports", () => {
  it.each(REPORTS)("%s", async (name, args) => {
    const run = runCli(args);
    expect(run.status, run.stderr).toBe(0);
    await expect(run.stdout).toMatchFileSnapshot(`./${name}`);
  });
});
