// What an installation brings along may be used by anyone: every production package carries a licence of the allow-list.
import { expect, it } from "vitest";
// @ts-expect-error plain JavaScript: a script that also prints
import { isAllowed, productionPackages } from "../scripts/licences.mjs";

it("has only packages under licences that ask nothing of users", () => {
  const packages: readonly { readonly name: string; readonly licence: string }[] = productionPackages();
  expect(packages.length).toBeGreaterThan(10);
  expect(packages.filter(({ licence }) => !isAllowed(licence))).toEqual([]);
});
it("knows choices and sums of licences", () => {
  expect(["MIT", "(MIT OR GPL-3.0)", "MIT AND ISC"].map(isAllowed)).toEqual([true, true, true]);
  expect(["", "GPL-3.0", "MIT AND GPL-3.0", "SEE LICENSE IN X"].map(isAllowed)).toEqual([false, false, false, false]);
});
