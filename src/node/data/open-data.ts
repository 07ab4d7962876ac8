// A data set by the name a person gives it: a folder, an .npz or dataset.json file, "synthetic:digits" or "synthetic:pictures".
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { DataSplit } from "../../learn/data/data-set.ts";
import { syntheticDigits } from "../../learn/data/synthetic/digits.ts";
import { syntheticPictures } from "../../learn/data/synthetic/pictures.ts";
import { InputError } from "../../units/input-error.ts";
import { unknownName } from "../../units/nearest.ts";
import { parseCount } from "../../units/parse.ts";
import { explainRefusal } from "../files.ts";
import { LAYOUTS, readArchive } from "./layouts.ts";
import { DESCRIPTION, readRaw } from "./raw.ts";

const SYNTHETIC = "synthetic:";
/** Sets that are drawn, by the name after "synthetic:". */
const DRAWN = { digits: syntheticDigits, pictures: syntheticPictures } as const;
const DRAWN_OPTIONS = ["train", "test", "seed"] as const;

/** "synthetic:digits:train=500,test=100,seed=1". */
function openSynthetic(name: string): DataSplit {
  const [kind = "", settings = ""] = name.slice(SYNTHETIC.length).split(":");
  const kinds = Object.keys(DRAWN);
  if (!Object.hasOwn(DRAWN, kind))
    throw unknownName("synthetic data set", kind, kinds, `give ${kinds.map((one) => SYNTHETIC + one).join(" or ")}`);
  const options: Record<string, number> = {};
  for (const setting of settings.split(",").filter((text) => text !== "")) {
    const [key = "", value = ""] = setting.split("=");
    if (!(DRAWN_OPTIONS as readonly string[]).includes(key))
      throw unknownName(`setting of synthetic:${kind}`, key, DRAWN_OPTIONS, `give ${DRAWN_OPTIONS.join(", ")}`);
    options[key] = parseCount(value, key === "seed" ? 0 : 1, key);
  }
  return DRAWN[kind as keyof typeof DRAWN](options);
}

function openFolder(folder: string): DataSplit {
  const files = readdirSync(folder);
  if (files.includes(DESCRIPTION)) return readRaw(join(folder, DESCRIPTION));
  const layout = LAYOUTS.find((one) => one.fits(files));
  if (layout !== undefined) return layout.read(folder, files);
  // What `data get` or an archive leaves: one folder inside.
  const inner = files.filter((file) => statSync(join(folder, file)).isDirectory());
  if (inner.length === 1) return openFolder(join(folder, inner[0]!));
  throw new InputError(
    "unknown-data",
    `no data set is recognised in "${folder}"`,
    `it can hold ${LAYOUTS.map(({ name, needs }) => `${name}: ${needs}`).join("; ")}; or a ${DESCRIPTION}`,
  );
}

/** @throws InputError when there is no data set, or it is damaged */
export function openData(name: string): DataSplit {
  if (name.startsWith(SYNTHETIC)) return openSynthetic(name);
  let isFolder: boolean;
  try {
    isFolder = statSync(name).isDirectory();
  } catch (error) {
    const refusal = explainRefusal(error, name, "read");
    if (!(refusal instanceof InputError)) throw refusal;
    const hint = "give a folder, an .npz file or synthetic:digits; `joulecast data get` fetches some";
    throw new InputError(refusal.code, refusal.message, hint);
  }
  if (isFolder) return openFolder(name);
  if (name.endsWith(".npz")) return readArchive(name);
  if (name.endsWith(".json")) return readRaw(name);
  throw new InputError(
    "unknown-data",
    `"${name}" is neither a folder, nor an .npz archive, nor a ${DESCRIPTION}`,
    "give the folder that holds the data set",
  );
}
