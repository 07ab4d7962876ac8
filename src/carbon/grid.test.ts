/// <reference path="./tgwf-co2.d.ts" />
import { averageIntensity } from "@tgwf/co2/data";
import { describe, expect, it } from "vitest";
import { ALPHA3, OTHER_NAMES } from "./countries.ts";
import { findRegion, listRegions } from "./grid.ts";

describe("findRegion", () => {
  it.each(["FI", "fi", "FIN", "Finland", " finland "])("knows Finland as %o", async (word) => {
    const { code, name, kgPerKwh } = await findRegion(word);
    expect([code, name]).toEqual(["FIN", "Finland"]);
    expect(kgPerKwh.value).toBe(averageIntensity.data.FIN! / 1000);
    expect(kgPerKwh.source).toContain("[TGWFCO2]");
  });

  it.each([
    ["UK", "GBR"],
    ["gb", "GBR"],
    ["United States", "USA"],
    ["Côte d'Ivoire", "CIV"],
    ["turkey", "TUR"],
    ["Kosovo", "XKX"],
    ["EU", "EU"],
    ["European Union", "EU"],
    ["world", "WORLD"],
    ["North America", "NORTH AMERICA"],
  ])("knows %s as %s", async (word, code) => {
    expect((await findRegion(word)).code).toBe(code);
  });

  it.each(["EU-2020", "eu-krouka"])("gives the paper's 0.275 kg/kWh for %s", async (word) => {
    expect((await findRegion(word)).kgPerKwh.value).toBe(0.275);
  });

  it("offers the nearest names and codes", async () => {
    await expect(findRegion("Finnland")).rejects.toMatchObject({
      code: "unknown-region",
      message: expect.stringContaining("nearest: Finland"),
    });
    await expect(findRegion("FX")).rejects.toMatchObject({ code: "unknown-region" });
    await expect(findRegion("")).rejects.toMatchObject({ code: "unknown-region" });
  });

  it("does not make up an intensity for a country the data leave out", async () => {
    await expect(findRegion("LI")).rejects.toMatchObject({ code: "no-intensity" });
    await expect(findRegion("VAT")).rejects.toMatchObject({ code: "no-intensity" });
  });
});

describe("the catalogue", () => {
  it("gives every entry of the package a name of its own, findable by code and name", async () => {
    const regions = await listRegions();
    expect(regions).toHaveLength(Object.keys(averageIntensity.data).length + 1);
    expect(new Set(regions.map(({ name }) => name)).size).toBe(regions.length);
    for (const region of regions) {
      expect(await findRegion(region.code)).toEqual(region);
      expect(await findRegion(region.name)).toEqual(region);
      if (!["ASEAN", "G20", "G7", "OECD"].includes(region.code)) expect(region.name).not.toBe(region.code);
      expect(region.kgPerKwh.value).toBeGreaterThanOrEqual(0);
      expect(region.kgPerKwh.value).toBeLessThan(2);
    }
  });

  it("maps each two-letter code to one three-letter code", () => {
    expect(new Set(ALPHA3.values()).size).toBe(ALPHA3.size);
    for (const [two, three] of ALPHA3) expect([two.length, three.length]).toEqual([2, 3]);
  });

  it("has no other name that leads nowhere", async () => {
    for (const [name, code] of Object.entries(OTHER_NAMES)) expect((await findRegion(name)).code).toBe(code);
  });
});
