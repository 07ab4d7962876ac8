import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openStudyData } from "./study-data.ts";

const home = mkdtempSync(join(tmpdir(), "joulecast-data-"));
const before = process.cwd();
beforeAll(() => process.chdir(home));
afterAll(() => {
  process.chdir(before);
  rmSync(home, { recursive: true, force: true });
});

it("opens what `data get` fetched by its name, and says what is wrong with it", () => {
  expect(openStudyData("synthetic:digits:train=8,test=4").train.samples).toBe(8);
  expect(() => openStudyData("cifar10")).toThrow(/"cifar10" was not fetched: there is no data-cifar10 here/);
  expect(() => openStudyData("cifar")).toThrow(/no data set "cifar"; nearest: cifar10/);
  expect(() => openStudyData("./cifar")).toThrow(/no such file/);
  mkdirSync("data-cifar10");
  writeFileSync(join("data-cifar10", "cifar-10-binary.tar.gz"), "half of it");
  expect(() => openStudyData("cifar10")).toThrow(/cifar-10-binary\.tar\.gz" has MD5 .*, expected c32a1d4a/);
  rmSync(join("data-cifar10", "cifar-10-binary.tar.gz"));
  const picture = new Uint8Array(3073).fill(1);
  for (let i = 1; i <= 5; i++) writeFileSync(join("data-cifar10", `data_batch_${i}.bin`), picture);
  writeFileSync(join("data-cifar10", "test_batch.bin"), picture);
  const { train, test } = openStudyData("cifar10");
  expect([train.samples, test?.samples]).toEqual([5, 1]);
});
