import fc from "fast-check";
import { expect, it } from "vitest";
import { type Block, blockTree, trailTo } from "./tree.ts";

const leaves = (block: Block): Block[] => (block.children.length === 0 ? [block] : block.children.flatMap(leaves));

it("groups by names, joins chains, keeps the network's order", () => {
  const tree = blockTree("net", [
    { name: "/stem/conv/Conv", energyJ: 1 },
    { name: "/body/0/conv", energyJ: 2 },
    { name: "/body/0/relu", energyJ: 3 },
    { name: "head", energyJ: 4 },
  ]);
  expect(tree).toMatchObject({ label: "net", energyJ: 10, layers: 4 });
  expect(tree.children.map(({ label, energyJ }) => [label, energyJ])).toEqual([
    ["stem/conv/Conv", 1],
    ["body/0", 5],
    ["head", 4],
  ]);
  expect(tree.children[0]!.path).toBe("/stem/conv/Conv");
  expect(trailTo(tree, "/body/0/relu").map(({ label }) => label)).toEqual(["net", "body/0", "relu"]);
  expect(trailTo(tree, "nowhere")).toEqual([tree]);
});

it("holds every layer once and every joule, whatever the names", () => {
  const name = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 30 }), (names) => {
      const tree = blockTree(
        "net",
        names.map((each, i) => ({ name: each, energyJ: 2 ** (i % 8) })),
      );
      const found = leaves(tree);
      expect(tree.layers).toBe(names.length);
      expect(found.reduce((sum, { energyJ }) => sum + energyJ, 0)).toBe(tree.energyJ);
      expect(new Set(found.map(({ path }) => path))).toEqual(new Set(names));
    }),
    { seed: 2 },
  );
});
