// A device file (data/hardware/*.json, or the user's own) → Hardware, or one line that says which field is wrong and why.
// Not a schema library: one reader per field, in a table that the compiler keeps complete.
import { InputError } from "../units/input-error.ts";
import { nearest } from "../units/nearest.ts";
import type { ArithmeticEnergy, ArithmeticType, DeviceKind, Hardware, MemoryLevel, Sourced } from "./hardware.ts";

/** Where a value stands, for the error: the file and the path of the field in it. */
interface Place {
  readonly where: string;
  readonly path: string;
}

type Reader<T> = (value: unknown, place: Place) => T;

/** One reader per field of T; a field may be absent unless it is named in `required`. */
type Readers<T> = { readonly [K in keyof T]-?: Reader<Exclude<T[K], undefined>> };

const KINDS: readonly DeviceKind[] = ["cpu", "gpu", "tpu", "npu", "soc", "memory", "process"];
const ARITHMETIC: readonly ArithmeticType[] = [
  "float64",
  "float32",
  "tf32",
  "float16",
  "bfloat16",
  "float8",
  "int8",
  "int4",
  "int32",
];

const SHOWN_CHARACTERS = 40;
const HINT = 'see data/hardware/README.md for the fields; a number is { "value": 250, "source": "datasheet, page 2" }';

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(value.slice(0, SHOWN_CHARACTERS));
  return Array.isArray(value) ? "a list" : `${typeof value === "object" ? "an" : "a"} ${typeof value}`;
}

function bad(place: Place, found: unknown, expected: string): InputError {
  const field = place.path === "" ? "the device" : place.path;
  return new InputError("bad-device", `${place.where}: ${field} is ${shown(found)}, expected ${expected}`, HINT);
}

const inside = (place: Place, key: string): Place => ({
  where: place.where,
  path: place.path === "" ? key : `${place.path}.${key}`,
});

function readObject(value: unknown, place: Place, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad(place, value, "an object { … }");
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const short = key.slice(0, SHOWN_CHARACTERS);
    const near = nearest(short, known, 1)[0];
    const at = place.path === "" ? "" : ` in ${place.path}`;
    const meant = near === undefined ? "" : `; did you mean "${near}"?`;
    const message = `${place.where}: unknown field ${shown(short)}${at}${meant}`;
    throw new InputError("bad-device", message, `known fields: ${known.join(", ")}`);
  }
  return value as Readonly<Record<string, unknown>>;
}

/** An object with exactly the fields of `readers`; those in `required` must be there. */
function record<T extends object>(readers: Readers<T>, required: readonly (keyof T & string)[] = []): Reader<T> {
  const names = Object.keys(readers) as (keyof T & string)[];
  return (value, place) => {
    const found = readObject(value, place, names);
    const entries = names
      .filter((name) => Object.hasOwn(found, name) || required.includes(name))
      .map((name) => [name, readers[name](found[name] as never, inside(place, name))]);
    return Object.fromEntries(entries) as T;
  };
}

function list<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, place) => {
    if (!Array.isArray(value)) throw bad(place, value, "a list [ … ]");
    return value.map((each, i) => item(each, inside(place, String(i))));
  };
}

const text: Reader<string> = (value, place) => {
  if (typeof value !== "string" || value.trim() === "") throw bad(place, value, "a text that is not empty");
  return value;
};

const positive: Reader<number> = (value, place) => {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0)
    throw bad(place, value, "a number above 0 in SI units (leave out what is not known)");
  return value;
};

const sourcedFields = record<Sourced>({ value: positive, low: positive, high: positive, source: text }, [
  "value",
  "source",
]);

const sourced: Reader<Sourced> = (value, place) => {
  const number = sourcedFields(value, place);
  if (number.low !== undefined && number.low > number.value)
    throw bad(inside(place, "low"), number.low, `at most the value, ${number.value}`);
  if (number.high !== undefined && number.high < number.value)
    throw bad(inside(place, "high"), number.high, `at least the value, ${number.value}`);
  return number;
};

/** An object whose field names are arithmetic types. */
function byArithmetic<T>(entry: Reader<T>): Reader<Partial<Record<ArithmeticType, T>>> {
  return record<Partial<Record<ArithmeticType, T>>>(
    Object.fromEntries(ARITHMETIC.map((type) => [type, entry])) as Readers<Partial<Record<ArithmeticType, T>>>,
  );
}

const id: Reader<string> = (value, place) => {
  if (typeof value !== "string" || !/^[a-z0-9]+(-[a-z0-9]+)*$/u.test(value))
    throw bad(place, value, 'lower-case words joined by "-", such as "my-device"');
  return value;
};

const kind: Reader<DeviceKind> = (value, place) => {
  const known = KINDS.find((each) => each === value);
  if (known === undefined) throw bad(place, value, `one of ${KINDS.join(", ")}`);
  return known;
};

const memoryLevel = record<MemoryLevel>({ name: text, sizeBytes: sourced, energyPerBitJ: sourced }, ["name"]);
const arithmeticEnergy = record<ArithmeticEnergy>({ addJ: sourced, mulJ: sourced }, ["addJ", "mulJ"]);
const macLinear = record<Required<Hardware>["macLinear"]>(
  { convJPerMac: sourced, convJPerInput: sourced, denseJPerMac: sourced },
  ["convJPerMac", "convJPerInput", "denseJPerMac"],
);

const hardware = record<Hardware>(
  {
    id,
    name: text,
    kind,
    aliases: list(text),
    note: text,
    peakFlopsPerS: byArithmetic(sourced),
    tdpW: sourced,
    idleW: sourced,
    cores: sourced,
    clockHz: sourced,
    flopsPerClockPerCore: byArithmetic(sourced),
    switchedCapacitance: sourced,
    memoryBytesPerS: sourced,
    memoryBytes: sourced,
    memoryLevels: list(memoryLevel),
    arithmetic: byArithmetic(arithmeticEnergy),
    macLinear,
    manufacturingKg: sourced,
  },
  ["id", "name", "kind"],
);

const EMPTY = { aliases: [], peakFlopsPerS: {}, flopsPerClockPerCore: {}, memoryLevels: [], arithmetic: {} };

/**
 * Checks one device record. Only `id`, `name` and `kind` must be there; what is absent stays not known.
 * @param json a parsed JSON value
 * @param where the file, for the error: "./my-device.json"
 * @throws InputError "bad-device" naming the file, the field, what was found and what was expected
 */
export function parseHardware(json: unknown, where: string): Hardware {
  return { ...EMPTY, ...hardware(json, { where, path: "" }) };
}
