// The README shows what the program prints, not what it once printed: whole, where the numbers are the same on every machine. That its
// blocks run, docs.test.ts sees to.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { blocksOf } from "./support/page.ts";

const ROOT = resolve(import.meta.dirname, "..");
const REPORTS = ["estimate-deeprx.txt", "split-mnist.txt", "advise-mobilenet.txt"];

it("shows outputs that stand in the golden reports, but for those of one machine", () => {
  const goldens = REPORTS.map((name) => readFileSync(join(ROOT, "test/golden", name), "utf8"));
  const blocks = blocksOf(readFileSync(join(ROOT, "README.md"), "utf8"));
  const shown = blocks.filter(({ language, settings }) => language === "text" && !settings.has("from"));
  expect(shown).toHaveLength(REPORTS.length);
  for (const { text } of shown)
    expect(
      goldens.some((golden) => golden.includes(text.trimEnd())),
      text.slice(0, 200),
    ).toBe(true);
});
