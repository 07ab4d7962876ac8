import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exact } from "../units/range.ts";
import { co2eKg, cost, embodiedKg } from "./emissions.ts";
import { parsePrice } from "./price.ts";

describe("co2eKg", () => {
  // Table III of [Krouka2021]: energies and kg CO2e of the EU average, rounded there to two digits of 1e-10 kg.
  it.each([
    [8.66e-4, 0.66e-10],
    [1.69e-4, 0.13e-10],
    [4.36e-4, 0.33e-10],
    [1.24e-4, 0.1e-10],
    [1.67e-4, 0.12e-10],
    [0.53e-4, 0.04e-10],
    [0.61e-4, 0.05e-10],
  ])("of %d J at 0.275 kg/kWh is %d kg, as in table III", (energyJ, kg) => {
    expect(Math.abs(co2eKg(exact(energyJ), exact(0.275)).value - kg)).toBeLessThan(0.01e-10);
  });

  it("multiplies ranges and the building's overhead", () => {
    const kg = co2eKg({ value: 3.6e6, low: 1.8e6, high: 7.2e6 }, { value: 0.2, low: 0.1, high: 0.3 }, 1.5);
    expect(kg).toEqual({ value: expect.closeTo(0.3), low: expect.closeTo(0.075), high: expect.closeTo(0.9) });
  });
});

describe("cost", () => {
  it("is kWh × price", () => {
    expect(cost(exact(7.2e6), { perKwh: 0.2, currency: "SEK" })).toMatchObject({
      amount: { value: expect.closeTo(0.4, 12) },
      currency: "SEK",
    });
  });
});

describe("embodiedKg", () => {
  // 40 kg over 4 years of 31,557,600 s, half of it in use: one hour of work carries 40 · 3600 / (126,230,400 · 0.5).
  it("spreads the making over the hours of use", () => {
    const kg = embodiedKg(exact(40), exact(3600), 4 * 31_557_600, 0.5);
    expect(kg.value).toBeCloseTo(2.28154e-3, 7);
  });

  it("of all the hours of use together is the whole", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1e4, noNaN: true }),
        fc.double({ min: 1, max: 1e9, noNaN: true }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (kg, lifetimeS, ratio) => {
          expect(embodiedKg(exact(kg), exact(lifetimeS * ratio), lifetimeS, ratio).value / kg).toBeCloseTo(1, 9);
        },
      ),
      { seed: 7, numRuns: 100 },
    );
  });
});

describe("parsePrice", () => {
  it.each([
    ["0.20EUR", 0.2, "EUR"],
    ["0.2", 0.2, "EUR"],
    [".15 usd", 0.15, "USD"],
    ["SEK 1.5", 1.5, "SEK"],
    ["€0.31/kWh", 0.31, "EUR"],
    ["$0.12", 0.12, "USD"],
    ["1e-1 GBP / kWh", 0.1, "GBP"],
  ])("reads %s", (text, perKwh, currency) => {
    expect(parsePrice(text)).toEqual({ perKwh, currency });
  });

  it.each(["", "EUR", "cheap", "-0.2EUR", "0.2 EURO", "0.2EUR/MWh", "1e999EUR"])("refuses %o", (text) => {
    expect(() => parsePrice(text)).toThrow(/is not an amount of money per kWh/u);
  });
});
