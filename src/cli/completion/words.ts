// What a shell may offer: commands, their options, and the few values that come from a list. Shells' own syntax is in their files.
import { METRICS } from "../../estimate/table.ts";
import { ZOO } from "../../zoo/catalogue.ts";
import type { IndexedCommand } from "../command.ts";
import { allOptions, formOf, type OptionForm } from "../standard-options.ts";

export interface OptionWords extends OptionForm {
  readonly description: string;
  /** Values to offer; empty: files. */
  readonly values: readonly string[];
}

export interface CommandWords {
  /** "zoo write". */
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionWords[];
  /** Words that may stand in place of an argument besides files. */
  readonly values: readonly string[];
}

/** What the machine has to say: names of devices, topics and shells. */
export interface ValueLists {
  readonly devices: readonly string[];
  readonly topics: readonly string[];
  readonly shells: readonly string[];
}

export function commandWords(commands: readonly IndexedCommand[], lists: ValueLists): readonly CommandWords[] {
  const networks = ZOO.map(({ name }) => `zoo:${name}`);
  const ofOption: Readonly<Record<string, readonly string[]>> = {
    on: lists.devices,
    metric: METRICS.map(({ id }) => id),
    optimiser: ["sgd", "sgd-momentum", "adam", "adamw"],
  };
  const ofArgument: Readonly<Record<string, readonly string[]>> = {
    model: networks,
    name: [],
    topic: [...lists.topics, ...new Set(commands.map(({ name }) => name.split(" ")[0]!))],
    shell: lists.shells,
  };
  return commands.map((command) => ({
    name: command.name,
    summary: command.summary,
    options: allOptions(command).map((spec) => {
      const form = formOf(spec);
      return { ...form, description: spec.description, values: ofOption[form.name] ?? [] };
    }),
    values:
      command.name === "devices"
        ? lists.devices
        : command.name === "zoo write"
          ? networks.map((name) => name.slice("zoo:".length))
          : command.arguments.flatMap(({ name }) => ofArgument[name] ?? []),
  }));
}

/** Commands below a word: "zoo" → ["write"]. */
export function below(word: string, commands: readonly CommandWords[]): readonly string[] {
  return commands.flatMap(({ name }) => (name.startsWith(`${word} `) ? [name.slice(word.length + 1)] : []));
}

/** First words of all commands, each once. */
export const firstWords = (commands: readonly CommandWords[]): readonly string[] => [
  ...new Set(commands.map(({ name }) => name.split(" ")[0]!)),
];

/** Descriptions in completion menus are short: up to the first ":" or "(", at most 70 characters. */
export const short = (description: string): string => {
  const [first = ""] = description.split(/[:(;]/);
  const text = first.trim();
  return text.length > 70 ? `${text.slice(0, 69)}…` : text;
};

/** As one word of a POSIX shell, in single quotes. */
export const shellQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
