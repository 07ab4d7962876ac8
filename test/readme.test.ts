// The README shows what the program prints, not what it once printed.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const readme = readFileSync(join(ROOT, "README.md"), "utf8");
const blocks = [...readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language, text]) => ({
  language,
  text: text!.trimEnd(),
}));

describe("README", () => {
  it("shows outputs that stand in the golden reports", () => {
    const goldens = ["estimate-deeprx.txt", "split-mnist.txt", "advise-mobilenet.txt"].map((name) =>
      readFileSync(join(ROOT, "test/golden", name), "utf8"),
    );
    const shown = blocks.filter(({ language }) => language === "text");
    expect(shown.length).toBeGreaterThan(0);
    for (const { text } of shown)
      expect(
        goldens.some((golden) => golden.includes(text)),
        text.slice(0, 200),
      ).toBe(true);
  });
  it("has a library sample that names only what the package exports", () => {
    const exported = (path: string): string => readFileSync(join(ROOT, path), "utf8");
    const apis: Readonly<Record<string, string>> = {
      joulecast: exported("src/index.ts"),
      "joulecast/node": exported("src/node/index.ts"),
    };
    const imports = blocks.flatMap(({ language, text }) =>
      language === "js" ? [...text.matchAll(/import \{ (.*) \} from "(.*)"/g)] : [],
    );
    expect(imports.length).toBeGreaterThan(0);
    for (const [, names, from] of imports) {
      for (const name of names!.split(", "))
        expect(apis[from!], `${name} of ${from}`).toMatch(new RegExp(`\\b${name}\\b`));
    }
  });
});
