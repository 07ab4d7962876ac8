// joulecast.config.json: options that the command line does not give, from the nearest folder upwards that has such a file.
// Every key and type is checked, with the key's path. What writes files, starts programs or speaks to other machines cannot be set
// there: the file may lie in a folder from a stranger.
import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { explainRefusal } from "../node/files.ts";
import { oneLine } from "../units/error-text.ts";
import { InputError } from "../units/input-error.ts";
import { nearest } from "../units/nearest.ts";
import type { IndexedCommand, OptionSpec, OptionValues } from "./command.ts";
import { commandIndex } from "./command-index.ts";
import { allOptions, formOf, valueKey } from "./standard-options.ts";

const CONFIG_NAME = "joulecast.config.json";

/** Longest config file, bytes: one that is longer is something else. */
const LONGEST_BYTES = 1024 * 1024;

/** Options that only a person at the command line may give. */
export const COMMAND_LINE_ONLY: ReadonlySet<string> = new Set([
  ...[
    "out",
    "html",
    "table",
    "write",
    "write-bottleneck",
    "halves",
    "record",
    "resume",
    "parquet",
    "checkpoint",
    "folder",
  ],
  ...["shell", "command", "yes", "force", "allow-raw", "open", "no-config"],
  ...["webhook", "store", "server", "host", "port", "answer"],
]);

/** What a file says: option values by command ("" for all of them), as commander names them. */
export interface Config {
  readonly path: string;
  /** Of a command: its own section before the top level. */
  valuesFor(name: string): ReadonlyMap<string, string | readonly string[] | boolean>;
}

/** The nearest config file in `folder` or above it. */
export function findConfig(folder: string): string | undefined {
  for (let place = folder; ; place = dirname(place)) {
    const path = join(place, CONFIG_NAME);
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path;
    if (dirname(place) === place) return undefined;
  }
}

type Value = string | readonly string[] | boolean;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isWord = (value: unknown): value is string | number =>
  typeof value === "string" || (typeof value === "number" && Number.isFinite(value));

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
};

/** A value of the file as the command line would give it. */
function wordsOf(spec: OptionSpec, value: unknown, fail: (what: string, hint: string) => InputError): Value {
  const { name, value: takes } = formOf(spec);
  if (takes === "none" || (takes === "optional" && typeof value === "boolean")) {
    if (typeof value !== "boolean") throw fail(`is ${shown(value)}, expected true or false`, "it is a switch");
    return name.startsWith("no-") ? !value : value;
  }
  const list = Array.isArray(value) ? value : [value];
  if (!list.every(isWord) || list.length === 0)
    throw fail(`is ${shown(value)}, expected text, a number or a list of them`, `as in --${name} VALUE`);
  const words = list.map(String);
  return spec.repeatable ? words : words.join(",");
}

function checkedConfig(path: string, whole: unknown, commands: readonly IndexedCommand[]): Config {
  const fail = (place: string) => (what: string, hint: string) =>
    new InputError("bad-config", `"${path}": ${place === "" ? "the file" : place} ${what}`, hint);
  const unknown = (place: string, word: string, names: readonly string[]) =>
    fail(place)(
      `is not known; nearest: ${nearest(word, names).join(", ")}`,
      "`joulecast help config` says what can stand there",
    );
  if (!isObject(whole)) throw fail("")("is no JSON object", 'write { "region": "FI" } or such');
  const optionsOf = (command: IndexedCommand) =>
    new Map(allOptions(command).map((spec) => [formOf(spec).name, spec] as const));
  const specs = new Map(commands.map((command) => [command.name, optionsOf(command)] as const));
  const everywhere = new Map([...specs.values()].flatMap((options) => [...options]));

  const read = (place: string, name: string, spec: OptionSpec, value: unknown): readonly [string, Value] => {
    if (COMMAND_LINE_ONLY.has(name))
      throw fail(place)("cannot be set in a config file", `give --${name} on the command line, where you see it`);
    return [valueKey(name), wordsOf(spec, value, fail(place))];
  };
  const sections = new Map<string, ReadonlyMap<string, Value>>();
  const general: (readonly [name: string, value: unknown])[] = [];
  for (const [key, value] of Object.entries(whole)) {
    if (key === "$schema") continue;
    const options = specs.get(key);
    if (options !== undefined && (isObject(value) || !everywhere.has(key))) {
      if (!isObject(value)) throw fail(key)(`is ${shown(value)}, expected an object of options`, "write { … }");
      const entries = Object.entries(value).map(([name, inner]) => {
        const spec = options.get(name);
        if (spec === undefined) throw unknown(`${key}.${name}`, name, [...options.keys()]);
        return read(`${key}.${name}`, name, spec, inner);
      });
      sections.set(key, new Map(entries));
      continue;
    }
    const spec = everywhere.get(key);
    if (spec === undefined) throw unknown(key, key, [...specs.keys(), ...everywhere.keys()]);
    read(key, key, spec, value);
    general.push([key, value]);
  }
  return {
    path,
    valuesFor: (command) => {
      const options = specs.get(command) ?? new Map<string, OptionSpec>();
      const shared = general.flatMap(([name, value]) => {
        const spec = options.get(name);
        return spec === undefined ? [] : [read(name, name, spec, value)];
      });
      return new Map([...shared, ...(sections.get(command) ?? [])]);
    },
  };
}

/**
 * Reads and checks a config file.
 * @throws InputError "bad-config" naming the key's path, "cannot-read"
 */
export async function readConfig(path: string): Promise<Config> {
  let text: string;
  try {
    if (statSync(path).size > LONGEST_BYTES)
      throw new InputError(
        "bad-config",
        `"${path}" has more than ${LONGEST_BYTES} bytes`,
        "it should hold some options",
      );
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch (error) {
    throw new InputError(
      "bad-config",
      `"${path}" is not JSON: ${oneLine(error)}`,
      "mend it, or add --no-config to do without",
    );
  }
  return checkedConfig(path, whole, await commandIndex());
}

/** Options that ask for a form of the result: one on the command line sets those of the file aside. */
const FORMS = ["json", "csv", "markdown"];

/**
 * Options with what the file supplies where the command line is silent.
 * @param isGiven whether the command line gives the option of that value key
 * @returns all options, and the names that came from the file
 */
export function withConfig(
  config: Config,
  command: string,
  options: OptionValues,
  isGiven: (key: string) => boolean,
): { readonly options: OptionValues; readonly supplied: readonly string[] } {
  const hasForm = FORMS.some(isGiven);
  const added = [...config.valuesFor(command)].filter(([key]) => !isGiven(key) && !(hasForm && FORMS.includes(key)));
  return { options: { ...options, ...Object.fromEntries(added) }, supplied: added.map(([key]) => key) };
}
