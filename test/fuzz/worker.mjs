// One target in a process of its own: what hangs or eats memory is ended from outside. Started by fuzz.mjs with its
// orders as JSON: `count` mutants from the seed `from` on, or the inputs in `files`.
import { readFileSync } from "node:fs";
import { mutant } from "./mutate.mjs";
import { TARGETS } from "./targets.mjs";

const { name, files, from, count } = JSON.parse(process.argv[2]);
const { corpus, read, close } = await TARGETS[name]();

const messageOf = (error) =>
  error instanceof Error ? (error.stack ?? error.message).split("\n").slice(0, 4).join(" | ") : String(error);

for (const bytes of corpus) {
  try {
    await read(bytes);
  } catch (error) {
    if (error?.name !== "InputError") throw error;
  }
}
for (const seed of files ?? Array.from({ length: count }, (_, i) => from + i)) {
  process.send({ kind: "begins", seed });
  try {
    await read(files === undefined ? mutant(corpus, seed) : readFileSync(seed));
  } catch (error) {
    if (error?.name !== "InputError") process.send({ kind: "found", seed, what: messageOf(error) });
  }
}
await close?.();
process.send({ kind: "done" }, () => process.exit(0));
