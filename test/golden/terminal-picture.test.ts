// The README's picture of the terminal is what the program prints in colour, not what it once printed. `npm run golden` draws it anew.
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { MAIN, runCli } from "../stories/run-cli.ts";
import { terminalPicture } from "../support/terminal-picture.ts";

const ARGS = ["estimate", "zoo:mobilenet-v2", "--on", "jetson-nano", "--runs", "1e6"];

function run(env: Readonly<Record<string, string>>): string {
  const { NO_COLOR: _, ...others } = process.env;
  return spawnSync(process.execPath, [MAIN, ...ARGS], { encoding: "utf8", env: { ...others, ...env } }).stdout;
}

it("draws the picture of the README", async () => {
  const shown = run({ FORCE_COLOR: "1" }).split(/\n[^\n]*Assumptions/)[0]!;
  const prompt = `\u001b[2m$\u001b[22m joulecast ${ARGS.join(" ")}\n\n`;
  await expect(terminalPicture(prompt + shown, `joulecast ${ARGS.join(" ")}`)).toMatchFileSnapshot(
    "../../docs/images/terminal.svg",
  );
});

it("writes colour into a pipe only when FORCE_COLOR wants it, and never against NO_COLOR", () => {
  const plain = runCli(ARGS).stdout;
  expect(plain).not.toContain("\u001b");
  expect(run({})).toBe(plain);
  expect(run({ FORCE_COLOR: "0" })).toBe(plain);
  expect(run({ FORCE_COLOR: "1", NO_COLOR: "1" })).toBe(plain);
  expect(run({ FORCE_COLOR: "1" })).toContain("\u001b[1m");
});
