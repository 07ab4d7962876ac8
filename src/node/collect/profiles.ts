// Where the profile of a calibrated machine lies: `profiles` in the data folder. The format is predict/collect/calibrate.ts.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ProfileRecord, parseProfile } from "../../predict/collect/calibrate.ts";
import { type Calibration, THIS_MACHINE } from "../../predict/collect/calibrated-metric.ts";
import { InputError } from "../../units/input-error.ts";
import { explainRefusal } from "../files.ts";
import { homePath, prepareHome } from "../store/home.ts";

/** The profile that `--on this-machine` means. Nothing is created. */
export const profilePath = (home: string = homePath()): string => join(home, "profiles", `${THIS_MACHINE}.json`);
/** The samples it was fitted to. */
export const profileSamplesPath = (home: string = homePath()): string =>
  join(home, "profiles", `${THIS_MACHINE}.samples.jsonl`);

/** Creates the folder. @throws InputError "no-home" */
export function prepareProfiles(): void {
  const { home } = prepareHome();
  mkdirSync(join(home, "profiles"), { recursive: true, mode: 0o700 });
}

/** @throws InputError "not-calibrated" when there is none */
export function readProfile(path: string = profilePath()): Calibration & ProfileRecord {
  if (!existsSync(path))
    throw new InputError(
      "not-calibrated",
      `this machine has no profile yet ("${path}" is not there)`,
      "run `joulecast calibrate` (five minutes) or `joulecast calibrate --quick` (one)",
    );
  try {
    return parseProfile(readFileSync(path, "utf8"), path);
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
}
