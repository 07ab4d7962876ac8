// Kilograms of CO2e per kilowatt-hour of a grid, by country or region: yearly averages that ship with the package, offline.
// Not live data and no marginal intensities. The table is loaded on the first question, it takes some 20 ms.
/// <reference path="./tgwf-co2.d.ts" />
import { InputError } from "../units/input-error.ts";
import { unknownName } from "../units/nearest.ts";
import { ALPHA3, OTHER_NAMES } from "./countries.ts";

export interface Intensity {
  /** kg CO2e per kWh. */
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  readonly source: string;
  /** Year of the data, in words where the source mixes years. */
  readonly year: string;
}

export interface Region {
  /** Three-letter country code [ISO3166], or a region's own: "EU", "WORLD", "EU-2020". */
  readonly code: string;
  /** In English. */
  readonly name: string;
  readonly kgPerKwh: Intensity;
}

/** Average of the EU that [Krouka2021] takes from [EEA2020]. */
const EU_2020: Region = {
  code: "EU-2020",
  name: "European Union (EEA, 2020)",
  kgPerKwh: { value: 0.275, source: "[EEA2020] as in [Krouka2021], section IV", year: "published December 2020" },
};

const GRAMS_PER_KG = 1000;

/** Regions of the table that are no countries. */
const AREA_NAMES: Readonly<Record<string, string>> = {
  AFRICA: "Africa",
  ASEAN: "ASEAN",
  ASIA: "Asia",
  EU: "European Union",
  EUROPE: "Europe",
  G20: "G20",
  G7: "G7",
  "LATIN AMERICA AND CARIBBEAN": "Latin America and Caribbean",
  "MIDDLE EAST": "Middle East",
  "NORTH AMERICA": "North America",
  OCEANIA: "Oceania",
  OECD: "OECD",
  WORLD: "World",
};

/** Letters and digits only, without accents: "Côte d’Ivoire" → "cotedivoire". */
const plain = (name: string): string =>
  name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");

interface Catalogue {
  readonly regions: readonly Region[];
  /** Region by plain code or name. */
  readonly byName: ReadonlyMap<string, Region>;
}

/** English name of a code of the table. Making the names costs more than reading the table. */
function namer(): (code: string) => string {
  const english = new Intl.DisplayNames(["en"], { type: "region" });
  const alpha2 = new Map([...ALPHA3].map(([two, three]) => [three, two]));
  return (code) => {
    const two = alpha2.get(code);
    return (two === undefined ? AREA_NAMES[code] : english.of(two)) ?? code;
  };
}

function regionOf(code: string, grams: number, name: string): Region {
  const source = `[TGWFCO2] yearly average of ${code} [Ember]${grams === 0 ? ", which rounds it to 0" : ""}`;
  return { code, name, kgPerKwh: { value: grams / GRAMS_PER_KG, source, year: "latest in the data set" } };
}

type GramsPerKwh = Readonly<Record<string, number>>;

function makeCatalogue(gramsPerKwh: GramsPerKwh): Catalogue {
  const nameOf = namer();
  const alpha2 = new Map([...ALPHA3].map(([two, three]) => [three, two]));
  const byName = new Map<string, Region>();
  const regions = [EU_2020];
  for (const word of [EU_2020.code, EU_2020.name, "EU-Krouka"]) byName.set(plain(word), EU_2020);
  for (const [code, grams] of Object.entries(gramsPerKwh)) {
    const region = regionOf(code, grams, nameOf(code));
    regions.push(region);
    for (const word of [code, alpha2.get(code) ?? code, region.name]) byName.set(plain(word), region);
  }
  for (const [name, code] of Object.entries(OTHER_NAMES)) {
    const region = byName.get(plain(code));
    if (region !== undefined) byName.set(plain(name), region);
  }
  return { regions, byName };
}

let table: Promise<GramsPerKwh> | undefined;
let catalogue: Promise<Catalogue> | undefined;

function loadTable(): Promise<GramsPerKwh> {
  table ??= import("@tgwf/co2/data").then(({ averageIntensity }) => averageIntensity.data);
  return table;
}

function load(): Promise<Catalogue> {
  catalogue ??= loadTable().then(makeCatalogue);
  return catalogue;
}

/** A region asked for by the table's own code, without naming all others; undefined: look it up. */
async function byCode(word: string): Promise<Region | undefined> {
  const code = word.toUpperCase();
  const grams = Object.entries(await loadTable()).find(([own]) => own === code)?.[1];
  return grams === undefined ? undefined : regionOf(code, grams, AREA_NAMES[code] ?? namer()(code));
}

/** All regions with a known intensity, by English name. */
export async function listRegions(): Promise<readonly Region[]> {
  const { regions } = await load();
  return regions.toSorted((a, b) => a.name.localeCompare(b.name, "en"));
}

/**
 * The region called so: two- or three-letter code or English name, in any case and without regard to accents; also "EU",
 * "Europe", "world" and "EU-2020", the 0.275 kg/kWh of [Krouka2021].
 * @throws InputError "unknown-region" with the nearest names, "no-intensity" for a country the data do not cover
 */
export async function findRegion(nameOrCode: string): Promise<Region> {
  const word = nameOrCode.trim();
  const coded = await byCode(word);
  if (coded !== undefined) return coded;
  const { regions, byName } = await load();
  const found = byName.get(plain(word));
  if (found !== undefined) return found;
  const upper = word.toUpperCase();
  if (ALPHA3.has(upper) || [...ALPHA3.values()].includes(upper))
    throw new InputError(
      "no-intensity",
      `no grid intensity is known for region "${word}"`,
      "give it with --intensity, in kg CO2e per kWh",
    );
  const codes = regions.map((region) => region.code).filter((code) => code.length <= 3);
  const candidates = word.length <= 3 ? [...codes, ...ALPHA3.keys()] : [...regions.map(({ name }) => name), "EU-2020"];
  const hint = "give a country's code or English name, EU, EU-2020 or world, or --intensity in kg CO2e per kWh";
  throw unknownName("region", word, candidates, hint);
}
