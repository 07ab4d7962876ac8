// The JSON Schema of joulecast.config.json, from the commands' own options; `npm run golden` writes it to data/schemas/config.json.
import type { IndexedCommand } from "./command.ts";
import { COMMAND_LINE_ONLY } from "./config.ts";
import { allOptions, formOf } from "./standard-options.ts";

type Schema = Readonly<Record<string, unknown>>;

const WORD: Schema = { type: ["string", "number"] };
/** What an option with a value takes: text, a number, or several. */
const DEFINITIONS: Readonly<Record<string, Schema>> = {
  words: { anyOf: [WORD, { type: "array", items: WORD, minItems: 1 }] },
  maybeWords: { anyOf: [{ type: "boolean" }, WORD, { type: "array", items: WORD, minItems: 1 }] },
};
const FORMS: Readonly<Record<ReturnType<typeof formOf>["value"], Schema>> = {
  none: { type: "boolean" },
  required: { $ref: "#/definitions/words" },
  optional: { $ref: "#/definitions/maybeWords" },
};

function propertiesOf(command: IndexedCommand): readonly (readonly [string, Schema])[] {
  return allOptions(command).flatMap((spec) => {
    const { name } = formOf(spec);
    return COMMAND_LINE_ONLY.has(name)
      ? []
      : [[name, { allOf: [FORMS[formOf(spec).value]], description: spec.description }] as const];
  });
}

export function configSchema(commands: readonly IndexedCommand[]): Schema {
  const everywhere = new Map<string, Schema>();
  for (const [name, { description: _, ...schema }] of commands.flatMap(propertiesOf)) {
    const known = everywhere.get(name);
    const same = known === undefined || JSON.stringify(known) === JSON.stringify(schema);
    everywhere.set(name, same ? schema : { anyOf: [known, schema] });
  }
  const sections = commands.map(({ name, summary, ...rest }): readonly [string, Schema] => {
    const section = {
      type: "object",
      additionalProperties: false,
      properties: Object.fromEntries(propertiesOf({ name, summary, ...rest })),
    };
    const option = everywhere.get(name);
    return [name, { description: summary, ...(option === undefined ? section : { anyOf: [section, option] }) }];
  });
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "joulecast.config.json",
    description:
      "Defaults for options: on the top level for every command that has them, below a command for it alone.",
    type: "object",
    additionalProperties: false,
    definitions: DEFINITIONS,
    properties: { $schema: { type: "string" }, ...Object.fromEntries(everywhere), ...Object.fromEntries(sections) },
  };
}
