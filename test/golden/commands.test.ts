// What is kept of the commands so that they need not be loaded: data/commands.json and the config file's schema. `npm run golden`
// rewrites both after an option, an argument or a summary has changed.
import { expect, it } from "vitest";
import { indexed } from "../../src/cli/command-index.ts";
import { configSchema } from "../../src/cli/config-schema.ts";
import { GROUPS } from "../../src/cli/overview.ts";
import { COMMANDS } from "../../src/cli/table.ts";

const commands = await Promise.all(Object.values(COMMANDS).map(async (load) => indexed(await load())));

it("keeps in data/commands.json what the commands say", async () => {
  await expect(`${JSON.stringify(commands, undefined, 1)}\n`).toMatchFileSnapshot("../../data/commands.json");
});

it("keeps in data/schemas/config.json what a config file may hold", async () => {
  await expect(`${JSON.stringify(configSchema(commands), undefined, 1)}\n`).toMatchFileSnapshot(
    "../../data/schemas/config.json",
  );
});

it("has every command in one group of --help", () => {
  const named = GROUPS.flatMap(([, names]) => names);
  expect(new Set(named).size).toBe(named.length);
  expect(Object.keys(COMMANDS).filter((name) => !named.includes(name))).toEqual([]);
});
