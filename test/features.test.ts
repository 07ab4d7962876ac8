// FEATURES.md is true: every operator, metric, optimiser, device, network and command stands there, and no operator that is not ours.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../src/cli/table.ts";
import { METRICS } from "../src/estimate/table.ts";
import { SHAPE_TABLE } from "../src/graph/shape/table.ts";
import { OPTIMISERS } from "../src/work/training.ts";
import { ZOO } from "../src/zoo/catalogue.ts";

const ROOT = resolve(import.meta.dirname, "..");
const text = readFileSync(join(ROOT, "FEATURES.md"), "utf8");
/** True for a name that stands in backticks: alone (`t4`), before its arguments (`inspect MODEL`) or in a list (`a, b`). */
const stands = (name: string): boolean => [..."` ,"].some((end) => text.includes(`\`${name}${end}`));
const shortName = (operator: string): string => operator.replace("com.microsoft.", "ms.");

describe("FEATURES.md", () => {
  it("names exactly the operators that have rules", () => {
    const section = text.slice(text.indexOf("## Operators"), text.indexOf("## Work"));
    const rows = section.split("\n").filter((line) => /^\| .* \| (yes|partly) \|/.test(line));
    const named = rows.flatMap((row) =>
      row
        .split("|")[3]!
        .split(",")
        .map((name) => name.trim()),
    );
    const control = ["If", "Loop", "Scan"];
    expect([...named].sort()).toEqual([...Object.keys(SHAPE_TABLE).map(shortName), ...control].sort());
  });
  it.each([
    ["metrics", METRICS.map((metric) => metric.id)],
    ["optimisers", Object.keys(OPTIMISERS)],
    [
      "devices",
      readdirSync(join(ROOT, "data/hardware")).flatMap((name) => (name.endsWith(".json") ? [name.slice(0, -5)] : [])),
    ],
    ["networks", ZOO.map((network) => network.name)],
    ["commands", Object.keys(COMMANDS)],
  ])("names all %s in backticks", (_, names) => {
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !stands(name))).toEqual([]);
  });
  it("is not satisfied by a name within another word", () => {
    expect(text).toContain("clock");
    expect(["cloc", "oo", "zoo writ", "nano", "resnet5"].filter(stands)).toEqual([]);
  });
});
