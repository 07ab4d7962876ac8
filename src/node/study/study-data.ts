// The data set of a study by the name in its plan: what `train --data` takes, or the name under which `joulecast data get` fetched it.
// What was fetched is checked against its publisher's sums where the file is still there.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { DataSplit } from "../../learn/data/data-set.ts";
import { InputError } from "../../units/input-error.ts";
import { nearest } from "../../units/nearest.ts";
import { openData } from "../data/open-data.ts";
import { PUBLISHED, type PublishedSet } from "../data/published.ts";

/** Where `data get` puts a set unless told otherwise. */
const folderOf = ({ name }: PublishedSet): string => `data-${name}`;

function checkSums(set: PublishedSet, folder: string): void {
  for (const { url, md5 } of set.files) {
    const path = join(folder, basename(new URL(url).pathname));
    if (!existsSync(path)) continue;
    const found = createHash("md5").update(readFileSync(path)).digest("hex");
    if (found !== md5)
      throw new InputError(
        "wrong-checksum",
        `"${path}" has MD5 ${found}, expected ${md5}: it is damaged, or another file`,
        `remove it and fetch it again: joulecast data get ${set.name}`,
      );
  }
}

/** @throws InputError "no-data", "unknown-data", "wrong-checksum", and what openData throws */
export function openStudyData(name: string): DataSplit {
  const set = PUBLISHED.find((one) => one.name === name);
  if (existsSync(name) || (set === undefined && /[:/\\.]/.test(name))) return openData(name);
  const names = PUBLISHED.map((one) => one.name);
  if (set === undefined)
    throw new InputError(
      "unknown-data",
      `there is no data set "${name}"; nearest: ${nearest(name, names).join(", ")}`,
      `give a folder, synthetic:pictures, or one that was fetched: ${names.join(", ")}`,
    );
  const folder = folderOf(set);
  if (!existsSync(folder))
    throw new InputError(
      "no-data",
      `"${name}" was not fetched: there is no ${folder} here`,
      `joulecast data get ${name}`,
    );
  checkSums(set, folder);
  return openData(folder);
}
