// Which column of a file is which quantity: by its usual names and units, or by the user's --map "ours=theirs:unit". What quantities
// there are is the caller's table (columns.ts for past runs, study/columns.ts for studies). Reads no rows.
import { InputError } from "../../units/input-error.ts";
import { unknownName } from "../../units/nearest.ts";
import { parseQuantity } from "../../units/parse.ts";

export interface ColumnMeaning {
  /** "text" is a name, "" a plain number, else the SI base unit that numbers are turned into. */
  readonly unit: "text" | "" | "J" | "W" | "s" | "B";
  /** Names in files besides our own, without case, spaces and units. */
  readonly aliases: readonly string[];
}

/** Ours → what it is. */
type Meanings = Readonly<Record<string, ColumnMeaning>>;

/** One column of the file that is read. */
export interface BoundColumn {
  readonly ours: string;
  readonly theirs: string;
  /** Unit of the file's numbers as written: "MJ", "kWh"; the base unit when neither heading nor map names one. */
  readonly unit: string;
  /** File's number × factor = number in SI units. */
  readonly factor: number;
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^\p{Letter}\p{Number}]/gu, "");

/** The factor of a unit to its base; undefined for what is no such unit. */
function factorOf(unit: string, base: string): number | undefined {
  try {
    return parseQuantity(`1${unit}`, base);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** "energy (MJ)" → energy and MJ; "energy_kwh" → energy and kWh. The unit is only taken when it fits the base. */
function splitHeading(heading: string, base: string): { readonly name: string; readonly unit: string | undefined } {
  const inBrackets = /^(.*?)\s*[([]([^)\]]+)[)\]]\s*$/.exec(heading);
  if (inBrackets && (base === "" || base === "text" || factorOf(inBrackets[2]!.trim(), base) !== undefined))
    return { name: inBrackets[1]!, unit: base === "" || base === "text" ? undefined : inBrackets[2]!.trim() };
  const suffix = /^(.+)[_\-. ]([a-zµ]{1,4})$/iu.exec(heading);
  const spelt = suffix && [suffix[2]!, ...SPELLINGS.filter((unit) => unit.toLowerCase() === suffix[2]!.toLowerCase())];
  const unit = spelt?.find((each) => factorOf(each, base) !== undefined);
  return unit === undefined ? { name: heading, unit: undefined } : { name: suffix![1]!, unit };
}

/** Units whose case people drop in column names. */
const SPELLINGS = [
  "J",
  "kJ",
  "MJ",
  "Wh",
  "kWh",
  "mWh",
  "W",
  "kW",
  "s",
  "ms",
  "min",
  "h",
  "B",
  "MB",
  "GB",
  "MiB",
  "GiB",
];

function bind(meanings: Meanings, ours: string, theirs: string, given: string | undefined): BoundColumn {
  const base = meanings[ours]!.unit;
  if (base === "text" || base === "") {
    if (given !== undefined)
      throw new InputError(
        "bad-unit",
        `--map ${ours}=${theirs}:${given}: ${ours} has no unit`,
        `write ${ours}=${theirs}`,
      );
    return { ours, theirs, unit: "", factor: 1 };
  }
  const heading = splitHeading(theirs, base).unit;
  const factor = factorOf(given ?? heading ?? base, base);
  if (factor === undefined)
    throw new InputError(
      "bad-unit",
      `--map ${ours}: "${given}" is no unit of ${ours} (${base})`,
      `for example ${base}`,
    );
  if (given !== undefined && heading !== undefined && factorOf(heading, base) !== factor)
    throw new InputError(
      "mixed-units",
      `--map says that "${theirs}" is in ${given}, its heading says ${heading}`,
      "give the unit that the numbers are in, or rename the column",
    );
  return { ours, theirs, unit: given ?? heading ?? base, factor };
}

/** Our name of what the user calls it. @throws InputError "unknown-quantity" */
function oursNamed(meanings: Meanings, word: string): string {
  const names = Object.keys(meanings);
  const found = names.find((name) => [name, ...meanings[name]!.aliases].some((each) => plain(each) === plain(word)));
  if (found !== undefined) return found;
  throw unknownName("quantity", word, names, `--map takes ${names.join(", ")}`);
}

/** "energy=energy_kwh:kWh" → what of the file's columns it names; a colon that is part of the column's name is kept. */
function bindPair(meanings: Meanings, pair: string, columns: readonly string[]): BoundColumn {
  const [word = "", ...rest] = pair.split("=");
  const theirs = rest.join("=").trim();
  if (word.trim() === "" || theirs === "")
    throw new InputError("bad-map", `--map "${pair}" is not ours=theirs`, "write --map energy=energy_kwh:kWh,batch=bs");
  const ours = oursNamed(meanings, word.trim());
  if (columns.includes(theirs)) return bind(meanings, ours, theirs, undefined);
  const colon = theirs.lastIndexOf(":");
  const name = colon < 0 ? theirs : theirs.slice(0, colon).trim();
  if (!columns.includes(name)) throw unknownColumn(name, columns);
  return bind(meanings, ours, name, theirs.slice(colon + 1).trim());
}

/** @param columns headings of the file */
function unknownColumn(name: string, columns: readonly string[]): InputError {
  return unknownName("column", name, columns, `the file has ${columns.map((column) => `"${column}"`).join(", ")}`);
}

/**
 * The columns of a file that are known, those of the map first.
 * @param map "ours=theirs:unit,…"; a unit that the heading does not name is the base unit
 * @throws InputError "bad-map", "unknown-quantity", "unknown-column", "bad-unit", "mixed-units"
 */
export function bindColumns(meanings: Meanings, columns: readonly string[], map = ""): readonly BoundColumn[] {
  const pairs = map.split(/,(?=[^,=]+=)/).filter((pair) => pair.trim() !== "");
  const mapped = pairs.map((pair) => bindPair(meanings, pair.trim(), columns));
  const taken = new Set(mapped.map(({ theirs }) => theirs));
  const found = Object.entries(meanings).flatMap(([ours, { unit, aliases }]): BoundColumn[] => {
    if (mapped.some((each) => each.ours === ours)) return [];
    const names = [plain(ours), ...aliases];
    const hits = names.flatMap((name) =>
      columns.filter(
        (column) => !taken.has(column) && (plain(column) === name || plain(splitHeading(column, unit).name) === name),
      ),
    );
    return hits[0] === undefined ? [] : [bind(meanings, ours, hits[0], undefined)];
  });
  return [...mapped, ...found];
}

/**
 * The column that `word` means, by the file's heading or by our name.
 * @throws InputError "unknown-column"
 */
export function columnMeant(
  meanings: Meanings,
  word: string,
  columns: readonly string[],
  bound: readonly BoundColumn[],
): string {
  if (columns.includes(word)) return word;
  const ours = Object.keys(meanings).find((name) =>
    [name, ...meanings[name]!.aliases].some((each) => plain(each) === plain(word)),
  );
  const found = bound.find((each) => each.ours === ours)?.theirs;
  if (found !== undefined) return found;
  throw unknownColumn(word, columns);
}
