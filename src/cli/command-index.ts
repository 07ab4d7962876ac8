// What the commands are called and take, without loading them: for --help, completion and the config file. The index is the file
// data/commands.json, which `npm run golden` writes from the commands themselves; a command that is not in it yet is loaded.
import { readFile } from "node:fs/promises";
import type { Command, IndexedCommand } from "./command.ts";
import { COMMANDS } from "./table.ts";

export function indexed({ name, summary, arguments: taken, options, takesRest = false }: Command): IndexedCommand {
  return { name, summary, arguments: taken, options, takesRest };
}

async function readIndex(): Promise<ReadonlyMap<string, IndexedCommand>> {
  const text = await readFile(new URL("../../data/commands.json", import.meta.url), "utf8").catch(() => "[]");
  return new Map((JSON.parse(text) as IndexedCommand[]).map((command) => [command.name, command]));
}

/** Every command, in the order of the table. */
export async function commandIndex(): Promise<readonly IndexedCommand[]> {
  const known = await readIndex();
  return Promise.all(Object.entries(COMMANDS).map(async ([name, load]) => known.get(name) ?? indexed(await load())));
}
