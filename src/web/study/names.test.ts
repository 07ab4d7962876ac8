import { expect, it } from "vitest";
import { groupNames, labelsOf } from "./names.ts";

it("names groups by the machine and by what varies, and no more", () => {
  const one = { machine: "A", batch: 16, learningRate: 0.1 };
  expect(groupNames([one, one])(one)).toBe("A");
  const other = { ...one, batch: 32 };
  expect(groupNames([one, other])(other)).toBe("batch 32");
  const elsewhere = { ...one, machine: "B" };
  expect(groupNames([one, other, elsewhere])(elsewhere)).toBe("B, batch 16");
});

it("labels networks by the last part of their name, where that says which", () => {
  const labelOf = labelsOf(["zoo:cifar/lenet", "zoo:cifar/resnet18", "zoo:resnet18", "zoo:cifar/lenet"]);
  expect(["zoo:cifar/lenet", "zoo:cifar/resnet18", "zoo:resnet18"].map(labelOf)).toEqual([
    "lenet",
    "cifar/resnet18",
    "resnet18",
  ]);
});
