// Every key cited in code and data has its line in REFERENCES.md, and every line there is cited somewhere.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
/** A key, with a place in the work after it or not: a name that ends in a year, or one of the keys without a year that REFERENCES.md defines. */
const YEARED = /\[([A-Za-z]+(?:19|20)\d\d[a-z]?)(?=[\],])/g;

function textsBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return textsBelow(path);
    return /\.(ts|json|md)$/.test(name) ? [readFileSync(path, "utf8")] : [];
  });
}

describe("references", () => {
  const listed = [...readFileSync(join(ROOT, "REFERENCES.md"), "utf8").matchAll(/\*\*\[([^\]]+)\]\*\*/g)].map(
    (match) => match[1]!,
  );
  const pages = ["ARCHITECTURE.md", "FEATURES.md", "README.md"].map((name) => readFileSync(join(ROOT, name), "utf8"));
  const texts = [...["src", "data", "test", "docs"].flatMap((folder) => textsBelow(join(ROOT, folder))), ...pages];
  const sources = texts.flatMap((text) => [...text.matchAll(/"source": ?"\[([^\]]+)\]/g)].map((match) => match[1]!));

  it("lists every key only once", () => {
    expect(listed.length).toBeGreaterThan(50);
    expect(listed.filter((key, i) => listed.indexOf(key) !== i)).toEqual([]);
  });

  it("has a line for every key that is cited", () => {
    const cited = new Set([
      ...texts.flatMap((text) => [...text.matchAll(YEARED)].map((match) => match[1]!)),
      ...sources,
    ]);
    expect([...cited].filter((key) => !listed.includes(key)).sort()).toEqual([]);
  });

  it("has no line that nothing cites, but for the five papers", () => {
    const papers = ["Getzner2023", "STEP", "DeepRxEnergy", "Krouka2021", "Mavromatis2024"];
    const whole = texts.join("\n");
    expect(
      listed.filter((key) => !papers.includes(key) && ![`[${key}]`, `[${key},`].some((cite) => whole.includes(cite))),
    ).toEqual([]);
  });
});
