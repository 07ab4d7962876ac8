// What we use of @tgwf/co2, which has no types of its own.
declare module "@tgwf/co2/data" {
  /** Yearly average intensity of the grid, g CO2e/kWh, by three-letter country code or upper-case region. */
  export const averageIntensity: { readonly data: Readonly<Record<string, number>>; readonly type: string };
}
